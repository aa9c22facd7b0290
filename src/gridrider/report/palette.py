"""Colours with one meaning everywhere, after Okabe and Ito, darkened to 3:1 or more against white.

Green helped the grid, vermilion went against it, blue is what a meter said, grey is what was expected.
"""

from __future__ import annotations

from ..dispatch.model import Protection
from ..measurement.model import OUTCOMES
from ..settlement.model import COMPONENTS

INK = "#1a1a1a"
RULE = "#595959"
GRID = "#e4e4e4"
BASELINE = "#595959"
METERED = "#0072b2"
DELIVERED = "#008763"
AGAINST = "#c44e00"
SPREAD = "#6b5b95"
"""Bars of a histogram."""

OUTCOME_COLOURS = dict(zip(
    OUTCOMES,
    # performed, missed, opted_out, excused, suspended, unsigned, not_eligible, missing_readings, cancelled
    (DELIVERED, AGAINST, "#b07aa1", "#8a7400", "#5b4b00", "#7b3f00", "#a05195", "#767676", "#404040"),
    strict=True))

COMPONENT_COLOURS = dict(zip(
    COMPONENTS,
    # energy, capacity, bonus, upfront, adder, claw_back, penalty, aggregation_adjustment
    (DELIVERED, "#3b4992", "#8a7400", "#7d7d7d", "#a05195", AGAINST, "#7b1e00", "#404040"),
    strict=True))

PROTECTION_COLOURS: dict[str, str] = {
    # the program and its rules
    Protection.EMERGENCY_STOP: "#1a1a1a", Protection.NOT_IN_FORCE: "#947b6a", Protection.UNSIGNED: "#7b3f00",
    Protection.UNVERIFIED: "#57606a", Protection.MEDICAL: "#7b1e00", Protection.OUTSIDE_EVENT: "#8a8f99",
    # the customer
    Protection.SUSPENDED: "#5b4b00", Protection.OPTED_OUT: "#b07aa1",
    # the home's own safety
    Protection.ISLANDED: "#a65628", Protection.STORM_HOLD: "#3b4992", Protection.STORM_FEED_LOST: "#7a86c8",
    Protection.RESERVE: "#8a7400", Protection.EV_DEPARTURE: "#a05195", Protection.UNPLUGGED: "#d45087",
    Protection.FULL: "#7f6a8c",
    # how often
    Protection.EVENTS_PER_MONTH: "#00788a", Protection.EVENTS_PER_YEAR: "#3f97a5",
    Protection.CYCLES_PER_YEAR: "#005a6e",
    # what nobody knows
    Protection.SILENT: "#595959", Protection.STALE: "#8c8c8c", Protection.CONTRADICTORY: "#404040",
    # what wire and device can carry
    Protection.HIGH_VOLTAGE: "#b03060", Protection.EXPORT_LIMIT: "#5e8fc4", Protection.POWER_LIMIT: "#2d6a8a",
}
"""What held power back; most of them never stand in one chart."""
OTHER = "#767676"
"""What has no colour of its own."""

STORED = "#0072b2"
"""State of charge: what the batteries' own meters said."""

CAP_COLOURS = ("#6795ce", "#3f6db0", "#1c3f7a", AGAINST)
"""Feeders by the part of their cap that is used: under half, under four fifths, more, and a cap that binds."""
NO_CAP = "#8c8c8c"

STORM_COLOURS = {"lock": PROTECTION_COLOURS[Protection.STORM_HOLD], "pre_arm": "#3f97a5",
                 "feed_lost": PROTECTION_COLOURS[Protection.STORM_FEED_LOST]}
