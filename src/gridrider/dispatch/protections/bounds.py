"""How much an event may ask of each device, and which protection says so.

The table of docs/reference/dispatch-rules.md, row by row in its order: the smallest most binds, and of several that say
the same the first. N devices at once; what a bound needs and nobody told makes it zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ..columns import (
    LOCK,
    MILLI_PER_KILO,
    NOISE,
    NOT_TOLD,
    PRE_ARM,
    Codes,
    DeviceColumns,
    Floats,
    Mask,
    Rows,
    StandingColumns,
    TelemetryColumns,
)
from ..model import Connection, Protection
from .contradictory import contradictory
from .rules import ProtectionRules

PROTECTION_CODES: tuple[Protection, ...] = tuple(Protection)
"""The protections in the order in which reasons are told; a code is a position here."""
CODE = {protection: position for position, protection in enumerate(PROTECTION_CODES)}

VOLT_WATT_FROM_PU, VOLT_WATT_TO_PU = 1.06, 1.10
"""Between these the power that is allowed falls from all to none (IEEE 1547-2018, volt-watt, category B)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when an instruction holds, when the device goes back by itself, and the event around it; all aware."""

    start: datetime
    reverts_at: datetime
    event_start: datetime
    event_end: datetime

    def __post_init__(self) -> None:
        if not self.hours > 0:
            raise ValueError(f"an instruction from {self.start} must revert after that, not at {self.reverts_at}")

    @property
    def hours(self) -> float:
        """How long the device may follow the instruction."""
        return (self.reverts_at.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds() / 3600

    @property
    def inside_event(self) -> bool:
        """True if all of it lies in the event, whose end is not part of it."""
        return self.event_start <= self.start and self.reverts_at <= self.event_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Rows):
    """Within what each device may be used: shape (N,), power in whole milliwatts, low <= 0 <= high."""

    delivered_kw_low: Floats
    delivered_kw_high: Floats
    protection: Codes
    """What binds, a position in PROTECTION_CODES."""
    floor_kwh: Floats
    """Below which the device stops giving; NaN where nothing is stored."""
    target_kwh: Floats
    """At which it stops drawing; NaN where nothing is asked of it."""

    def __len__(self) -> int:
        return len(self.protection)


def event_bounds(devices: DeviceColumns, telemetry: TelemetryColumns, standing: StandingColumns,
                 rules: ProtectionRules, *, span: Span, stopped: bool = False) -> Bounds:
    """What an event may ask of each device over a span: any `delivered_kw` from 0 to the bound."""
    with np.errstate(all="ignore"):  # a device may report any nonsense, and then it is asked nothing
        return _event_bounds(devices, telemetry, standing, rules, span, stopped)


def _event_bounds(devices: DeviceColumns, telemetry: TelemetryColumns, standing: StandingColumns,
                  rules: ProtectionRules, span: Span, stopped: bool) -> Bounds:
    count = len(devices)
    kept_kwh = departure_kept_kwh(devices, telemetry, span.reverts_at)
    floor_kwh = whole_up(np.maximum(reserve_kwh(devices, rules), kept_kwh))
    high_kw = np.full(count, np.inf)
    codes = np.full(count, CODE[Protection.POWER_LIMIT], np.int8)
    for protection, most_kw in _ceilings(devices, telemetry, standing, rules, span, stopped, kept_kwh):
        binds = most_kw < high_kw
        np.copyto(high_kw, most_kw, where=binds)
        np.copyto(codes, CODE[protection], where=binds)
    return Bounds(delivered_kw_low=np.zeros(count), delivered_kw_high=high_kw, protection=codes,
                  floor_kwh=np.where(devices.stores, floor_kwh, np.nan), target_kwh=np.full(count, np.nan))


def _ceilings(devices: DeviceColumns, telemetry: TelemetryColumns, standing: StandingColumns, rules: ProtectionRules,
              span: Span, stopped: bool, kept_kwh: Floats) -> Iterator[tuple[Protection, Floats]]:
    """Each protection in the order of the page, with the most that it lets the event ask."""
    count = len(devices)
    stores = devices.stores
    yield Protection.EMERGENCY_STOP, nothing_where(np.full(count, stopped))
    yield Protection.NOT_IN_FORCE, nothing_where(~standing.in_force)
    yield Protection.UNSIGNED, nothing_where(~standing.signed)
    yield Protection.UNVERIFIED, nothing_where(~devices.verified & (not rules.unverified_included))
    yield Protection.MEDICAL, nothing_where(standing.medical & rules.medical_excluded)
    yield Protection.SUSPENDED, nothing_where(standing.suspended)
    yield Protection.OPTED_OUT, nothing_where(standing.opted_out)
    yield Protection.ISLANDED, nothing_where(~np.isin(telemetry.connection, (Connection.GRID_TIED, NOT_TOLD)))
    yield Protection.STORM_HOLD, nothing_where(standing.storm_status >= (PRE_ARM if rules.pre_arm_holds else LOCK))
    yield Protection.STORM_FEED_LOST, nothing_where(standing.storm_feed_lost)
    yield Protection.EVENTS_PER_MONTH, nothing_where(~(standing.events_month < rules.events_per_month_max))
    yield Protection.EVENTS_PER_YEAR, nothing_where(~(standing.events_year < rules.events_per_year_max))
    if np.isfinite(rules.cycles_per_year_max):
        left_kwh = rules.cycles_per_year_max * devices.usable_kwh - standing.called_kwh_year
        yield Protection.CYCLES_PER_YEAR, whole_down(np.where(stores, left_kwh / span.hours, np.inf))
    yield Protection.OUTSIDE_EVENT, nothing_where(np.full(count, not span.inside_event))
    yield Protection.SILENT, nothing_where(silent(devices, telemetry))
    yield Protection.STALE, nothing_where(~((telemetry.age_s >= 0) & (telemetry.age_s <= rules.telemetry_s_max)))
    yield Protection.CONTRADICTORY, nothing_where(contradictory(devices, telemetry))
    yield Protection.UNPLUGGED, nothing_where(away(devices, telemetry))
    above_kw = _above_kw(devices, telemetry, whole_up(kept_kwh), span)
    yield Protection.EV_DEPARTURE, whole_down(np.where(stores & has_trip(telemetry), above_kw, np.inf))
    above_kw = _above_kw(devices, telemetry, whole_up(reserve_kwh(devices, rules)), span)
    yield Protection.RESERVE, whole_down(np.where(stores, above_kw, np.inf))
    yield Protection.HIGH_VOLTAGE, whole_down(np.where(stores, volt_watt_kw(devices, telemetry), np.inf))
    limited = stores & ~np.isnan(devices.export_max_kw)
    yield Protection.EXPORT_LIMIT, whole_down(np.where(limited, devices.export_max_kw + telemetry.home_net_kw, np.inf))
    yield Protection.POWER_LIMIT, whole_down(devices.discharge_max_kw)


def nothing_where(refused: Mask) -> Floats:
    """No power where it is refused, and no bound elsewhere. [kW]"""
    return np.where(refused, 0.0, np.inf)


def silent(devices: DeviceColumns, telemetry: TelemetryColumns) -> Mask:
    """True where telemetry lacks what a bound of the device needs."""
    exports = ~np.isnan(devices.export_max_kw)
    lacks = np.isnan(telemetry.stored_kwh) | exports & np.isnan(telemetry.home_net_kw)
    never: Mask = np.isnan(telemetry.age_s) | (telemetry.connection == NOT_TOLD)
    return never | devices.stores & lacks


def reserve_kwh(devices: DeviceColumns, rules: ProtectionRules) -> Floats:
    """Energy kept for the home. [kWh]"""
    return devices.usable_kwh * reserve_pct(devices, rules) / 100


def reserve_pct(devices: DeviceColumns, rules: ProtectionRules) -> Floats:
    """The largest of the rider's, the customer's and the device's own reserve; blank is none. [% of usable energy]"""
    own_pct = np.fmax(devices.reserve_customer_pct, devices.reserve_device_pct)
    return np.fmax(own_pct, rules.reserve_pct_min)


def away(devices: DeviceColumns, telemetry: TelemetryColumns) -> Mask:
    """True for a device that is not known to be at its charger, where it can be elsewhere."""
    not_told: Mask = telemetry.plugged == NOT_TOLD
    return np.equal(telemetry.plugged, 0) | devices.is_ev & not_told


def has_trip(telemetry: TelemetryColumns) -> Mask:
    """True where a trip is told, if only by its time or its energy."""
    return ~np.isnan(telemetry.departs_at_s) | ~np.isnan(telemetry.departure_kwh)


def departure_kept_kwh(devices: DeviceColumns, telemetry: TelemetryColumns, reverts_at: datetime) -> Floats:
    """What a vehicle must keep, because it cannot be charged again before it leaves; 0 without a trip. [kWh]

    Of a trip of which only one of time and energy is told, the other is the worst: at once, or all that it holds.
    """
    hours = np.fmax(telemetry.departs_at_s - reverts_at.timestamp(), 0.0) / 3600
    needed_kwh = np.where(np.isnan(telemetry.departure_kwh), devices.usable_kwh, telemetry.departure_kwh)
    kept_kwh = np.maximum(needed_kwh - devices.charge_max_kw * devices.charge_efficiency * hours, 0.0)
    return np.where(devices.stores & has_trip(telemetry), kept_kwh, 0.0)


def volt_watt_kw(devices: DeviceColumns, telemetry: TelemetryColumns) -> Floats:
    """What the voltage lets a device give: all up to 1.06 pu, none from 1.10 on; infinity where it is not told. [kW]"""
    share = (VOLT_WATT_TO_PU - telemetry.voltage_pu) / (VOLT_WATT_TO_PU - VOLT_WATT_FROM_PU)
    free = np.isnan(telemetry.voltage_pu) | (telemetry.voltage_pu <= VOLT_WATT_FROM_PU)
    return np.where(free, np.inf, devices.discharge_max_kw * share)


def whole_down(power_kw: Floats) -> Floats:
    """Power rounded down to whole milliwatts; below zero, and what is no number, is zero. [kW]"""
    positive_kw = np.where(power_kw > 0, power_kw, 0.0)
    return np.floor(positive_kw * MILLI_PER_KILO + NOISE) / MILLI_PER_KILO


def whole_up(energy_kwh: Floats) -> Floats:
    """Energy rounded up to whole milliwatt-hours. [kWh]"""
    return np.ceil(energy_kwh * MILLI_PER_KILO - NOISE) / MILLI_PER_KILO


def _above_kw(devices: DeviceColumns, telemetry: TelemetryColumns, kept_kwh: Floats, span: Span) -> Floats:
    """The power at which a device comes down to an energy at the end of the span, and not before. [kW]"""
    return (telemetry.stored_kwh - kept_kwh) * devices.discharge_efficiency / span.hours
