"""Charging before a storm: who begins when, who waits for a running event to end, and how full each will be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import NONE, PRE_ARM, DeviceColumns, TelemetryColumns
from ...dispatch.model import INSTRUCTIONS, STORM_CHARGES, Origin, Protection
from ...dispatch.protections.bounds import CODE, Bounds
from ...dispatch.protections.own_good import own_good_bounds
from ...dispatch.protections.rules import ProtectionRules
from ...event.storm_charge import StormCharge, storm_charge_plan
from ...table import TableSchema
from .ask import members
from .desk import Desk
from .instruct import Decision, instructions
from .rows import rows_of

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
SPREAD_SEED = 1
"""Only which home begins when hangs on it."""
KEEP_CHARGING = timedelta(hours=1)
"""How long an instruction to charge holds before it must be said again."""
MARGIN_S = 1800.0
"""So long before the onset a battery is to be full again after an event in a watch."""


def storm_charges(desk: Desk, telemetry: TelemetryColumns, now: datetime) -> Iterator[tuple[TableSchema, pa.Table]]:
    """Rows of INSTRUCTIONS and of STORM_CHARGES for who is to be charged before a storm and is not yet."""
    program = desk.program
    for rider in dict.fromkeys(program.riders) if (desk.storm_status > NONE).any() else ():
        protections = program.rider(rider).protections
        places = np.flatnonzero((desk.storm_status > NONE) & program.of_rider(rider))
        if protections is None or protections.storm is None or not len(places):
            continue
        rules = program.rules(rider, next(iter(program.rider(rider).services)), program.day(now))
        devices, seen = program.devices.part(places), telemetry.part(places)
        bounds = own_good_bounds(Origin.STORM_CHARGE, devices, seen, desk.plain_standing().part(places), rules)
        plan = _plan(desk, places, devices, seen, rules, now)
        start, until_s = _starting(desk, places, devices, bounds, plan, rules, now)
        for end_s in np.unique(until_s[start]):
            some = start & (until_s == end_s)
            until = datetime.fromtimestamp(end_s, UTC)
            yield INSTRUCTIONS, _charge(desk, places, devices, bounds, rules, some, until, now)
        new = np.isnat(desk.storm_charge_from[places]) & _may(bounds)
        yield STORM_CHARGES, _told(desk, places[new], devices.part(new), seen.part(new), plan, new, rules, now)


def _may(bounds: Bounds) -> Mask:
    """Who may be charged, or kept full."""
    return np.asarray((bounds.delivered_kw_low < 0) | (bounds.protection == CODE[Protection.FULL]))


def _plan(desk: Desk, places: Places, devices: DeviceColumns, seen: TelemetryColumns, rules: ProtectionRules,
          now: datetime) -> StormCharge:
    return storm_charge_plan(
        site_id=np.array(devices.enrollment_id.to_pylist(), dtype=np.str_), stored_kwh=seen.stored_kwh,
        usable_kwh=devices.usable_kwh, charge_kw_max=devices.charge_max_kw, efficiency=devices.charge_efficiency,
        now=_naive(now), onset=desk.storm_onset[places], target_pct=rules.charge_to_pct, seed=SPREAD_SEED,
        planned_start=desk.storm_charge_from[places])


def _starting(desk: Desk, places: Places, devices: DeviceColumns, bounds: Bounds, plan: StormCharge,
              rules: ProtectionRules, now: datetime) -> tuple[Mask, NDArray[np.float64]]:
    """Who is told to charge now, and until when in Unix seconds: at most to the start of an event it may serve."""
    held, now_s = desk.held, now.timestamp()
    due = _may(bounds) & (plan.start <= _naive(now))
    lapses = held.reverts_s[places] < now_s + 2 * desk.program.tick_s
    start = due & (~held.of(Origin.STORM_CHARGE, now_s)[places] | lapses)
    until_s = np.full(len(places), (now + KEEP_CHARGING).timestamp())
    for called in desk.called:
        if called.closed or called.end_s <= now_s:
            continue
        serves = members(desk, called)[places] & ~called.opted_out[places]
        serves &= full_again(desk, places, devices, rules, called.end_s)
        if called.start_s <= now_s:
            start &= ~serves
        else:
            until_s = np.where(serves, np.minimum(until_s, called.start_s), until_s)
    return start & (until_s > now_s), until_s


def full_again(desk: Desk, places: Places, devices: DeviceColumns, rules: ProtectionRules, end_s: float) -> Mask:
    """Who, in a watch, can be charged from empty between an event's end and the storm's onset."""
    onset_s = desk.storm_onset[places].astype("datetime64[us]").astype(np.int64) / 1e6
    known = ~np.isnat(desk.storm_onset[places])
    with np.errstate(divide="ignore", invalid="ignore"):
        needed_s = 3600 * devices.usable_kwh * rules.charge_to_pct / 100 / (
            devices.charge_max_kw * devices.charge_efficiency)
    return np.asarray((desk.storm_status[places] == PRE_ARM) & known & (end_s + needed_s + MARGIN_S <= onset_s))


def _charge(desk: Desk, places: Places, devices: DeviceColumns, bounds: Bounds, rules: ProtectionRules, some: Mask,
            until: datetime, now: datetime) -> pa.Table:
    target_kwh = devices.usable_kwh * min(rules.charge_to_pct, 100.0) / 100
    return instructions(desk, Decision(
        device=places[some], origin=Origin.STORM_CHARGE, end=until, reverts_at=until, clause=rules.charge_to_clause,
        reason=[f"storm watch: {alert}" for alert in desk.storm_alert[places[some]]],
        delivered_kw=bounds.delivered_kw_low[some], target_kwh=target_kwh[some], floor_kwh=target_kwh[some]), now)


def _told(desk: Desk, places: Places, devices: DeviceColumns, seen: TelemetryColumns, plan: StormCharge, new: Mask,
          rules: ProtectionRules, now: datetime) -> pa.Table:
    alerts = [str(alert) for alert in desk.storm_alert[places]]
    return rows_of(STORM_CHARGES, len(places), {
        "enrollment_id": devices.enrollment_id, "alert": alerts,
        "product": [alert.split(".", 1)[1].rsplit(".", 2)[0] if alert.count(".") > 2 else "" for alert in alerts],
        "status": np.where(desk.storm_status[places] == PRE_ARM, "pre_arm", "lock").astype(object), "decided_at": now,
        "charge_from": plan.start[new], "onset": desk.storm_onset[places],
        "stored_pct": 100 * seen.stored_kwh / devices.usable_kwh,
        "expected_pct": plan.expected_soc_pct_at_onset[new], "target_pct": rules.charge_to_pct})


def _naive(now: datetime) -> np.datetime64:
    return np.datetime64(now.astimezone(UTC).replace(tzinfo=None))
