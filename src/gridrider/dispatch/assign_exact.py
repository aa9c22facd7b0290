"""The best assignment of a few vehicles, by weighing all of them.

For each site every set of vehicles is valued; sites are then joined one after the other, each set of vehicles keeping
its best division: dynamic programming over subsets, 3^N steps a site.
"""

from __future__ import annotations

import numpy as np

from .assign_case import Case
from .assign_model import Floats, Integers


def best_of_all(case: Case) -> Integers:
    """The site of each vehicle, -1 = none: most steps of hospitals, then of shelters, then least driving."""
    vehicles, sites = case.reach.gives_kwh.shape
    best = np.zeros(1 << vehicles)
    taken = np.zeros((sites, 1 << vehicles), dtype=np.int64)
    for site in range(sites):
        worth = worth_of_sets(case, site)
        before, best = best, best.copy()
        for group in range(1 << vehicles):
            part = group
            while part:
                if before[group ^ part] + worth[part] > best[group] + 1e-12:
                    best[group], taken[site, group] = before[group ^ part] + worth[part], part
                part = (part - 1) & group
    chosen, rest = np.full(vehicles, -1, dtype=np.int64), (1 << vehicles) - 1
    for site in range(sites - 1, -1, -1):
        part = int(taken[site, rest])
        chosen[[vehicle for vehicle in range(vehicles) if part >> vehicle & 1]] = site
        rest ^= part
    return chosen


def worth_of_sets(case: Case, site: int) -> Floats:
    """What each set of vehicles, as the bits of its number, adds at a site; minus infinity without enough plugs."""
    vehicles = len(case.plug)
    alone = case.steps_covered(site, ())
    worth = np.full(1 << vehicles, -np.inf)
    worth[0] = 0.0
    for group in range(1, 1 << vehicles):
        chosen = [vehicle for vehicle in range(vehicles) if group >> vehicle & 1]
        used = np.bincount(case.plug[chosen], minlength=case.plugs.shape[1])
        if (used <= case.plugs[site]).all() and (case.reach.gives_kwh[chosen, site] > 0).all():
            worth[group] = (case.weight[site] * (case.steps_covered(site, chosen) - alone)
                            - case.weight_per_km * case.km[chosen, site].sum())
    return worth
