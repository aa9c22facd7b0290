"""How far a device may be charged for its customer's own good: before a storm, a departure, or an event.

No event bounds these instructions, and none of them goes to a home that is not known to be tied to the grid, where the
customer is in control (docs/reference/dispatch-rules.md, "Instructions that are not the event's").
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..columns import NOT_TOLD, DeviceColumns, Floats, Mask, StandingColumns, TelemetryColumns
from ..model import Connection, Origin, Protection
from .bounds import CODE, Bounds, away, whole_down, whole_up
from .rules import ProtectionRules


def own_good_bounds(origin: Origin, devices: DeviceColumns, telemetry: TelemetryColumns, standing: StandingColumns,
                    rules: ProtectionRules) -> Bounds:
    """What each device may be asked to draw: from `delivered_kw_low` (< 0) to 0, until it holds `target_kwh`.

    A pre-charge keeps what is stored as `floor_kwh`; whether it is worth its cost is for the caller to say. Raises
    ValueError for an origin that is not one of the three.
    """
    target_kwh = _target_kwh(origin, devices, telemetry, rules)
    forbidden = origin is Origin.PRE_CHARGE and rules.pre_charge == "never"
    most_kw = np.where(devices.stores & (not forbidden), whole_down(devices.charge_max_kw), 0.0)
    codes = np.full(len(devices), CODE[Protection.POWER_LIMIT], np.int8)
    for protection, held in _refusals(origin, devices, telemetry, standing, rules, target_kwh):
        binds = held & (most_kw > 0)
        np.copyto(most_kw, 0.0, where=binds)
        np.copyto(codes, CODE[protection], where=binds)
    may = most_kw > 0
    keeps = (may | (codes == CODE[Protection.FULL])) & (origin is Origin.PRE_CHARGE)
    return Bounds(delivered_kw_low=0.0 - most_kw, delivered_kw_high=np.zeros(len(devices)), protection=codes,
                  floor_kwh=np.where(keeps, telemetry.stored_kwh, np.nan),
                  target_kwh=np.where(may, target_kwh, np.nan))


def _target_kwh(origin: Origin, devices: DeviceColumns, telemetry: TelemetryColumns, rules: ProtectionRules) -> Floats:
    if origin is Origin.STORM_CHARGE:
        return whole_up(devices.usable_kwh * min(rules.charge_to_pct, 100.0) / 100)
    if origin is Origin.EV_DEPARTURE:
        return np.minimum(telemetry.departure_kwh, devices.usable_kwh)
    if origin is Origin.PRE_CHARGE:
        return devices.usable_kwh
    raise ValueError(f"an instruction of {origin} charges nothing; only storm_charge, ev_departure and pre_charge do")


def _refusals(origin: Origin, devices: DeviceColumns, telemetry: TelemetryColumns, standing: StandingColumns,
              rules: ProtectionRules, target_kwh: Floats) -> Iterator[tuple[Protection, Mask]]:
    """Where the device may not be charged, in the order in which the reasons are told."""
    if origin is Origin.PRE_CHARGE:
        yield Protection.UNSIGNED, ~standing.signed
        yield Protection.UNVERIFIED, ~devices.verified & (not rules.unverified_included)
        yield Protection.SUSPENDED, standing.suspended
        yield Protection.OPTED_OUT, standing.opted_out
    if origin is Origin.STORM_CHARGE:
        yield Protection.OPTED_OUT, standing.storm_opt_out
    yield Protection.ISLANDED, ~np.isin(telemetry.connection, (Connection.GRID_TIED, NOT_TOLD))
    yield Protection.SILENT, (telemetry.connection == NOT_TOLD) | np.isnan(telemetry.stored_kwh)
    yield Protection.UNPLUGGED, away(devices, telemetry)
    yield Protection.FULL, ~(telemetry.stored_kwh < target_kwh)
