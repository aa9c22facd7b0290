"""How long a fleet holds an event: longest time-to-go first, in proportion, and by merit order, to the optimum.

    python -m benchmarks.bench_endurance

20,000 batteries of 3.3, 5, 5.8 or 11.5 kW whose hours at full power are drawn from a gamma distribution (shape 2.2,
scale 0.9 h), as in the project's first measurements; targets of 30, 50 and 70% of the fleet's power, steps of one
minute, the last of which is halved until a second is left. Proportional: each delivers the same share of what it can.
Merit order: a price drawn at random for each battery. The optimum is what the E-p transform promises
(`dispatch/capability.py`), beyond which no policy holds. Figures are medians of ten seeds.

Bars: time-to-go >= 15% longer than proportional at 30%, and >= 99% of the optimum at each target.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from importlib.metadata import version

import numpy as np

from gridrider.compiled import HAVE_NUMBA
from gridrider.dispatch import allocate as in_numpy
from gridrider.dispatch import allocate_compiled
from gridrider.dispatch.allocate import Floats
from gridrider.dispatch.capability import Capability
from gridrider.dispatch.merit_order import allocate_by_price
from gridrider.dispatch.who_first import longest_time_to_go_first, proportional

BATTERIES = 20_000
SEEDS = range(10)
SHARES = (0.3, 0.5, 0.7)
STEP_H, LAST_STEP_H = 1 / 60, 1 / 3600
LONGER_MIN, OF_OPTIMUM_MIN = 0.15, 0.99
allocate = allocate_compiled.allocate if HAVE_NUMBA else in_numpy.allocate

Policy = Callable[[float, Floats, Floats, float], Floats]
"""What each battery is asked for (kW): from the target, the energy left, the power and the step."""


def main() -> int:
    """Measure and print; exit 1 when a bar is missed."""
    print(f"numpy {np.__version__}, numba {version('numba') if HAVE_NUMBA else 'absent'}; {BATTERIES} batteries, "
          f"medians of {len(SEEDS)} seeds")
    met = True
    for share in SHARES:
        runs = [hours_held(seed, share) for seed in SEEDS]
        held = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        longer = statistics.median(run["time-to-go"] / run["proportional"] - 1 for run in runs)
        of_optimum = min(run["time-to-go"] / run["optimum"] for run in runs)
        print(f"{share:.0%} of fleet kW: " + ", ".join(f"{name} {hours:.2f} h" for name, hours in held.items()))
        bar = f" (bar {LONGER_MIN:.0%}: {'met' if longer >= LONGER_MIN else 'MISSED'})" if share == SHARES[0] else ""
        print(f"  time-to-go holds {longer:.1%} longer than proportional{bar}, and {of_optimum:.2%} of the optimum "
              f"in the worst seed (bar {OF_OPTIMUM_MIN:.0%}: {'met' if of_optimum >= OF_OPTIMUM_MIN else 'MISSED'})")
        met &= of_optimum >= OF_OPTIMUM_MIN and (share != SHARES[0] or longer >= LONGER_MIN)
    return int(not met)


def hours_held(seed: int, share: float) -> dict[str, float]:
    """How long each policy holds the target, and how long it can be held at all. [h]"""
    chance = np.random.default_rng(seed)
    power_kw = chance.choice([3.3, 5.0, 5.8, 11.5], BATTERIES)
    energy_kwh = power_kw * chance.gamma(2.2, 0.9, BATTERIES)
    price, target_kw = chance.random(BATTERIES), share * float(power_kw.sum())

    def by_price(asked_kw: float, left_kwh: Floats, able_kw: Floats, step_h: float) -> Floats:
        most_kw = np.minimum(able_kw, left_kwh / step_h)
        return allocate_by_price(asked_kw, price, np.zeros(BATTERIES), most_kw).delivered_kw

    return {"time-to-go": hold(time_to_go, target_kw, energy_kwh, power_kw),
            "proportional": hold(in_proportion, target_kw, energy_kwh, power_kw),
            "merit order": hold(by_price, target_kw, energy_kwh, power_kw),
            "optimum": Capability.of(energy_kwh, power_kw).hours_for_power(target_kw)}


def time_to_go(asked_kw: float, left_kwh: Floats, able_kw: Floats, step_h: float) -> Floats:
    """Longest time-to-go first."""
    curves = longest_time_to_go_first(stored_kwh=left_kwh, power_kw=able_kw, step_h=step_h)
    return allocate(asked_kw, curves, start_level=-1.0).delivered_kw


def in_proportion(asked_kw: float, left_kwh: Floats, able_kw: Floats, step_h: float) -> Floats:
    """The same share of what each can deliver in the step."""
    return allocate(asked_kw, proportional(np.zeros(BATTERIES), np.minimum(able_kw, left_kwh / step_h))).delivered_kw


def hold(policy: Policy, target_kw: float, energy_kwh: Floats, power_kw: Floats) -> float:
    """Hours until the fleet no longer delivers the target, to the second."""
    left_kwh, hours, step_h = energy_kwh.copy(), 0.0, STEP_H
    while step_h >= LAST_STEP_H:
        if np.minimum(power_kw, left_kwh / step_h).sum() < target_kw * (1 - 1e-9):
            step_h /= 2
            continue
        left_kwh = np.maximum(left_kwh - policy(target_kw, left_kwh, power_kw, step_h) * step_h, 0.0)
        hours += step_h
    return hours


if __name__ == "__main__":
    sys.exit(main())
