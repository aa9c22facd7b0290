"""How long one step of a regulation signal takes for a million batteries, and how near the fleet comes to the signal.

    python -m benchmarks.bench_regulate

The signal changes every four seconds: bars are 1% of that compiled and 5% in numpy, a tracking error of at most 1e-5 of
the fleet's power, and no battery below its floor at any step. Batteries are synthetic (10 to 27 kWh, 3 to 8 kW, 97% of
them online, floor 20%); on the way a tenth loses contact and a tenth has its floor raised to half. The peer in the
same run is reading memory: what the step's numbers cost to move once (a sum over as many bytes).
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from dataclasses import replace

import numpy as np

from gridrider.compiled import HAVE_NUMBA
from gridrider.dispatch import regulate as plain
from gridrider.dispatch import regulate_compiled
from gridrider.dispatch.regulate import STEP_S, RegulatingDevices

BATTERIES = 1_000_000
STEPS = 30
SHARE_MAX = {"numpy": 0.05, "compiled": 0.01}
ERROR_MAX = 1e-5
STEP_BYTES = 256
"""Moved per battery and step: 73 read and 40 written to prepare it, then 4 passes over 32 to find the level and write
the set-points; 15 more for them and for rounding up to whole floats."""


def main() -> int:
    """Measure and print; exit 1 when a bar is missed."""
    chance = np.random.default_rng(144)
    full = chance.uniform(10, 27, BATTERIES)
    devices = RegulatingDevices(
        discharge_kw_max=chance.uniform(3, 8, BATTERIES), charge_kw_max=chance.uniform(3, 8, BATTERIES), full_kwh=full,
        floor_kwh=0.2 * full, discharge_efficiency=np.full(BATTERIES, 0.95), charge_efficiency=np.full(BATTERIES, 0.95),
        weight=chance.uniform(0.5, 1.5, BATTERIES))
    raised = replace(devices, floor_kwh=np.where(chance.random(BATTERIES) < 0.1, 0.5, 0.2) * full)
    stored, online = full * chance.uniform(0.2, 0.9, BATTERIES), chance.random(BATTERIES) < 0.97
    fewer = online & (chance.random(BATTERIES) < 0.9)
    kilowatts = float(devices.discharge_kw_max.sum())
    signal = 0.5 * kilowatts * np.sin(np.cumsum(chance.normal(0.0, 0.06, STEPS)))
    twins = {"numpy": plain.regulate} | ({"compiled": regulate_compiled.regulate} if HAVE_NUMBA else {})
    states = {name: [regulate(0.0, devices, stored, online), None] for name, regulate in twins.items()}
    seconds: dict[str, list[float]] = {name: [] for name in (*twins, "memory")}
    errors, passes, crossed = dict.fromkeys(twins, 0.0), dict.fromkeys(twins, 0), 0
    moved = np.ones(BATTERIES * STEP_BYTES // 8)
    for number, signal_kw in enumerate(signal):
        used, heard = (devices, online) if number < STEPS // 2 else (raised, fewer)
        for name, regulate in twins.items():
            last, older = states[name]
            begin = time.perf_counter()
            step = regulate(float(signal_kw), used, last.stored_kwh, heard, last.answer, into=older)
            seconds[name].append(time.perf_counter() - begin)
            crossed += int(np.sum(step.stored_kwh < np.minimum(last.stored_kwh, devices.floor_kwh)))
            crossed += int(np.sum((step.answer.delivered_kw > 0.0) & (step.stored_kwh <= used.floor_kwh)))
            errors[name] = max(errors[name], abs(float(step.answer.delivered_kw.sum()) - signal_kw) / kilowatts)
            passes[name] = max(passes[name], step.answer.passes)
            states[name] = [step, last]
        begin = time.perf_counter()
        moved.sum()
        seconds["memory"].append(time.perf_counter() - begin)
    print(f"python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}; {BATTERIES} batteries, "
          f"{STEPS} steps of {STEP_S:.0f} s")
    met = crossed == 0
    memory = statistics.median(seconds["memory"])
    for name in twins:
        took = statistics.median(seconds[name])
        share = took / STEP_S
        kept = share <= SHARE_MAX[name] and errors[name] <= ERROR_MAX
        met &= kept
        print(f"{name:<9} median {1e3 * took:.1f} ms, worst {1e3 * max(seconds[name]):.1f} ms: {share:.2%} of the step "
              f"(bar {SHARE_MAX[name]:.0%}); {took / memory:.1f} times the reading of {STEP_BYTES} bytes a battery "
              f"({1e3 * memory:.1f} ms); at most {passes[name]} passes; worst tracking error {errors[name]:.1e} of the "
              f"fleet's power (bar {ERROR_MAX:.0e}){'' if kept else '  BAR MISSED'}")
    print(f"batteries past a floor, all steps: {crossed} (bar 0){'' if HAVE_NUMBA else '; not compiled: no numba'}")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
