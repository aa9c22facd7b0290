"""Who takes part in a season: enrollments that grow as published, and a few that have a story of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...dispatch.model import DEVICES, FEEDERS
from ...enrollment.model import ENROLLMENTS
from ...twin.fleet.homes import Bools, FleetParameters
from ..operate.rows import arrow_schema, rows_of
from .season import Season


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Enrollments in the order of the homes."""

    enrollments: pa.Table
    devices: pa.Table
    feeders: pa.Table
    is_ev: Bools
    suspended: NDArray[np.int64]


def participants_at(published: Sequence[int], homes: int) -> list[int]:
    """Enrollments that take part in each event: the published numbers, scaled so that the last is `homes`, halves up.

    >>> participants_at([2614, 4687], 4687), participants_at([2614, 4687], 100)
    ([2614, 4687], [56, 100])
    """
    last = published[-1]
    return [(2 * count * homes + last) // (2 * last) for count in published]


def story_counts(season: Season, homes: int) -> Mapping[str, int]:
    """How many further homes have a story that keeps them out of every event, at least one where there is any."""
    stories = season.enrollment.get("stories", {})
    return {name: max(1, round(float(stories[name]) * homes)) for name in ("suspended", "unsigned", "unverified")
            if float(stories.get(name, 0)) > 0}


def make_members(season: Season, parameters: FleetParameters, homes: int, seed: int) -> Members:
    """Enroll `homes` homes that take part, and after them those with a story of their own."""
    rng = np.random.default_rng([seed, 11])
    count, stories = len(parameters), story_counts(season, homes)
    starts_on = _starts(season, homes, count, rng)
    signed_on: list[date | None] = [start - timedelta(days=int(before)) for start, before in
                                    zip(starts_on, rng.integers(3, 21, count), strict=True)]
    place, kept = homes, {}
    for name, many in stories.items():
        kept[name] = np.arange(place, place + many)
        place += many
    for home in kept.get("unsigned", ()):
        signed_on[home] = None
    is_ev = _vehicles(season, parameters)
    ids = [f"SYN-E-{number:06d}" for number in range(1, count + 1)]
    verified = np.ones(count, np.bool_)
    verified[kept.get("unverified", np.empty(0, np.int64))] = False
    feeder = _feeders_of(season, parameters)
    return Members(
        enrollments=_enrollments(season, parameters, ids, starts_on, signed_on, is_ev, rng),
        devices=_devices(season, parameters, ids, is_ev, verified, feeder, rng), feeders=_feeders(season), is_ev=is_ev,
        suspended=kept.get("suspended", np.empty(0, np.int64)))


def _starts(season: Season, homes: int, count: int, rng: np.random.Generator) -> list[date]:
    """First days: in waves, so that each event finds the published number; else the day that the season names."""
    published = [call.participants for call in season.calls]
    if season.enrollment.get("follows") != "participants" or None in published or not published:
        opening = season.enrollment.get("from", season.span.first)
        return [opening] * count
    targets = participants_at([number for number in published if number is not None], homes)
    wave = np.empty(homes, dtype=np.int64)
    wave[rng.permutation(homes)] = np.searchsorted(targets, np.arange(homes), side="right")
    days = [call.day for call in season.calls]
    before = int(season.enrollment.get("first_days_before", 60))
    opens = [days[0] - timedelta(days=before), *(day + timedelta(days=1) for day in days)]
    lengths = np.array([(day - opening).days + 1 for day, opening in zip(days, opens, strict=False)])
    late = rng.integers(0, lengths[wave])
    first = [opens[group] + timedelta(days=int(days_late)) for group, days_late in zip(wave, late, strict=True)]
    return first + [opens[0]] * (count - homes)


def _vehicles(season: Season, parameters: FleetParameters) -> Bools:
    """Whose enrolled device is the vehicle: where there is no battery but a car that gives back."""
    return np.asarray((parameters.battery_kwh <= 0) & (parameters.ev_discharge_kw_max > 0))


def _enrollments(season: Season, parameters: FleetParameters, ids: list[str], starts_on: list[date],
                 signed_on: list[date | None], is_ev: Bools, rng: np.random.Generator) -> pa.Table:
    count, stories = len(ids), season.enrollment.get("stories", {})
    customers, meters = ([name.replace("-E-", with_) for name in ids] for with_ in ("-C-", "-METER-"))
    direct = rng.random(count) < float(stories.get("direct", 0))
    groups = season.enrollment.get("aggregations", {"SYN-AGGREGATION": "1"})
    shares = np.array([float(share) for share in groups.values()])
    group = rng.choice(np.array(list(groups), dtype=object), size=count, p=shares / shares.sum())
    assigned = rng.random(count) < float(stories.get("assigned", 0))
    power_kw = np.where(is_ev, parameters.ev_discharge_kw_max, parameters.battery_kw_nameplate)
    energy_kwh = np.where(is_ev, parameters.ev_kwh, parameters.battery_kwh)
    with np.errstate(divide="ignore", invalid="ignore"):
        duration_h = np.where(power_kw > 0, energy_kwh / power_kw, 0.0)
    point = meters if season.enrollment.get("measured_at", "premise") == "premise" else [
        name.replace("-E-", "-INV-") for name in ids]
    rows = rows_of(ENROLLMENTS, count, {
        "enrollment_id": ids, "rider": season.rider, "customer_id": customers,
        "site_id": [name.replace("-E-", "-SITE-") for name in ids],
        "participant_id": [customer if one else "SYN-AGGREGATOR"
                           for customer, one in zip(customers, direct, strict=True)],
        "aggregation_id": [None if one else str(name) for one, name in zip(direct, group, strict=True)],
        "payee_id": ["SYN-FINANCE-1" if one else customer for customer, one in zip(customers, assigned, strict=True)],
        "point_id": point, "premise_point_id": meters, "technology": np.where(is_ev, "ev", "battery").astype(object),
        "nameplate_milliwatt": np.rint(power_kw * 1e6).astype(np.int64),
        "duration_s": np.rint(duration_h * 3600).astype(np.int64), "agreement_signed_on": signed_on,
        "enrolled_on": starts_on, "starts_on": starts_on,
        "customer_class": season.enrollment.get("customer_class", "residential"),
        "low_income": rng.random(count) < float(stories.get("low_income", 0)),
        "disadvantaged_community": rng.random(count) < float(stories.get("disadvantaged_community", 0)),
        "constrained_area": rng.random(count) < float(stories.get("constrained_area", 0)), "zone": season.zone or None})
    return rows.append_column("usable_kwh", pa.array([f"{kwh:.6f}" for kwh in energy_kwh]))


def _devices(season: Season, parameters: FleetParameters, ids: list[str], is_ev: Bools, verified: Bools,
             feeder: list[str | None], rng: np.random.Generator) -> pa.Table:
    count = len(ids)
    energy_kwh = np.where(is_ev, parameters.ev_kwh, parameters.battery_kwh)
    with np.errstate(divide="ignore", invalid="ignore"):
        ev_floor_pct = np.where(parameters.ev_kwh > 0, 100 * parameters.ev_floor_kwh / parameters.ev_kwh, 0.0)
    codes = season.enrollment.get("weather_codes", {})
    gives_kw = np.where(is_ev, parameters.ev_discharge_kw_max, parameters.battery_kw_nameplate)
    return rows_of(DEVICES, count, {
        "enrollment_id": ids, "technology": np.where(is_ev, "ev", "battery").astype(object),
        "discharge_max_milliwatt": _milli(gives_kw),
        "charge_max_milliwatt": _milli(np.where(is_ev, parameters.ev_charge_kw_max, parameters.battery_charge_kw_max)),
        "usable_mwh": _milli(energy_kwh),
        "charge_efficiency": np.where(is_ev, parameters.ev_efficiency, parameters.charge_efficiency),
        "discharge_efficiency": np.where(is_ev, parameters.ev_efficiency, parameters.discharge_efficiency),
        "reserve_customer_pct": np.where(is_ev, 0.0, parameters.reserve_pct),
        "reserve_device_pct": np.where(is_ev, ev_floor_pct, 0.0),
        "export_max_milliwatt": _milli(parameters.export_kw_max), "verified": verified, "zone": season.zone or None,
        "feeder": feeder, "latitude_deg": season.latitude_deg + rng.uniform(-0.2, 0.2, count),
        "longitude_deg": season.longitude_deg + rng.uniform(-0.25, 0.25, count), "county": codes.get("county"),
        "forecast_zone": codes.get("forecast_zone"), "fire_zone": codes.get("fire_zone")})


def _feeders_of(season: Season, parameters: FleetParameters) -> list[str | None]:
    if not season.feeders:
        return [None] * len(parameters)
    return [season.feeders[place].name for place in parameters.feeder]


def _feeders(season: Season) -> pa.Table:
    if not season.feeders:
        return arrow_schema(FEEDERS).empty_table()
    return rows_of(FEEDERS, len(season.feeders), {
        "feeder": [feeder.name for feeder in season.feeders],
        "parent": [feeder.parent or None for feeder in season.feeders],
        "export_max_milliwatt": [None if feeder.export_max_kw is None else int(feeder.export_max_kw * 1_000_000)
                                 for feeder in season.feeders],
        "latitude_deg": [_number(feeder.latitude_deg) for feeder in season.feeders],
        "longitude_deg": [_number(feeder.longitude_deg) for feeder in season.feeders]})


def _number(degrees: Decimal) -> float:
    return float(degrees)


def _milli(quantity: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(quantity * 1e6).astype(np.int64)
