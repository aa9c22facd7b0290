"""Allocation under limits of feeders and zones, against Clarabel's quadratic programme with a row for each limit.

    python -m benchmarks.bench_feeder_caps

The fleet of bench_allocate at 10,000 devices on 50 feeders and 100,000 on 200, four feeders in ten too small for what
hangs on them, and a target of 60% of what can be reached; then the same with feeders in ten zones, some of which bind
too; and a million devices on 1,000 feeders without a peer. Devices stand in the order of their feeders, as a fleet is
best kept; once they stand in none, which has no bar. Bars at 100,000 by 200, compiled: >= 400 times Clarabel, no limit
passed by more than 1e-9 kW, objective within 1e-7 of Clarabel's. Rounds are interleaved and figures are medians of
processor time on one core. Exits 1 when a bar is missed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import scipy.sparse as sparse

from benchmarks.bench_allocate import Floats, by_clarabel, discomfort, fleet, interleaved, verdict
from gridrider.compiled import HAVE_NUMBA
from gridrider.dispatch import allocate_compiled
from gridrider.dispatch import allocate_nested as in_numpy
from gridrider.dispatch import allocate_nested_compiled as in_machine_code
from gridrider.dispatch.allocate import SupplyCurves
from gridrider.dispatch.feeder_tree import FeederTree

CLARABEL_MIN, OVER_KW_MAX, OBJECTIVE_MAX = 400.0, 1e-9, 1e-7
ZONES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fleet in its feeders: the tree, a row of ones for each limit, the limits and the target."""

    name: str
    curves: SupplyCurves
    tree: FeederTree
    inside: sparse.csr_matrix
    kw_max: Floats
    target_kw: float
    barred: bool
    """Whether the ratio to Clarabel has a bar."""


def main() -> int:
    """Measure and print; exit 1 when a bar is missed."""
    print(f"numpy {np.__version__}, numba {version('numba') if HAVE_NUMBA else 'absent'}, "
          f"clarabel {version('clarabel')}")
    met = [measured(case(10_000, 50, zones=False), rounds=5),
           measured(case(100_000, 200, zones=False), rounds=3),
           measured(case(100_000, 200, zones=True), rounds=3),
           measured(case(100_000, 200, zones=False, shuffled=True), rounds=3),
           measured(case(1_000_000, 1000, zones=False), rounds=0)]
    return int(not all(met))


def case(count: int, feeders: int, *, zones: bool, shuffled: bool = False) -> Case:
    """Feeders of equal size; 40% of them carry 20 to 50% of their devices' maximum, and half of the zones 30%."""
    curves, chance = fleet(count), np.random.default_rng(2)
    feeder = np.arange(count) * feeders // count
    if shuffled:
        feeder = chance.permutation(feeder)
    most_kw = np.bincount(feeder, curves.power_kw_max, feeders)
    kw_max = np.where(chance.random(feeders) < 0.4, most_kw * chance.uniform(0.2, 0.5, feeders), most_kw * 2)
    reachable_kw = float(np.minimum(most_kw, kw_max).sum())
    inside = sparse.csr_matrix((np.ones(count), (feeder, np.arange(count))), shape=(feeders, count))
    parent = np.full(feeders, -1)
    if zones:
        zone = np.arange(feeders) * ZONES // feeders
        parent = np.concatenate([feeders + zone, np.full(ZONES, -1)])
        zone_kw = np.bincount(zone, most_kw, ZONES) * np.where(np.arange(ZONES) % 2, 0.3, 1.0)
        kw_max = np.concatenate([kw_max, zone_kw])
        inside = sparse.vstack([inside, sparse.csr_matrix((np.ones(count), (zone[feeder], np.arange(count))))]).tocsr()
    name = f"{count} devices, {feeders} feeders{f' in {ZONES} zones' if zones else ''}{', mixed' if shuffled else ''}"
    return Case(name=name, curves=curves, tree=FeederTree.of(parent, feeder), inside=inside, kw_max=kw_max,
                target_kw=0.6 * reachable_kw, barred=not shuffled and count == 100_000)


def measured(given: Case, rounds: int) -> bool:
    """Print one case; whether the bars are met. Without rounds Clarabel is not run."""
    tree, limits, target_kw = given.tree, given.kw_max, given.target_kw
    work = {
        "compiled": lambda: in_machine_code.allocate_nested(target_kw, given.curves, tree, group_kw_max=limits),
        "numpy": lambda: in_numpy.allocate_nested(target_kw, given.curves, tree, group_kw_max=limits),
        "compiled without limits": lambda: allocate_compiled.allocate(target_kw, given.curves),
    }
    peer = {"Clarabel": lambda: by_clarabel(target_kw, given.curves, given.inside, limits)} if rounds else {}
    took = interleaved(work | peer, rounds=rounds or 7)
    found = in_machine_code.allocate_nested(target_kw, given.curves, tree, group_kw_max=limits)
    over_kw = float((given.inside @ found.delivered_kw - limits).max())
    print(f"{given.name}, {int((found.cap_dual > 0).sum())} binding; "
          + ", ".join(f"{name} {seconds * 1e3:.3g} ms" for name, seconds in took.items()))
    print(f"  largest excess over a limit {over_kw:.0e} kW (bar {OVER_KW_MAX:.0e}: {verdict(over_kw <= OVER_KW_MAX)}); "
          f"{took['compiled'] / took['compiled without limits']:.1f} times the allocation without limits")
    if not rounds:
        return over_kw <= OVER_KW_MAX
    ratio = took["Clarabel"] / took["compiled"]
    theirs = discomfort(by_clarabel(target_kw, given.curves, given.inside, limits), given.curves)
    off = abs(discomfort(found.delivered_kw, given.curves) / theirs - 1)
    fast = ratio >= CLARABEL_MIN or not given.barred
    bar = f"bar {CLARABEL_MIN:.0f}: {verdict(fast)}" if given.barred else "no bar"
    print(f"  compiled to Clarabel {ratio:.0f} times ({bar}), "
          f"numpy {took['Clarabel'] / took['numpy']:.0f} times; "
          f"objective off by {off:.0e} (bar {OBJECTIVE_MAX:.0e}: {verdict(off <= OBJECTIVE_MAX)})")
    return fast and over_kw <= OVER_KW_MAX and off <= OBJECTIVE_MAX


if __name__ == "__main__":
    sys.exit(main())
