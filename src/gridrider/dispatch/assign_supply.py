"""How many steps of a site's need given sources can cover, and who gives how much in which.

A step is covered when its whole critical load is met. Each source v gives at most `energy_kwh[v]` in all and
`step_kwh_max[v, t]` in step t. A set of steps can be covered when for each of its subsets A

    sum of the needs in A  <=  sum over v of min(energy_kwh[v], sum of step_kwh_max[v, t] over A)

(a cut of the flow from sources to steps; Gale, "A theorem on flows in networks", Pacific Journal of Mathematics 7
(1957) 1073-1082). Where each source gives as much in one step as in another, only the size of A counts: the worst A
are the largest needs, and the best steps to cover are those of least need. With sources that come and go, the flow is
found by shortest augmenting paths.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np

from .assign_model import Booleans, Floats, Integers

ENERGY_KWH_MIN = 1e-9


def least_needs(need_kwh: Floats) -> Floats:
    """What each number n of steps takes at least: entry [n-1, k-1] is the sum of the k largest of the n least needs.

    `need_kwh` holds the needs above zero only. Entries with k > n are minus infinity.
    """
    total = np.concatenate([[0.0], np.cumsum(np.sort(need_kwh))])
    steps, largest = np.mgrid[1:len(total), 1:len(total)]
    return np.where(largest <= steps, total[steps] - total[np.maximum(steps - largest, 0)], -np.inf)


def steps_covered_at_most(least: Floats, offers: Floats) -> Integers:
    """How many steps can be covered: exactly, when all sources stay; otherwise no set of steps is larger.

    `least` comes from `least_needs`; `offers[..., k-1]` is the most that the sources give in k steps together, shape
    (..., T). Shape of the result (...). With fewer steps the same needs are smaller, so the number is bisected.
    """
    most = len(least)
    found = np.zeros(offers.shape[:-1], dtype=np.int64)
    for jump in 2 ** np.arange(most.bit_length())[::-1]:
        tried = found + jump
        enough = (least[np.minimum(tried, most) - 1] <= offers + ENERGY_KWH_MIN).all(axis=-1) if most else False
        found = np.where(enough & (tried <= most), tried, found)
    return found


def cover(need_kwh: Floats, energy_kwh: Floats, step_kwh_max: Floats, *, thorough: bool) -> tuple[Booleans, Floats]:
    """Which of T steps are covered by V sources, and what each gives in each, shapes (T,) and (V, T).

    Steps are taken in the order of their need, smaller and earlier first, each if it can be had beside those before;
    if `thorough`, one step is given up wherever that makes room for two. The number is the largest when all sources
    stay. With sources that come and go nothing larger was ever found in the tests, and that is no proof.
    """
    given, left = np.zeros_like(step_kwh_max), energy_kwh.astype(np.float64)
    order = [step for step in np.argsort(need_kwh, kind="stable").tolist() if need_kwh[step] > 0]
    covered = np.zeros(len(need_kwh), dtype=np.bool_)
    add_steps(order, need_kwh, covered, given, left, step_kwh_max)
    stays = (step_kwh_max == step_kwh_max.max(axis=1, keepdims=True, initial=0.0))[:, order].all()
    for step in order if thorough and not stays else []:
        if not covered[step]:
            continue
        tried = covered.copy(), given.copy(), left + given[:, step]
        tried[0][step], tried[1][:, step] = False, 0.0
        if add_steps([each for each in order if not covered[each]], need_kwh, *tried, step_kwh_max) > 1:
            covered, given, left = tried
    return covered, given


def add_steps(steps: list[int], need_kwh: Floats, covered: Booleans, given: Floats, left: Floats,
              step_kwh_max: Floats) -> int:
    """Cover each of the steps that can be had beside those before, changing the arrays; how many were added."""
    added = 0
    for step in steps:
        before = given.copy(), left.copy()
        if add_step(step, float(need_kwh[step]), given, left, step_kwh_max):
            covered[step] = True
            added += 1
        else:
            given[:], left[:] = before
    return added


def add_step(step: int, need_kwh: float, given: Floats, left: Floats, step_kwh_max: Floats) -> bool:
    """Bring `need_kwh` into a step, changing `given` and `left`; False when that is not possible beside the others."""
    if np.minimum(step_kwh_max[:, step], left + given.sum(axis=1)).sum() < need_kwh - ENERGY_KWH_MIN:
        return False
    for source in np.argsort(-left / np.maximum(step_kwh_max[:, step], ENERGY_KWH_MIN), kind="stable"):
        moved = min(need_kwh, float(left[source]), float(step_kwh_max[source, step]))
        given[source, step] += moved
        left[source] -= moved
        need_kwh -= moved
    while need_kwh > ENERGY_KWH_MIN:
        path = path_to_spare(step, given, left, step_kwh_max)
        if not path:
            return False
        moved = min(need_kwh, float(left[path[-1][0]]),
                    *(float(step_kwh_max[source, into] - given[source, into]) for source, into in path),
                    *(float(given[source, into]) for (source, _), (_, into) in pairwise(path)))
        for number, (source, into) in enumerate(path):
            given[source, into] += moved
            if number + 1 < len(path):
                given[source, path[number + 1][1]] -= moved
        left[path[-1][0]] -= moved
        need_kwh -= moved
    return True


def path_to_spare(step: int, given: Floats, left: Floats, step_kwh_max: Floats) -> list[tuple[int, int]]:
    """The shortest chain by which a step gets more: (source, step) pairs, empty when there is none.

    The first source gives more into `step` and less into the second pair's step, whose source fills in, and so on; the
    last source has energy left.
    """
    reached_from: dict[int, tuple[int, int]] = {}  # source -> the step it can fill, and the source that left that step
    waiting, seen = deque([(step, -1)]), {step}
    while waiting:
        into, before = waiting.popleft()
        for source in np.flatnonzero(given[:, into] < step_kwh_max[:, into] - ENERGY_KWH_MIN).tolist():
            if source in reached_from:
                continue
            reached_from[source] = (into, before)
            if left[source] > ENERGY_KWH_MIN:
                return chain(source, reached_from)
            for other in np.flatnonzero(given[source] > ENERGY_KWH_MIN).tolist():
                if other not in seen:
                    seen.add(other)
                    waiting.append((other, source))
    return []


def chain(source: int, reached_from: dict[int, tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs from the step that wants more to the source that has it."""
    path = []
    while source >= 0:
        into, before = reached_from[source]
        path.append((source, into))
        source = before
    return path[::-1]
