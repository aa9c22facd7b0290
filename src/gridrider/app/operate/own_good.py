"""Instructions for the customer's own good: charging before a storm, before a departure, and before an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import TelemetryColumns
from ...dispatch.model import Origin
from ...dispatch.protections.own_good import own_good_bounds
from .ask import members, standing
from .desk import Called, Desk
from .instruct import Decision, instructions

Mask = NDArray[np.bool_]
KEEP_CHARGING = timedelta(hours=1)
"""How long an instruction to charge holds before it must be said again."""
DEPARTURE_MARGIN_S = 900.0


def departure_charges(desk: Desk, telemetry: TelemetryColumns, now: datetime, taken: Mask) -> Iterator[pa.Table]:
    """Rows of INSTRUCTIONS for vehicles that must charge now to leave with what they need.

    `taken` are vehicles that another instruction goes to now; one that is charged for a storm is charged already.
    """
    program, now_s = desk.program, now.timestamp()
    for rider in dict.fromkeys(program.riders) if program.devices.is_ev.any() else ():
        places = np.flatnonzero(program.devices.is_ev & program.of_rider(rider))
        if not len(places):
            continue
        rules = program.rules(rider, next(iter(program.rider(rider).services)), program.day(now))
        devices, seen = program.devices.part(places), telemetry.part(places)
        bounds = own_good_bounds(Origin.EV_DEPARTURE, devices, seen, desk.plain_standing().part(places), rules)
        with np.errstate(all="ignore"):
            rate_kw = devices.charge_max_kw * devices.charge_efficiency
            needed_s = 3600 * (seen.departure_kwh - seen.stored_kwh) / rate_kw
            urgent = seen.departs_at_s - now_s <= needed_s + DEPARTURE_MARGIN_S + program.tick_s
        charges = desk.held.of(Origin.EV_DEPARTURE, now_s) | desk.held.of(Origin.STORM_CHARGE, now_s) | taken
        start = (bounds.delivered_kw_low < 0) & urgent & ~charges[places]
        until = now + KEEP_CHARGING
        if start.any():
            yield instructions(desk, Decision(
                device=places[start], origin=Origin.EV_DEPARTURE, end=until, reverts_at=until, clause="",
                reason="the vehicle leaves soon and needs its energy", delivered_kw=bounds.delivered_kw_low[start],
                target_kwh=bounds.target_kwh[start]), now)


def pre_charges(desk: Desk, called: Called, telemetry: TelemetryColumns, worth_it: Mask, now: datetime) -> pa.Table:
    """Rows of INSTRUCTIONS that keep batteries full for an event that was called, where that is worth it.

    `worth_it` says of each device whether the cost is not above what the event pays (R138).
    """
    program = desk.program
    rules = program.rules(called.rider, called.service, program.day(called.event.start))
    bounds = own_good_bounds(Origin.PRE_CHARGE, program.devices, telemetry, standing(desk, called, now), rules)
    wanted = rules.pre_charge == "always" or (worth_it if rules.pre_charge == "if_worth_it" else False)
    may = members(desk, called) & wanted & program.devices.stores & ~np.isnan(bounds.floor_kwh)
    may &= ~called.opted_out & ~desk.held.bound(now.timestamp())
    places = np.flatnonzero(may)
    return instructions(desk, Decision(
        device=places, origin=Origin.PRE_CHARGE, end=called.event.start, reverts_at=called.event.start,
        reason="an event is scheduled: the battery keeps what it holds and charges from the sun",
        clause=rules.pre_charge_clause, floor_kwh=bounds.floor_kwh[places], target_kwh=bounds.target_kwh[places],
        event_id=called.event.event_id), now)
