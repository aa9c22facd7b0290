"""Whether charging before an event is worth it to the customer: what it costs beside what the event pays (R138)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.columns import TelemetryColumns
from ...dispatch.schedule_model import horizon, storage
from ...dispatch.schedule_prepare import prepare
from ...table import Column, Kind, TableSchema
from ...tariff.model import value_on
from .ask import members
from .desk import Called, Desk
from .rows import rows_of

STEP_S = 3600.0
AFTER_EVENT_STEPS = 12
"""The plan looks so many hours past the event, so that what is left in the battery counts."""

PRE_CHARGES = TableSchema(
    name="pre_charges",
    key=("event_id", "enrollment_id"),
    meaning="What charging before an event costs each customer beside what the event pays, and what was decided.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="at", kind=Kind.TIMESTAMP, meaning="when it was decided"),
        Column(name="stored_kwh", kind=Kind.KWH, meaning="held then"),
        Column(name="reached_kwh", kind=Kind.KWH, meaning="expected at the event's start, pre-charged"),
        Column(name="cost_usd", kind=Kind.USD, meaning="what pre-charging adds to the bill"),
        Column(name="pay_usd", kind=Kind.USD, meaning="what the event pays more because of it"),
        Column(name="worth_it", kind=Kind.BOOLEAN, meaning="the cost is not above the pay"),
        Column(name="because", kind=Kind.TEXT, meaning="in words"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retail:
    """What a kilowatt-hour costs and earns at the retail meter, as far as the program knows."""

    import_usd_per_kwh: float
    export_usd_per_kwh: float


def weigh(desk: Desk, called: Called, telemetry: TelemetryColumns, retail: Retail,
          now: datetime) -> tuple[NDArray[np.bool_], pa.Table]:
    """For every device whether pre-charging is worth it, and rows of PRE_CHARGES for those that could.

    The home's load is taken to stay as it was reported last, in steps of an hour; devices that do not report, or
    store nothing, are left out and get no pre-charge.
    """
    program = desk.program
    known = members(desk, called) & program.devices.stores & ~np.isnan(telemetry.stored_kwh)
    known &= ~np.isnan(telemetry.home_net_kw) & ~program.devices.is_ev
    places = np.flatnonzero(known)
    worth = np.zeros(len(program), np.bool_)
    if not len(places):
        return worth, rows_of(PRE_CHARGES, 0, {})
    devices, seen = program.devices.part(places), telemetry.part(places)
    first = max(1, round((called.start_s - now.timestamp()) / STEP_S))
    end = first + max(1, round((called.end_s - called.start_s) / STEP_S))
    steps = end + AFTER_EVENT_STEPS
    floor_kwh = np.minimum(devices.usable_kwh * np.nan_to_num(devices.reserve_customer_pct) / 100, seen.stored_kwh)
    batteries = storage(
        stored_kwh=np.clip(seen.stored_kwh, 0.0, devices.usable_kwh), stored_kwh_max=devices.usable_kwh,
        charge_efficiency=devices.charge_efficiency, discharge_efficiency=devices.discharge_efficiency,
        end_usd_per_kwh=retail.import_usd_per_kwh * devices.discharge_efficiency)
    ahead = horizon(
        import_usd_per_kwh=np.full((1, steps), retail.import_usd_per_kwh),
        export_usd_per_kwh=np.full((1, steps), retail.export_usd_per_kwh),
        charge_kwh_max=np.repeat(devices.charge_max_kw[:, None], steps, axis=1),
        discharge_kwh_max=np.repeat(devices.discharge_max_kw[:, None], steps, axis=1),
        stored_kwh_min=np.repeat(floor_kwh[:, None], steps, axis=1),
        net_load_kwh=np.repeat(seen.home_net_kw[:, None], steps, axis=1))
    found = prepare(batteries, ahead, event=slice(first, end), target_kwh=devices.usable_kwh,
                    pay_usd_per_kwh=_pay_usd_per_kwh(desk, called))
    worth[places] = found.prepares
    return worth, rows_of(PRE_CHARGES, len(places), {
        "event_id": called.event.event_id, "enrollment_id": program.enrollment_id.take(pa.array(places)), "at": now,
        "stored_mwh": _milli(seen.stored_kwh), "reached_mwh": _milli(found.reached_kwh),
        "cost_micro_usd": _milli(found.cost_usd), "pay_micro_usd": _milli(found.pay_more_usd),
        "worth_it": found.prepares, "because": [found.sentence(place) for place in range(len(places))]})


def _pay_usd_per_kwh(desk: Desk, called: Called) -> float:
    """What the service pays for each kilowatt-hour of the event; 0 where it pays in another way."""
    day = desk.program.day(called.event.start)
    payments = desk.program.service(called.rider, called.service).payments
    rates = [value_on(payment.rate_usd_per_kwh, day, day, Decimal()) for payment in payments
             if payment.family == "energy"]
    return float(max(rates, default=Decimal()))


def _milli(quantity: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(quantity * 1e6).astype(np.int64)
