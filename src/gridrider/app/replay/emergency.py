"""A declared emergency of a season: which vehicles are sent where, and the audit of the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from ...dispatch.assign import assign
from ...dispatch.assign_model import EmergencyOrder, EmergencyPlan, SiteKind, Sites, Vehicles
from ...dispatch.assign_tables import assignments_table, site_supply_table
from ...dispatch.columns import TelemetryColumns
from ...report.fleet_audit import AuditRule, FleetFinding, FleetVehicle, audit_fleet
from ..operate.desk import Desk
from .season import Emergency, Season
from .world import World

HOUR_S = 3600.0
KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyDone:
    """An emergency as it was answered."""

    event_id: str
    plan: EmergencyPlan
    sites: Sites
    assignments: pa.Table
    supply: pa.Table

    def hours_of(self, site: int) -> tuple[float, float]:
        """For how many hours a site is supplied, of those that it needs."""
        needed = self.sites.critical_load_kw[site] > 0
        return float(self.plan.covered[site][needed].sum()), float(needed.sum())


def answer(desk: Desk, world: World, season: Season, now: datetime) -> EmergencyDone | None:
    """Assign the season's vehicles to its shelters and hospitals with what telemetry knows now."""
    emergency = season.emergency
    if emergency is None:
        return None
    vehicles = vehicles_of(desk, world, season, desk.telemetry(now), now)
    sites = _sites(emergency)
    order = EmergencyOrder(step_h=1.0, trips_waived=emergency.trips_waived)
    plan = assign(vehicles, sites, order)
    event_id = f"SYN-{season.name}-emergency"
    return EmergencyDone(event_id=event_id, plan=plan, sites=sites,
                         assignments=assignments_table(event_id, plan, vehicles, sites, order, now),
                         supply=site_supply_table(event_id, plan, sites, order, now))


def vehicles_of(desk: Desk, world: World, season: Season, seen: TelemetryColumns, now: datetime) -> Vehicles:
    """The vehicles as the program knows them; one that has not reported holds nothing that could be counted on."""
    devices = desk.program.devices
    rider = desk.program.rider(season.rider).protections
    rules = desk.program.rules(season.rider, season.service, desk.program.day(now))
    reserve_pct = np.maximum(devices.reserve_device_pct, rules.reserve_pct_min if rider else 0.0)
    places = _depots(world, season)
    away = (seen.plugged != 1) | np.isnan(seen.stored_kwh)
    return Vehicles(
        vehicle_ids=tuple(desk.program.enrollment_id.to_pylist()), latitude_deg=places[0], longitude_deg=places[1],
        home_latitude_deg=places[0], home_longitude_deg=places[1],
        stored_kwh=np.where(away, 0.0, np.nan_to_num(seen.stored_kwh)),
        floor_kwh=devices.usable_kwh * reserve_pct / 100, discharge_kw_max=devices.discharge_max_kw,
        discharge_efficiency=devices.discharge_efficiency,
        consumption_kwh_per_km=np.where(devices.usable_kwh > 200, 0.9, 0.5), plugs=("ccs",) * len(devices),
        available_from_h=np.zeros(len(devices)), available_until_h=np.full(len(devices), np.inf),
        trip_kwh=np.nan_to_num(seen.departure_kwh),
        trip_departs_h=np.where(np.isnan(seen.departs_at_s), np.inf, (seen.departs_at_s - now.timestamp()) / HOUR_S))


def _depots(world: World, season: Season) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Where each vehicle's charger is: at its feeder, or at the season's place."""
    if not season.feeders:
        count = len(world.parameters)
        return np.full(count, season.latitude_deg), np.full(count, season.longitude_deg)
    latitude, longitude = (np.array([float(getattr(feeder, name)) for feeder in season.feeders])
                           for name in ("latitude_deg", "longitude_deg"))
    return latitude[world.parameters.feeder], longitude[world.parameters.feeder]


def _sites(emergency: Emergency) -> Sites:
    steps = max(1, round((emergency.until - emergency.declared_at).total_seconds() / HOUR_S))

    def numbers(name: str) -> np.ndarray[Any, Any]:
        return np.array([float(site.get(name, 0)) for site in emergency.sites])

    return Sites(
        site_ids=tuple(str(site["site"]) for site in emergency.sites),
        kinds=tuple(SiteKind(str(site["kind"])) for site in emergency.sites), latitude_deg=numbers("latitude_deg"),
        longitude_deg=numbers("longitude_deg"), plugs=tuple(dict(site["plugs"]) for site in emergency.sites),
        critical_load_kw=np.repeat(numbers("critical_kw")[:, None], steps, axis=1), own_kwh=numbers("own_kwh"),
        own_kw_max=numbers("own_kw"))


def audit(desk: Desk, world: World, season: Season) -> tuple[FleetFinding, ...]:
    """The fleet audit: every vehicle held against the rider and the hours of its calls (S0, roadmap, phase 1)."""
    if not world.is_ev.any():
        return ()
    devices, parameters = desk.program.devices, world.parameters
    rules = desk.program.rules(season.rider, season.service, season.span.first)
    evidence = tuple(sorted({str(rule.of[-1].value) for rule in desk.program.rider(season.rider).eligibility
                             if rule.require == "evidence" and rule.of}))
    back_h = max((habit.departs_h + habit.lasts_h for habit in season.trips), default=0.0)
    leaves_h = min((habit.departs_h for habit in season.trips), default=24.0)
    trip_kwh = max((habit.trip_kwh for habit in season.trips), default=0.0)
    names = desk.program.enrollment_id.to_pylist()
    proven = desk.program.devices.verified
    return audit_fleet([FleetVehicle(
        vehicle_id=names[place], kind="school bus" if devices.usable_kwh[place] > 200 else "truck",
        usable_kwh=float(devices.usable_kwh[place]), discharge_kw_max=float(devices.discharge_max_kw[place]),
        charge_kw_max=float(devices.charge_max_kw[place]),
        discharge_efficiency=float(devices.discharge_efficiency[place]),
        evidence=frozenset(evidence if proven[place] else ()), plugged_from_h=back_h, plugged_until_h=leaves_h,
        plugged_kwh=float(parameters.ev_target_kwh[place]) - trip_kwh, trip_kwh=trip_kwh)
        for place in range(len(names))], AuditRule(
            evidence=evidence, reserve_pct_min=rules.reserve_pct_min, cycles_per_year_max=rules.cycles_per_year_max,
            events_per_year_max=min(rules.events_per_year_max, 12 * rules.events_per_month_max)))
