"""What a fleet is drawn from where its spec says nothing; "assumed" = nobody's figure. Order matters for `times`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Entry = Mapping[str, Any]

ASSUMED = "assumed"
IEEE_1547 = "IEEE 1547-2018 table 4, default"


def constant(number: float | bool, source: str = ASSUMED) -> Entry:
    """The same for all."""
    return {"kind": "constant", "is": number, "source": source}


def uniform(low: float, high: float, source: str = ASSUMED) -> Entry:
    """Evenly between two ends."""
    return {"kind": "uniform", "low": low, "high": high, "source": source}


def choice(of: list[Any], shares: list[float], source: str = ASSUMED) -> Entry:
    """One of several."""
    return {"kind": "choice", "of": of, "shares": shares, "source": source}


def share(of_homes: float, source: str = ASSUMED) -> Entry:
    """True for a share of homes."""
    return {"kind": "share", "share": of_homes, "source": source}


def times(column: str, by: float, source: str = ASSUMED) -> Entry:
    """A multiple of an earlier column."""
    return {"kind": "times", "column": column, "by": by, "source": source}


def owned(of_homes: float, entry: Entry) -> Entry:
    """Nothing for all but a share of homes."""
    return {**entry, "owned": of_homes}


DEFAULTS: dict[str, Entry] = {
    "load_kw": {"kind": "lognormal", "median": 0.62, "sigma": 0.30, "source": ASSUMED},
    "load_shape": constant(0), "cell": constant(0), "feeder": constant(0),
    "export_kw_max": choice([5.0, 7.6, 10.0, 15.0], [0.2, 0.3, 0.3, 0.2]),
    "pv_kw": owned(0.92, {"kind": "normal", "mean": 6.2, "sd": 1.6, "low": 2.5, "high": 14.0, "source": ASSUMED}),
    "pv_kva": times("pv_kw", 0.83, "assumed: 1.2 kW of panels per kVA"),
    "plane": constant(0),
    "battery": choice(
        [{"battery_kwh": 13.5 * units, "battery_kw_nameplate": 5.0 * units} for units in (1, 2, 3)],
        [0.48, 0.42, 0.10], "13.5 kWh and 5 kW a unit: the maker's data sheet of 2022; the shares are assumed"),
    "battery_kw_max": times("battery_kw_nameplate", 1.0), "battery_charge_kw_max": times("battery_kw_nameplate", 1.0),
    "battery_kva": times("battery_kw_nameplate", 1.0),
    "charge_efficiency": constant(0.95, "a round trip of 90%: the maker's data sheet of 2022; halves assumed equal"),
    "discharge_efficiency": constant(0.95, "as charge_efficiency"),
    "reserve_pct": choice([10.0, 20.0, 30.0, 50.0, 80.0], [0.22, 0.54, 0.14, 0.08, 0.02]),
    "behaviour": choice([0, 1, 3], [0.60, 0.35, 0.05]),
    "evening_from_h": constant(16.0, "California's usual peak hours"),
    "evening_end_h": constant(21.0, "California's usual peak hours"),
    "night_from_h": constant(0.0), "night_end_h": constant(6.0),
    "followed_share": constant(0.97), "battery_exports": constant(True), "backs_up": share(0.95),
    "air_kwh_per_c": uniform(1.0, 3.0), "mass_kwh_per_c": uniform(8.0, 20.0), "outside_c_per_kw": uniform(3.0, 8.0),
    "mass_c_per_kw": uniform(0.5, 1.5), "solar_gain_m2": uniform(1.0, 4.0),
    "cooling_kw": owned(0.65, uniform(1.5, 3.5)), "cooling_cop": uniform(2.8, 4.0), "cool_to_c": uniform(23.0, 27.0),
    "heating_kw": owned(0.30, uniform(1.5, 4.0)), "heating_cop": uniform(2.0, 3.5), "heat_to_c": uniform(18.0, 21.0),
    "deadband_c": constant(1.0),
    "tank_kw": owned(0.35, choice([1.2, 4.5], [0.3, 0.7])),
    "tank_kwh_per_c": choice([0.20, 0.22, 0.35], [0.5, 0.3, 0.2], "tanks of 50, 50 and 80 gallons, water only"),
    "tank_loss_kw_per_c": uniform(0.001, 0.003), "tank_from_c": constant(48.0), "tank_to_c": constant(55.0),
    "water_kw_per_c": uniform(0.004, 0.012, "assumed: 3 to 10 litres an hour"), "water_shape": constant(0),
    "car": owned(0.28, choice([
        {"ev_kwh": 60.0, "ev_charge_kw_max": 7.2, "ev_discharge_kw_max": 0.0, "ev_target_kwh": 54.0,
         "ev_departure_kwh": 40.0, "ev_floor_kwh": 12.0},
        {"ev_kwh": 75.0, "ev_charge_kw_max": 11.0, "ev_discharge_kw_max": 9.6, "ev_target_kwh": 60.0,
         "ev_departure_kwh": 45.0, "ev_floor_kwh": 20.0}], [0.9, 0.1])),
    "ev_efficiency": constant(0.92),
    "car_hours": choice([{"ev_from_h": 0.0, "ev_end_h": 0.0}, {"ev_from_h": 21.0, "ev_end_h": 7.0}], [0.6, 0.4]),
    "volt_var": constant(True, "required of new inverters by California's Rule 21; older ones lack it"),
    "volt_watt": constant(True, "required of new inverters by California's Rule 21; older ones lack it"),
    "voltage_offset_pu": uniform(-0.005, 0.015), "reconnect_wait_s": constant(300.0, IEEE_1547),
    "ramp_s": constant(300.0, IEEE_1547),
    "obeys": share(0.99), "latency_s": choice([0.0, 60.0, 600.0], [0.80, 0.15, 0.05]),
    "clock_offset_s": choice([0.0, 300.0, -300.0, 3600.0], [0.97, 0.012, 0.012, 0.006]),
    "lie": choice([0, 1, 2], [0.985, 0.010, 0.005]), "stored_lie_share": constant(0.3),
    "silences_per_day": choice([0.02, 1.0], [0.95, 0.05]), "silence_h": uniform(0.2, 4.0),
    "lost_share": constant(0.002),
    "opt_out_propensity": {"kind": "lognormal", "median": 0.8, "sigma": 0.67, "source": "assumed; mean 1"},
}
