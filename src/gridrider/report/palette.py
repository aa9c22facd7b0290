"""Colours with one meaning everywhere, after Okabe and Ito, darkened to 3:1 or more against white.

Green helped the grid, vermilion went against it, blue is what a meter said, grey is what was expected.
"""

from __future__ import annotations

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
