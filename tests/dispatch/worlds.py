"""One home, ordinary in every way, of which a test changes only what it is about; and many homes drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from gridrider.dispatch.columns import DeviceColumns, StandingColumns, TelemetryColumns
from gridrider.dispatch.model import Connection, Protection
from gridrider.dispatch.protections.bounds import PROTECTION_CODES, Bounds, Span, event_bounds
from gridrider.dispatch.protections.reasons import Facts, reasons
from gridrider.dispatch.protections.rules import ProtectionRules, house_clause

START = datetime(2027, 7, 6, 20, tzinfo=UTC)
BLANK = float("nan")
TECHNOLOGIES = ("battery", "ev", "thermostat", "water_heater", "other")

RULES = ProtectionRules(
    reserve_pct_min=20.0, events_per_month_max=8.0, events_per_year_max=60.0, cycles_per_year_max=50.0,
    telemetry_s_max=900.0, charge_to_pct=100.0, pre_arm_holds=False, medical_excluded=True, unverified_included=False,
    pre_charge="if_worth_it", charge_to_clause="Leaf 12 (b)", pre_charge_clause="Leaf 12 (c)",
    clauses={protection: house_clause(protection) for protection in Protection} | {Protection.RESERVE: "Leaf 12 (a)"})

SPAN = Span(start=START, reverts_at=START + timedelta(minutes=15), event_start=START,
            event_end=START + timedelta(hours=3))
"""A quarter of an hour, in which a kW is a quarter of a kWh."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Devices with all that is known of them, the rules and the span: what a bound is made of."""

    devices: DeviceColumns
    telemetry: TelemetryColumns
    standing: StandingColumns
    rules: ProtectionRules = RULES
    span: Span = SPAN
    stopped: bool = False

    def but(self, **changes: Any) -> World:
        """The same with some columns or rules changed, by their names; a single number holds for every device."""
        changed: dict[str, Any] = {name: changes.pop(name) for name in ("rules", "span", "stopped") if name in changes}
        for part in ("devices", "telemetry", "standing", "rules", "span"):
            record = changed.get(part, getattr(self, part))
            own = {field.name: changes.pop(field.name) for field in fields(record) if field.name in changes}
            if part in ("devices", "telemetry", "standing"):
                own = {name: np.broadcast_to(np.asarray(column, getattr(record, name).dtype), len(self.devices)).copy()
                       for name, column in own.items()}
            changed[part] = replace(record, **own)
        assert not changes, f"there is no {sorted(changes)}"
        return replace(self, **changed)

    @property
    def bounds(self) -> Bounds:
        """What the event may ask of each."""
        return event_bounds(self.devices, self.telemetry, self.standing, self.rules, span=self.span,
                            stopped=self.stopped)

    @property
    def facts(self) -> Facts:
        """All of it with the bounds."""
        return Facts(devices=self.devices, telemetry=self.telemetry, standing=self.standing, rules=self.rules,
                     bounds=self.bounds)

    @property
    def most_kw(self) -> float:
        """The most that may be asked of the first device."""
        return float(self.bounds.delivered_kw_high[0])

    @property
    def protection(self) -> Protection:
        """What binds the first device."""
        return PROTECTION_CODES[int(self.bounds.protection[0])]

    @property
    def reason(self) -> str:
        """Why, in words."""
        return str(reasons(self.facts, np.array([0]))[0])


def homes(count: int, technology: str = "battery") -> World:
    """Homes with 5 kW and 13.5 kWh, full, without losses, reported a minute ago, at nominal voltage."""
    ones, none = np.ones(count), np.zeros(count)
    devices = DeviceColumns(
        enrollment_id=pa.array([f"E{number}" for number in range(count)], pa.string()),
        technology=np.full(count, TECHNOLOGIES.index(technology), np.int8), discharge_max_kw=5 * ones,
        charge_max_kw=5 * ones, usable_kwh=13.5 * ones, charge_efficiency=ones, discharge_efficiency=ones,
        reserve_customer_pct=none, reserve_device_pct=none, export_max_kw=BLANK * ones,
        verified=np.ones(count, np.bool_))
    telemetry = replace(TelemetryColumns.silent(count), age_s=60 * ones, stored_kwh=13.5 * ones, delivered_kw=none,
                        home_net_kw=ones, voltage_pu=ones, connection=np.full(count, Connection.GRID_TIED, np.int8),
                        plugged=np.full(count, 1 if technology == "ev" else -1, np.int8))
    return World(devices=devices, telemetry=telemetry, standing=StandingColumns.ordinary(count))


def random_homes(count: int, seed: int) -> World:
    """Homes of every kind in every state, on coarse decimal grids so that an oracle can reckon exactly."""
    rng = np.random.default_rng(seed)

    def some(*choices: float) -> Any:
        return rng.choice(np.array(choices), count)

    def rarely(share: float) -> Any:
        return rng.random(count) < share

    world = homes(count)
    usable_kwh = some(10.0, 13.5, 27.0, 60.0)
    ages = some(0, 60, 300, 899, 900, 901)
    return world.but(
        technology=some(0, 0, 0, 1, 1, 2, 3, 4), discharge_max_kw=some(3.3, 5.0, 7.6), usable_kwh=usable_kwh,
        charge_max_kw=some(3.3, 5.0, 11.0), charge_efficiency=some(1.0, 0.95, 0.9),
        discharge_efficiency=some(1.0, 0.95, 0.9), reserve_customer_pct=some(0, 20, 30, 70, BLANK),
        reserve_device_pct=some(0, 5, 25, BLANK), export_max_kw=some(0.0, 2.5, 5.0, BLANK, BLANK, BLANK),
        verified=~rarely(0.02), age_s=np.where(rarely(0.02), BLANK, ages),
        stored_kwh=np.where(rarely(0.02), BLANK, np.round(usable_kwh * some(-0.02, 0.1, 0.2, 0.25, 0.5, 1, 1.02), 2)),
        delivered_kw=some(0.0, 0.0, 1.0, -2.0, 6.0, BLANK), home_net_kw=some(-4.0, -1.5, 0.7, 3.0, BLANK),
        voltage_pu=some(0.98, 1.0, 1.06, 1.07, 1.099, 1.1, 1.2, BLANK), connection=some(*[0] * 20, 1, 2, 3, -1),
        plugged=some(1, 1, 1, 1, 1, 1, 0, -1),
        departs_at_s=START.timestamp() + some(BLANK, BLANK, BLANK, -600, 600, 3600, 36000),
        departure_kwh=some(BLANK, BLANK, BLANK, 0.0, 5.0, 20.0, 40.0),
        previous_age_s=ages + some(BLANK, 300, 900, 1800, 1801),
        previous_stored_kwh=np.round(usable_kwh * some(0.1, 0.2, 0.25, 0.5, 0.98, BLANK), 2),
        in_force=~rarely(0.02), signed=~rarely(0.02), medical=rarely(0.03), suspended=rarely(0.02),
        opted_out=rarely(0.03), storm_status=some(*[0] * 10, 1, 2), storm_feed_lost=rarely(0.02),
        events_month=some(0, 3, 7, 8), events_year=some(0, 59, 60, 10),
        called_kwh_year=np.round(usable_kwh * some(0, 10, 49.6, 49.9, 50, 51), 2))
