"""The page of dispatch rules once more: one device after the other, in exact fractions, written from its words."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from tests.dispatch.worlds import TECHNOLOGIES, World

MILLIWATT = Fraction(1, 10**6)


def exact(number: Any) -> Fraction | None:
    """A number as its decimal digits say it; None where it is blank."""
    return None if math.isnan(number) else Fraction(repr(float(number)))


def bound_of(world: World, row: int) -> tuple[Fraction, str, Fraction | None]:
    """The most that the event may ask of a device, what says so, and its floor."""
    known: dict[str, Any] = {}
    for record in (world.devices, world.telemetry, world.standing):
        for name in record.__dataclass_fields__:
            column = getattr(record, name)
            if isinstance(column, np.ndarray):
                known[name] = exact(column[row]) if column.dtype.kind == "f" else column[row].item()
    hours = Fraction((world.span.reverts_at - world.span.start).total_seconds()) / 3600
    kind = TECHNOLOGIES[known["technology"]]
    stores = kind not in ("thermostat", "water_heater")
    trip = stores and (known["departs_at_s"] is not None or known["departure_kwh"] is not None)
    kept = _departure(known, world) if trip else Fraction(0)
    reserve = _reserve(known, world) if stores else None

    rules = world.rules
    zeros: list[tuple[str, bool]] = [
        ("emergency_stop", world.stopped), ("not_in_force", not known["in_force"]), ("unsigned", not known["signed"]),
        ("unverified", not known["verified"] and not rules.unverified_included),
        ("medical", known["medical"] and rules.medical_excluded), ("suspended", known["suspended"]),
        ("opted_out", known["opted_out"]), ("islanded", known["connection"] in (1, 2, 3)),
        ("storm_hold", known["storm_status"] == 2 or (known["storm_status"] == 1 and rules.pre_arm_holds)),
        ("storm_feed_lost", known["storm_feed_lost"]),
        ("events_per_month", known["events_month"] >= rules.events_per_month_max),
        ("events_per_year", known["events_year"] >= rules.events_per_year_max)]
    for name, held in zeros:
        if held:
            return Fraction(0), name, _up(kept, reserve)
    rows: list[tuple[str, Fraction]] = []
    if stores and not math.isinf(rules.cycles_per_year_max):
        left = Fraction(repr(rules.cycles_per_year_max)) - known["called_kwh_year"] / known["usable_kwh"]
        rows.append(("cycles_per_year", left * known["usable_kwh"] / hours))
    inside = world.span.event_start <= world.span.start and world.span.reverts_at <= world.span.event_end
    rows += [(name, Fraction(0)) for name, held in (
        ("outside_event", not inside), ("silent", _silent(known, stores)), ("stale", _stale(known, world)),
        ("contradictory", _contradictory(known, stores)),
        ("unplugged", known["plugged"] == 0 or (kind == "ev" and known["plugged"] != 1))) if held]
    usable = known["stored_kwh"] is not None
    if trip and usable:
        rows.append(("ev_departure", (known["stored_kwh"] - _ceil(kept)) * known["discharge_efficiency"] / hours))
    if stores and usable and reserve is not None:
        rows.append(("reserve", (known["stored_kwh"] - _ceil(reserve)) * known["discharge_efficiency"] / hours))
    volts = known["voltage_pu"]
    if stores and volts is not None and volts > Fraction("1.06"):
        rows.append(("high_voltage", known["discharge_max_kw"] * (Fraction("1.1") - volts) / Fraction("0.04")))
    if stores and known["export_max_kw"] is not None and known["home_net_kw"] is not None:
        rows.append(("export_limit", known["export_max_kw"] + known["home_net_kw"]))
    rows.append(("power_limit", known["discharge_max_kw"]))
    whole = [(name, max(most, Fraction(0)) // MILLIWATT * MILLIWATT) for name, most in rows]
    name, most = min(whole, key=lambda each: each[1])
    return most, name, _up(kept, reserve)


def _ceil(energy: Fraction) -> Fraction:
    return -(-energy // MILLIWATT) * MILLIWATT


def _up(kept: Fraction, reserve: Fraction | None) -> Fraction | None:
    return None if reserve is None else _ceil(max(kept, reserve))


def _reserve(known: dict[str, Any], world: World) -> Fraction:
    own = [known[name] for name in ("reserve_customer_pct", "reserve_device_pct") if known[name] is not None]
    largest: Fraction = max([Fraction(repr(world.rules.reserve_pct_min)), *own])
    share: Fraction = known["usable_kwh"] * largest / 100
    return share


def _departure(known: dict[str, Any], world: World) -> Fraction:
    until = (Fraction(0) if known["departs_at_s"] is None
             else known["departs_at_s"] - Fraction(world.span.reverts_at.timestamp())) / 3600
    need = known["usable_kwh"] if known["departure_kwh"] is None else known["departure_kwh"]
    kept: Fraction = need - known["charge_max_kw"] * known["charge_efficiency"] * max(until, Fraction(0))
    return max(kept, Fraction(0))


def _silent(known: dict[str, Any], stores: bool) -> bool:
    if known["age_s"] is None or known["connection"] == -1:
        return True
    blind = known["export_max_kw"] is not None and known["home_net_kw"] is None
    return stores and (known["stored_kwh"] is None or blind)


def _stale(known: dict[str, Any], world: World) -> bool:
    return known["age_s"] is None or bool(known["age_s"] > world.rules.telemetry_s_max)


def _contradictory(known: dict[str, Any], stores: bool) -> bool:
    power = known["delivered_kw"] or Fraction(0)
    if power > known["discharge_max_kw"] * Fraction("1.1") + Fraction("0.1"):
        return True
    if not stores or known["stored_kwh"] is None:
        return False
    usable, stored = known["usable_kwh"], known["stored_kwh"]
    if -power > known["charge_max_kw"] * Fraction("1.1") + Fraction("0.1"):
        return True
    if stored < -usable / 100 or stored > usable * Fraction("1.01"):
        return True
    if known["previous_age_s"] is None or known["previous_stored_kwh"] is None or known["age_s"] is None:
        return False
    hours = (known["previous_age_s"] - known["age_s"]) / 3600
    explained = -power * hours / known["discharge_efficiency"] if power > 0 else -power * hours * known[
        "charge_efficiency"]
    change: Fraction = abs(stored - known["previous_stored_kwh"] - explained)
    return bool(hours <= Fraction(1, 2) and change > usable / 10)
