"""The tables of an emergency plan: who goes where, and what each site gets step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ..table import Kind, TableSchema
from .assign_model import ASSIGNMENTS, SITE_SUPPLY, EmergencyOrder, EmergencyPlan, Floats, Sites, Vehicles

ARROW = {Kind.TEXT: pa.string(), Kind.INTEGER: pa.int64(), Kind.KWH: pa.int64(), Kind.HOURS: pa.int64(),
         Kind.TIMESTAMP: pa.timestamp("us"), Kind.FACTOR: pa.decimal128(38, 12)}


def assignments_table(event_id: str, plan: EmergencyPlan, vehicles: Vehicles, sites: Sites, order: EmergencyOrder,
                      start: datetime) -> pa.Table:
    """Rows of ASSIGNMENTS, one for each vehicle; `start` is the order's, aware. Energy is rounded toward zero."""
    rows, there = range(len(vehicles)), plan.reach
    sent = [int(site) if site >= 0 else None for site in plan.site]

    def of_site(figures: Floats) -> list[float | None]:
        return [None if site is None else float(figures[row, site]) for row, site in zip(rows, sent, strict=True)]

    return filled(ASSIGNMENTS, {
        "event_id": [event_id] * len(vehicles), "vehicle_id": vehicles.vehicle_ids,
        "site_id": [None if site is None else sites.site_ids[site] for site in sent],
        "reason": [str(reason) or None for reason in plan.spared],
        "drive_km": [metres(km) for km in of_site(there.drive_km)],
        "back_km": [metres(km) for km in of_site(there.back_km)],
        "arrives_at": [None if hours is None else instant(start, hours) for hours in of_site(there.arrival_h)],
        "gives_max_kwh": [None if kwh is None else whole(kwh) for kwh in of_site(there.gives_kwh)],
        "given_kwh": [whole(kwh) for kwh in plan.given_kwh.sum(axis=1)],
        "supply_h": ((plan.given_kwh > 0).sum(axis=1) * round(order.step_h * 3600)).tolist()})


def site_supply_table(event_id: str, plan: EmergencyPlan, sites: Sites, order: EmergencyOrder,
                      start: datetime) -> pa.Table:
    """Rows of SITE_SUPPLY, one for each site and step; `start` is the order's, aware. Energy is rounded toward zero."""
    count, steps = sites.critical_load_kw.shape
    seconds, needed = round(order.step_h * 3600), sites.critical_load_kw > 0
    at_site = np.array([plan.site == site for site in range(count)]).reshape(count, len(plan.site))
    return filled(SITE_SUPPLY, {
        "event_id": [event_id] * (count * steps),
        "site_id": np.repeat(sites.site_ids, steps).tolist(),
        "kind": np.repeat([str(kind) for kind in sites.kinds], steps).tolist(),
        "start": [instant(start, step * order.step_h) for step in range(steps)] * count,
        "needed_h": (needed.ravel() * seconds).tolist(),
        "critical_kwh": [whole(kwh) for kwh in (sites.critical_load_kw * order.step_h).ravel()],
        "vehicles": (at_site.astype(np.int64) @ (plan.given_kwh > 0).astype(np.int64)).ravel().tolist(),
        "given_kwh": [whole(kwh) for kwh in (at_site.astype(np.float64) @ plan.given_kwh).ravel()],
        "own_kwh": [whole(kwh) for kwh in plan.own_given_kwh.ravel()],
        "supply_h": (plan.covered.ravel() * seconds).tolist(),
        "reason": [None if reason is None else str(reason) for site in plan.uncovered for reason in site]})


def filled(schema: TableSchema, columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """The columns as the schema keeps them inside, in its order."""
    return pa.table({column.inside_name: pa.array(columns[column.name], ARROW[column.kind])
                     for column in schema.columns})


def whole(energy_kwh: float) -> int:
    """Whole milliwatt-hours; what rounding noise holds just below a number counts as that number."""
    return int(energy_kwh * 1e6 + 1e-3)


def metres(distance_km: float | None) -> Decimal | None:
    """A distance in km, to the metre."""
    return None if distance_km is None else Decimal(round(distance_km * 1000)).scaleb(-3)


def instant(start: datetime, hours: float) -> datetime:
    """So many hours later, in UTC and without a zone, as tables keep instants."""
    return (start + timedelta(seconds=round(hours * 3600))).astimezone(UTC).replace(tzinfo=None)
