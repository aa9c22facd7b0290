"""Home-steps per second of the fleet twin with everything on, against a bare kernel, in one run.

    python -m benchmarks.bench_twin --homes 100000

The named peer is the bare kernel: battery, sun, load, 2R2C with thermostat, water heater and car, home after home with
the state in registers, without inverter, outages, messages, communication, registers per home or misbehaviour. The
twin runs with all of them: a third of the homes are cut off in the day, voltages go through every part of the curves,
messages come, revert, are late and are lost. Medians of interleaved rounds; the bar is 0.3 times the bare kernel's
home-steps per second. The two numpy versions and the largest error of the energy balance are printed beside it.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numba
import numpy as np

from gridrider.twin.fleet.commands import Commands, Mode
from gridrider.twin.fleet.communication import draw_silence
from gridrider.twin.fleet.draw import draw_fleet
from gridrider.twin.fleet.homes import FleetParameters
from gridrider.twin.fleet.run import run
from gridrider.twin.fleet.state import FleetState
from gridrider.twin.fleet.surroundings import Surroundings
from gridrider.twin.fleet.trips import draw_trips, joined

RATIO_MIN, BALANCE_MAX = 0.3, 1e-9
STEPS, DT_S, SHAPES, FEEDERS = 288, 300, 1024, 200
BATTERY_SHARE_KEPT, ONE_WAY = 0.2, 0.95


def main() -> int:
    """Measure and print; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=100_000)
    parser.add_argument("--numpy-homes", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print(f"python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}, "
          f"{numba.get_num_threads()} threads, {platform.machine()}; {STEPS} steps of {DT_S} s")
    many, few = Case(arguments.homes), Case(arguments.numpy_homes)
    rows: dict[str, tuple[int, Callable[[], object]]] = {
        "bare kernel, compiled": (arguments.homes, many.bare),
        "twin, compiled, sums per home": (arguments.homes, lambda: many.twin(STEPS)),
        "twin, compiled, quarter hours per home": (arguments.homes, lambda: many.twin(3))}
    slow: dict[str, tuple[int, Callable[[], object]]] = {
        "bare kernel, numpy": (arguments.numpy_homes, few.bare_numpy),
        "twin, numpy, sums per home": (arguments.numpy_homes, lambda: few.twin(STEPS, use_compiled=False))}
    speed = {**rates(rows, arguments.rounds), **rates(slow, 1)}
    for name, rate in speed.items():
        peer = speed["bare kernel, numpy" if "numpy" in name else "bare kernel, compiled"]
        print(f"  {name:40} {rate / 1e6:7.2f} M home-steps/s, {rate / peer:5.2f} x the bare kernel")
    ratio = speed["twin, compiled, sums per home"] / speed["bare kernel, compiled"]
    error = many.balance_error()
    print(f"ratio {ratio:.2f}, bar {RATIO_MIN}: {'met' if ratio >= RATIO_MIN else 'MISSED'}; largest error of a home's "
          f"balance {error:.1e} of its energy, bar {BALANCE_MAX}: {'met' if error <= BALANCE_MAX else 'MISSED'}")
    return int(ratio < RATIO_MIN or error > BALANCE_MAX)


def rates(rows: dict[str, tuple[int, Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Home-steps per second: medians of rounds in which the rows take turns; one turn before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for number in range(rounds + 1):
        for name, (_, call) in rows.items():
            begin = time.perf_counter()
            call()
            if number or rounds == 1:
                seconds[name].append(time.perf_counter() - begin)
    return {name: homes * STEPS / statistics.median(seconds[name]) for name, (homes, _) in rows.items()}


class Case:
    """One fleet and one day for the twin, and the same sizes for the bare kernel."""

    def __init__(self, homes: int) -> None:
        self.parameters, rng = fleet(homes), np.random.default_rng(7)
        self.surroundings = day(self.parameters, rng)
        self.state = FleetState.start(self.parameters, clock_s=0.0)
        self.commands = Commands.to(
            homes, rng.random(homes) < 0.9, mode=Mode.FOLLOW, delivered_kw=3.0, reserve_pct=20.0,
            thermostat_offset_c=2.0, water_heater_off=True, ev_kw=0.0, starts_at_s=17 * 3600.0,
            reverts_at_s=20 * 3600.0)
        self.bare_columns = bare_columns(homes, rng)

    def twin(self, steps_per_row: int, *, use_compiled: bool = True) -> Any:
        """The twin's day."""
        return run(self.parameters, self.state, self.commands, self.surroundings, dt_s=DT_S,
                   steps_per_row=steps_per_row, use_compiled=use_compiled)

    def bare(self) -> object:
        """The bare kernel's day, from the same start each time."""
        around, columns = self.surroundings, dict(self.bare_columns)
        columns |= {name: columns[name].copy() for name in BARE_STATE}
        sums = np.zeros((8 * numba.get_num_threads(), STEPS))
        bare_day(sums, around.temperature_c[:, 0], around.horizontal_kw_per_m2[:, 0], self.shapes, FOLLOWED,
                 **columns)
        return sums

    def bare_numpy(self) -> object:
        """The same with arrays of homes."""
        around, columns = self.surroundings, dict(self.bare_columns)
        columns |= {name: columns[name].copy() for name in BARE_STATE}
        return bare_day_numpy(around.temperature_c[:, 0], around.horizontal_kw_per_m2[:, 0], self.shapes, FOLLOWED,
                              columns)

    @property
    def shapes(self) -> Any:
        """Load shapes x steps."""
        return np.ascontiguousarray(self.surroundings.load_shape.T)

    def balance_error(self) -> float:
        """Largest gap of a home's day, over the energy that went through it: at its meter, and in its battery."""
        after, flows = self.twin(STEPS)
        meter = flows.net_import_kwh - (flows.load_kwh - flows.unserved_kwh + flows.charge_kwh - flows.discharge_kwh
                                        + flows.ev_charge_kwh - flows.ev_discharge_kwh - flows.pv_kwh)
        battery = (after.stored_kwh - self.state.stored_kwh
                   - flows.charge_kwh * self.parameters.charge_efficiency
                   + flows.discharge_kwh / self.parameters.discharge_efficiency)
        through = flows.import_kwh + flows.export_kwh + flows.pv_kwh + flows.load_kwh
        return float(max(np.abs(meter / through).max(), np.abs(battery / through).max()))


def fleet(homes: int) -> FleetParameters:
    """A fleet with every device and fault, spread over shapes and feeders."""
    drawn, rng = draw_fleet({}, homes, 11), np.random.default_rng(5)
    return replace(drawn, load_shape=rng.integers(0, SHAPES, homes), feeder=rng.integers(0, FEEDERS, homes))


def day(parameters: FleetParameters, rng: np.random.Generator) -> Surroundings:
    """A hot day on which a third of the homes lose the grid and voltages go from 0.93 to 1.11 pu."""
    homes, hours = len(parameters), (np.arange(STEPS) + 0.5) * DT_S / 3600.0
    sun = np.maximum(0.0, np.sin((hours - 6.0) / 12.0 * np.pi))[:, None]
    calm = Surroundings.calm(
        homes, local_offset_s=0.0, temperature_c=(28.0 + 8.0 * np.sin((hours - 10.0) / 24.0 * 2.0 * np.pi))[:, None],
        horizontal_kw_per_m2=sun, panel_kw_per_kw=0.8 * sun, load_shape=rng.gamma(2.0, 0.5, (STEPS, SHAPES)),
        water_shape=rng.gamma(2.0, 0.5, (STEPS, 1)))
    swing = 0.05 * np.sin(hours / 24.0 * 2.0 * np.pi * rng.uniform(1.0, 4.0, (FEEDERS, 1))).T
    out_s = np.where(rng.random(homes) < 0.33, rng.uniform(0.0, 86_400.0, homes), np.inf)
    silent_from_s, silent_until_s = draw_silence(parameters, start_s=0.0, end_s=86_400.0, rng=rng)
    trips = joined(*(draw_trips(parameters, midnight_s=86_400.0 * number, rng=rng) for number in range(2)))
    return replace(calm, voltage_pu=1.02 + swing + rng.normal(0.0, 0.01, swing.shape), outage_from_s=out_s,
                   outage_until_s=out_s + rng.uniform(600.0, 20_000.0, homes), trips=trips,
                   silent_from_s=silent_from_s, silent_until_s=silent_until_s)


FOLLOWED = np.where((np.arange(STEPS) >= 204) & (np.arange(STEPS) < 240), 0.6, 0.0)
"""Share of its power each bare battery is asked for, 17:00 to 20:00."""


BARE_STATE = ("stored_kwh", "air_c", "mass_c", "cooling", "tank_c", "heating", "ev_stored_kwh")


def bare_columns(homes: int, rng: np.random.Generator) -> dict[str, Any]:
    """What the bare kernel knows of each home."""
    def between(low: float, high: float) -> Any:
        return rng.uniform(low, high, homes)

    return {
        "load_kw": between(0.4, 1.2), "pv_kw": between(2.0, 8.0), "battery_kwh": between(10.0, 27.0),
        "battery_kw": between(3.0, 8.0), "stored_kwh": between(3.0, 10.0), "air_c": between(22.0, 25.0),
        "mass_c": between(22.0, 25.0), "outside": 1.0 / between(3.0, 8.0), "inside": 1.0 / between(0.5, 1.5),
        "air_kwh_per_c": between(1.0, 3.0), "mass_kwh_per_c": between(8.0, 20.0), "cooling_kw": between(1.5, 3.5),
        "cop": between(2.8, 4.0), "cool_to_c": between(22.0, 25.0), "cooling": np.zeros(homes),
        "tank_c": between(48.0, 55.0), "tank_kwh_per_c": between(0.17, 0.35), "tank_kw": between(1.2, 4.5),
        "tank_loss": between(0.001, 0.003), "heating": np.zeros(homes), "ev_stored_kwh": between(20.0, 60.0),
        "ev_kwh": between(60.0, 80.0), "ev_kw": between(0.0, 11.0), "leaves": rng.integers(80, 110, homes),
        "returns": rng.integers(190, 240, homes)}


@numba.njit(parallel=True, fastmath=True)
def bare_day(sums, temperature_c, sun, shapes, followed, load_kw, pv_kw, battery_kwh, battery_kw, stored_kwh, air_c,
             mass_c, outside, inside, air_kwh_per_c, mass_kwh_per_c, cooling_kw, cop, cool_to_c, cooling, tank_c,
             tank_kwh_per_c, tank_kw, tank_loss, heating, ev_stored_kwh, ev_kwh, ev_kw, leaves, returns):  # type: ignore[no-untyped-def]
    """The peer: only devices, only their sum."""
    step_h, blocks, homes = DT_S / 3600.0, len(sums), len(load_kw)
    for block in numba.prange(blocks):
        row = sums[block]
        for i in range(block * homes // blocks, (block + 1) * homes // blocks):
            stored, air, mass, cools, tank, heats, car = (stored_kwh[i], air_c[i], mass_c[i], cooling[i], tank_c[i],
                                                          heating[i], ev_stored_kwh[i])
            shape = i % len(shapes)
            for t in range(len(sun)):
                cools = 1.0 if air > cool_to_c[i] + 0.5 else (0.0 if air < cool_to_c[i] - 0.5 else cools)
                gain_kw = 2.0 * sun[t] - cools * cooling_kw[i] * cop[i]
                warmer = step_h / air_kwh_per_c[i] * (outside[i] * (temperature_c[t] - air) + inside[i] * (mass - air)
                                                      + gain_kw)
                mass += step_h / mass_kwh_per_c[i] * inside[i] * (air - mass)
                air += warmer
                heats = 1.0 if tank < 48.0 else (0.0 if tank > 55.0 else heats)
                tank += step_h / tank_kwh_per_c[i] * (tank_kw[i] * heats - tank_loss[i] * (tank - 20.0)
                                                      - 0.008 * shapes[shape, t] * (tank - 15.0))
                plugged = 1.0 if t >= returns[i] or t < leaves[i] else 0.0
                car_kw = min(ev_kw[i], (ev_kwh[i] - car) / step_h) * plugged
                car += car_kw * step_h * 0.92
                if t == leaves[i]:
                    car = max(0.0, car - 10.0)
                need_kw = (load_kw[i] * shapes[shape, t] + cools * cooling_kw[i] + tank_kw[i] * heats + car_kw
                           - pv_kw[i] * 0.8 * sun[t])
                give_kw = min(battery_kw[i], (stored - BATTERY_SHARE_KEPT * battery_kwh[i]) * ONE_WAY / step_h)
                take_kw = min(battery_kw[i], (battery_kwh[i] - stored) / ONE_WAY / step_h)
                given_kw = min(max(need_kw + followed[t] * battery_kw[i], -take_kw), give_kw)
                stored -= step_h * (given_kw / ONE_WAY if given_kw > 0.0 else given_kw * ONE_WAY)
                row[t] += need_kw - given_kw
            stored_kwh[i], air_c[i], mass_c[i], cooling[i], tank_c[i], heating[i], ev_stored_kwh[i] = (
                stored, air, mass, cools, tank, heats, car)


def bare_day_numpy(temperature_c: Any, sun: Any, shapes: Any, followed: Any, c: dict[str, Any]) -> Any:
    """The bare kernel's formulas with arrays of homes; `c` are its columns."""
    step_h, shape = DT_S / 3600.0, np.arange(len(c["load_kw"])) % len(shapes)
    total = np.empty(len(sun))
    for t in range(len(sun)):
        air = c["air_c"]
        hot, cold = air > c["cool_to_c"] + 0.5, air < c["cool_to_c"] - 0.5
        c["cooling"] = np.where(hot, 1.0, np.where(cold, 0.0, c["cooling"]))
        gain_kw = 2.0 * sun[t] - c["cooling"] * c["cooling_kw"] * c["cop"]
        c["air_c"] = air + step_h / c["air_kwh_per_c"] * (
            c["outside"] * (temperature_c[t] - air) + c["inside"] * (c["mass_c"] - air) + gain_kw)
        c["mass_c"] = c["mass_c"] + step_h / c["mass_kwh_per_c"] * c["inside"] * (air - c["mass_c"])
        tank = c["tank_c"]
        c["heating"] = np.where(tank < 48.0, 1.0, np.where(tank > 55.0, 0.0, c["heating"]))
        c["tank_c"] = tank + step_h / c["tank_kwh_per_c"] * (
            c["tank_kw"] * c["heating"] - c["tank_loss"] * (tank - 20.0) - 0.008 * shapes[shape, t] * (tank - 15.0))
        plugged = (t >= c["returns"]) | (t < c["leaves"])
        car_kw = np.minimum(c["ev_kw"], (c["ev_kwh"] - c["ev_stored_kwh"]) / step_h) * plugged
        car = c["ev_stored_kwh"] + car_kw * step_h * 0.92
        c["ev_stored_kwh"] = np.where(t == c["leaves"], np.maximum(0.0, car - 10.0), car)
        need_kw = (c["load_kw"] * shapes[shape, t] + c["cooling"] * c["cooling_kw"] + c["tank_kw"] * c["heating"]
                   + car_kw - c["pv_kw"] * 0.8 * sun[t])
        above_kwh = c["stored_kwh"] - BATTERY_SHARE_KEPT * c["battery_kwh"]
        give_kw = np.minimum(c["battery_kw"], above_kwh * ONE_WAY / step_h)
        take_kw = np.minimum(c["battery_kw"], (c["battery_kwh"] - c["stored_kwh"]) / ONE_WAY / step_h)
        given_kw = np.clip(need_kw + followed[t] * c["battery_kw"], -take_kw, give_kw)
        c["stored_kwh"] = c["stored_kwh"] - step_h * np.where(given_kw > 0.0, given_kw / ONE_WAY, given_kw * ONE_WAY)
        total[t] = (need_kw - given_kw).sum()
    return total


if __name__ == "__main__":
    sys.exit(main())
