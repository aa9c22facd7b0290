"""Instructions for the customer's own good: charging before a storm, before a departure, and before an event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import NONE, StandingColumns, TelemetryColumns
from ...dispatch.model import STORM_CHARGES, Origin, Protection
from ...dispatch.protections.bounds import CODE
from ...dispatch.protections.own_good import own_good_bounds
from ...event.storm_charge import storm_charge_plan
from .ask import members, standing
from .desk import Called, Desk
from .instruct import Decision, instructions
from .rows import rows_of

Mask = NDArray[np.bool_]
SPREAD_SEED = 1
"""Only which home begins when hangs on it."""
KEEP_CHARGING = timedelta(hours=1)
"""How long an instruction to charge holds before it must be said again."""
DEPARTURE_MARGIN_S = 900.0


def storm_charges(desk: Desk, telemetry: TelemetryColumns, now: datetime) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Rows of INSTRUCTIONS and STORM_CHARGES for who is to be charged before a storm and is not yet."""
    program, held = desk.program, desk.held
    for rider in dict.fromkeys(program.riders) if (desk.storm_status > NONE).any() else ():
        storm = program.rider(rider).protections
        if storm is None or storm.storm is None:
            continue
        places = np.flatnonzero((desk.storm_status > NONE) & program.of_rider(rider))
        if not len(places):
            continue
        rules = program.rules(rider, next(iter(program.rider(rider).services)), program.day(now))
        devices, seen = program.devices.part(places), telemetry.part(places)
        bounds = own_good_bounds(Origin.STORM_CHARGE, devices, seen, _plain_standing(desk).part(places), rules)
        full = bounds.protection == CODE[Protection.FULL]
        may = (bounds.delivered_kw_low < 0) | full  # a full battery is kept full
        planned = desk.storm_charge_from[places]
        plan = storm_charge_plan(
            site_id=np.array(devices.enrollment_id.to_pylist(), dtype=np.str_), stored_kwh=seen.stored_kwh,
            usable_kwh=devices.usable_kwh, charge_kw_max=devices.charge_max_kw, efficiency=devices.charge_efficiency,
            now=np.datetime64(now.astimezone(UTC).replace(tzinfo=None)), onset=desk.storm_onset[places],
            target_pct=rules.charge_to_pct, seed=SPREAD_SEED, planned_start=planned)
        new = may & np.isnat(planned)
        due = may & (plan.start <= np.datetime64(now.astimezone(UTC).replace(tzinfo=None)))
        lapses = held.reverts_s[places] < now.timestamp() + 2 * program.tick_s
        start = due & (~held.of(Origin.STORM_CHARGE, now.timestamp())[places] | lapses)
        until = now + KEEP_CHARGING
        target_kwh = devices.usable_kwh * min(rules.charge_to_pct, 100.0) / 100
        yield instructions(desk, Decision(
            device=places[start], origin=Origin.STORM_CHARGE, end=until, reverts_at=until,
            clause=rules.charge_to_clause,
            reason=[f"storm watch: {alert}" for alert in desk.storm_alert[places[start]]],
            delivered_kw=bounds.delivered_kw_low[start], target_kwh=target_kwh[start], floor_kwh=target_kwh[start]),
            now), _charge_rows(desk, places[new], plan.start[new], now, {
                "stored_pct": 100 * seen.stored_kwh[new] / devices.usable_kwh[new],
                "expected_pct": plan.expected_soc_pct_at_onset[new], "target_pct": rules.charge_to_pct})


def _charge_rows(desk: Desk, places: NDArray[np.int64], start: NDArray[np.datetime64], now: datetime,
                 shares: dict[str, object]) -> pa.Table:
    alerts = [str(alert) for alert in desk.storm_alert[places]]
    return rows_of(STORM_CHARGES, len(places), {
        "enrollment_id": desk.program.enrollment_id.take(pa.array(places)), "alert": alerts,
        "product": [alert.split(".", 1)[1].rsplit(".", 2)[0] if alert.count(".") > 2 else "" for alert in alerts],
        "status": np.where(desk.storm_status[places] == 2, "lock", "pre_arm").astype(object), "decided_at": now,
        "charge_from": start, "onset": desk.storm_onset[places], **shares})


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
        bounds = own_good_bounds(Origin.EV_DEPARTURE, devices, seen, _plain_standing(desk).part(places), rules)
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


def _plain_standing(desk: Desk) -> StandingColumns:
    """What concerns a device outside of any event."""
    return replace(StandingColumns.ordinary(len(desk.program)), suspended=desk.suspended,
                   storm_opt_out=desk.program.storm_opt_out, storm_status=desk.storm_status)
