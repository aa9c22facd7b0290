"""How long a battery's day plan takes, and a fleet's under a common target, against a linear programme per device.

    python -m benchmarks.bench_schedule

Plans of 24 and of 96 steps: batteries of four sizes with losses, wear, a reserve and an energy at the end, under three
prices by time of use, hourly prices, and prices of which no two are alike. The peer is HiGHS, one solver for all
devices, its models built directly and their rows shared, as it is by default and without presolve, which is faster for
models so small. Microseconds of processor time per device on one core, medians of rounds that take turns; every cost is
compared. The bars: under time of use at 96 steps the compiled plan 500 times as fast as HiGHS by default (the ratio
without presolve stands beside it and has no bar), the numpy plan 10 times as fast as either under any prices, costs
equal to 1e-9 USD. Then 100,000 devices by 96 steps that together deliver a target, certified to 1e-4 of the cost.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import highspy
import numpy as np
import scipy.sparse as sparse

from gridrider.dispatch import schedule, schedule_compiled
from gridrider.dispatch.schedule_fleet import couple
from gridrider.dispatch.schedule_model import Floats, Horizon, Storage, horizon, storage

COMPILED_TIMES_MIN, NUMPY_TIMES_MIN, COST_USD_MAX, GAP_MAX = 500.0, 10.0, 1e-9, 1e-4
ROUNDS, BY_HIGHS, BY_NUMPY, BY_COMPILED = 7, 60, 1_000, 20_000


def main() -> int:
    """Measure and print; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=100_000, help="of the coupled fleet")
    arguments = parser.parse_args()
    print(f"python {platform.python_version()}, numpy {np.__version__}, numba {version('numba')}, "
          f"highspy {version('highspy')}, {platform.machine()}")
    checks = []
    for steps in (24, 96):
        for tariff in ("time of use", "hourly", "no two alike"):
            checks += compare(steps, tariff)
    checks.append(coupled(arguments.devices))
    for name, figure, bar, met in checks:
        print(f"{name:44s} {figure:10.3g}  bar {bar:<10s} {'ok' if met else 'MISSED'}")
    return 0 if all(met for *_, met in checks) else 1


def compare(steps: int, tariff: str) -> list[tuple[str, float, str, bool]]:
    """HiGHS, numpy and compiled for the same batteries; the checks at 96 steps."""
    devices = batteries(BY_COMPILED)
    ahead = day(devices, prices(steps, tariff))
    few = slice(0, BY_HIGHS)
    some, middle = ((devices.part(which), ahead.part(which)) for which in (few, slice(0, BY_NUMPY)))
    rows = balance_rows(steps)
    ways: dict[str, tuple[int, Callable[[], Floats]]] = {
        "HiGHS": (BY_HIGHS, lambda: highs(*some, rows, "choose")),
        "HiGHS, presolve off": (BY_HIGHS, lambda: highs(*some, rows, "off")),
        "numpy": (BY_NUMPY, lambda: schedule.schedule(*middle).cost_usd),
        "compiled": (BY_COMPILED, lambda: schedule_compiled.schedule(devices, ahead).cost_usd),
    }
    costs = {name: way() for name, (_, way) in ways.items()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (count, way) in ways.items():
            begin = time.process_time()
            way()
            took[name].append((time.process_time() - begin) / count * 1e6)
    micros = {name: statistics.median(times) for name, times in took.items()}
    off = max(float(np.abs(costs[name][few] - costs["HiGHS, presolve off"]).max()) for name in ("numpy", "compiled"))
    apart = float(np.abs(costs["numpy"] - costs["compiled"][:BY_NUMPY]).max())
    print(f"{steps} steps, {tariff}: costs differ from HiGHS by {off:.1e} USD, numpy and compiled by {apart:.1e} USD")
    for name, each in micros.items():
        print(f"  {name:20s} {each:10.2f} us a device, HiGHS {micros['HiGHS'] / each:8.1f} times as long, "
              f"without presolve {micros['HiGHS, presolve off'] / each:8.1f}")
    label, worst = f"{steps} steps, {tariff}", max(off, apart)
    found = [(f"{label}: cost, USD", worst, f"<= {COST_USD_MAX:g}", worst <= COST_USD_MAX)]
    if steps == 96:
        times = min(micros["HiGHS"], micros["HiGHS, presolve off"]) / micros["numpy"]
        found.append((f"{label}: numpy, times HiGHS", times, f">= {NUMPY_TIMES_MIN:g}", times >= NUMPY_TIMES_MIN))
    if steps == 96 and tariff == "time of use":
        times = micros["HiGHS"] / micros["compiled"]
        found.append((f"{label}: compiled, times HiGHS", times, f">= {COMPILED_TIMES_MIN:g}",
                      times >= COMPILED_TIMES_MIN))
    return found


def coupled(count: int) -> tuple[str, float, str, bool]:
    """A fleet on a nearly flat tariff that delivers three quarters of its energy in three evening hours."""
    steps = 96
    devices, hour = batteries(count), np.arange(steps) / 4
    ahead = day(devices, 0.20 + 0.05 * np.sin(hour / 24 * 2 * np.pi) ** 2)
    event = (hour >= 17) & (hour < 20)
    usable_kwh = float((0.8 * devices.stored_kwh_max * devices.discharge_efficiency).sum())
    target_kwh = np.where(event, 0.75 * usable_kwh / 12, 0.0) * np.where(hour == 17, 0.6, 1.0)
    begin = time.process_time()
    plan = couple(devices, ahead, target_kwh, gap_max=GAP_MAX)
    took = time.process_time() - begin
    alone = schedule_compiled.totals(devices, ahead)[0]
    print(f"{count} devices by {steps} steps coupled to {target_kwh.sum() / 1000:.0f} MWh: {took:.1f} s, "
          f"{plan.rounds} rounds of the whole fleet, cost {plan.cost_usd:.2f} USD (alone {alone:.2f}), "
          f"at least {plan.bound_usd:.2f}, short {plan.short_kwh.sum():.3g} kWh")
    return (f"{count} x {steps} coupled: certified gap", plan.gap, f"<= {GAP_MAX:g}", plan.gap <= GAP_MAX)


def batteries(count: int) -> Storage:
    """Home batteries from 6 to 35 kWh, a third to nine tenths full."""
    chance = np.random.default_rng(7)
    full = chance.choice([3.3, 5.0, 5.8, 11.5], count) * chance.uniform(1.8, 3, count)
    efficiency = chance.uniform(0.93, 0.97, count)
    return storage(stored_kwh=chance.uniform(0.3, 0.9, count) * full, stored_kwh_max=full, charge_efficiency=efficiency,
                   discharge_efficiency=efficiency, wear_usd_per_kwh=0.02)


def day(devices: Storage, usd_per_kwh: Floats) -> Horizon:
    """Power for 2.4 hours from full, a reserve of a fifth, and at the end half, or what there was if that is less."""
    steps = len(usd_per_kwh)
    floor = np.repeat(0.2 * devices.stored_kwh_max[:, None], steps, axis=1)
    floor[:, -1] = np.minimum(devices.stored_kwh, 0.5 * devices.stored_kwh_max)
    most_kwh = devices.stored_kwh_max[:, None] / 2.4 * 24 / steps
    return horizon(import_usd_per_kwh=usd_per_kwh, charge_kwh_max=most_kwh, discharge_kwh_max=most_kwh,
                   stored_kwh_min=floor)


def prices(steps: int, tariff: str) -> Floats:
    """USD/kWh: a night, a day and an evening price, or a price that moves with the hour or with every step."""
    hour = np.arange(steps) * 24 / steps
    evening = (hour >= 16) & (hour < 21)
    if tariff == "time of use":
        return np.where(evening, 0.58, np.where(hour < 6, 0.24, 0.33))
    if tariff == "hourly":
        hour = np.floor(hour)
    return 0.18 + 0.12 * np.sin((hour - 13) / 24 * 2 * np.pi) ** 2 + 0.28 * evening + 0.01 * np.sin(3 * hour)


def balance_rows(steps: int) -> Callable[[float, float], sparse.csr_matrix]:
    """The rows stored - stored before - into charged + discharged / out_of = 0, their structure made once."""
    unit = sparse.identity(steps)
    rows = sparse.hstack([unit, 2 * unit, 3 * unit - 4 * sparse.eye(steps, k=-1)]).tocsr()
    kinds = rows.data.astype(int)

    def filled(into: float, out_of: float) -> sparse.csr_matrix:
        rows.data = np.array([0.0, -into, 1 / out_of, 1.0, -1.0])[np.where(kinds == -4, 4, kinds)]
        return rows

    return filled


def highs(devices: Storage, ahead: Horizon, rows: Callable[[float, float], sparse.csr_matrix], presolve: str) -> Floats:
    """The least cost of each device by HiGHS: charged, discharged, stored in each step."""
    steps, made = ahead.steps, []
    solver = highspy.Highs()
    for option, choice in (("output_flag", False), ("threads", 1), ("presolve", presolve)):
        solver.setOptionValue(option, choice)
    price = ahead.import_usd_per_kwh[0]
    for place in range(devices.count):
        into, out_of = devices.charge_efficiency[place], devices.discharge_efficiency[place]
        matrix, model = rows(into, out_of), highspy.HighsLp()
        model.num_col_, model.num_row_ = 3 * steps, steps
        model.col_cost_ = np.concatenate([price, devices.wear_usd_per_kwh[place] / out_of - price, np.zeros(steps)])
        model.col_lower_ = np.concatenate([np.zeros(2 * steps), ahead.stored_kwh_min[place]])
        model.col_upper_ = np.concatenate([np.full(steps, ahead.charge_kwh_max[place, 0]),
                                           np.full(steps, ahead.discharge_kwh_max[place, 0]),
                                           np.full(steps, devices.stored_kwh_max[place])])
        start = np.zeros(steps)
        start[0] = devices.stored_kwh[place]
        model.row_lower_ = model.row_upper_ = start
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        solver.passModel(model)
        solver.run()
        made.append(solver.getInfo().objective_function_value)
    return np.array(made)


if __name__ == "__main__":
    sys.exit(main())
