"""The compiled twin of `allocate_nested`: group by group, each small enough to stay in the processor's cache."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ..compiled import compiled
from .allocate import Floats, SupplyCurves, why_not_sound
from .allocate_compiled import columns, fill_to, is_number, outermost_level
from .allocate_nested import LIMIT_MARGIN, InTreeOrder, NestedAllocation, solve
from .feeder_tree import FeederTree, Whole


def allocate_nested(target_kw: float, curves: SupplyCurves, tree: FeederTree, *, group_kw_max: ArrayLike,
                    group_kw_min: ArrayLike | None = None, start_level: float | None = None) -> NestedAllocation:
    """Share `target_kw` out within the limits of groups, as `allocate_nested.allocate_nested` does."""
    return solve(_solve, target_kw, curves, tree, group_kw_max, group_kw_min, start_level)


def _solve(target_kw: float, curves: SupplyCurves, tree: FeederTree, kw_min: Floats, kw_max: Floats,
           start_level: float | None) -> InTreeOrder:
    delivered_kw = np.empty(len(curves))
    group_level, group_total_kw = np.empty(len(kw_max)), np.empty(len(kw_max))
    sound, level, passes, reachable_kw, total_kw = _fill_within(
        float(target_kw), *columns(curves), tree.first, tree.last, tree.parent_rank, kw_min, kw_max,
        math.nan if start_level is None else float(start_level), delivered_kw, group_level, group_total_kw)
    if not sound:
        raise ValueError(why_not_sound(curves))
    return InTreeOrder(delivered_kw=delivered_kw, level=level, group_level=group_level, group_total_kw=group_total_kw,
                       shortfall_kw=target_kw - reachable_kw, residual_kw=reachable_kw - total_kw, passes=passes)


@compiled
def _fill_within(target_kw: float, preferred: Floats, per_level: Floats, device_low: Floats, device_high: Floats,
                 first: Whole, last: Whole, parent_rank: Whole, kw_min: Floats, kw_max: Floats, start_level: float,
                 delivered: Floats, group_level: Floats, group_total: Floats) -> tuple[bool, float, int, float, float]:
    """Tighten the devices' bounds group by group, then share out as though there were no limit; see `fill_to`."""
    low, high = device_low.copy(), device_high.copy()
    if not _pin(preferred, per_level, low, high):
        return False, 0.0, 0, 0.0, 0.0
    floors, ceilings = np.full(kw_min.size, -math.inf), np.full(kw_max.size, math.inf)
    level = start_level
    for rank in range(kw_max.size):
        devices = slice(first[rank], last[rank])
        a, b, lows, highs = preferred[devices], per_level[devices], low[devices], high[devices]
        if _total(highs) > kw_max[rank]:
            most_kw = kw_max[rank] - LIMIT_MARGIN * abs(kw_max[rank])
            level = fill_to(most_kw, a, b, lows, highs, level, delivered[devices])[1]
            highs[:] = delivered[devices]
            ceilings[rank] = level
        if _total(lows) < kw_min[rank]:
            least_kw = kw_min[rank] + LIMIT_MARGIN * abs(kw_min[rank])
            level = fill_to(least_kw, a, b, lows, highs, level, delivered[devices])[1]
            lows[:] = delivered[devices]
            floors[rank] = level
    sound, level, passes, reachable_kw, total_kw = fill_to(
        target_kw, preferred, per_level, low, high, start_level, delivered)
    if reachable_kw < target_kw:
        level = max(level, outermost_level(preferred, per_level, device_high, level, True))
    elif reachable_kw > target_kw:
        level = min(level, outermost_level(preferred, per_level, device_low, level, False))
    for rank in range(kw_max.size - 1, -1, -1):
        above = level if parent_rank[rank] < 0 else group_level[parent_rank[rank]]
        group_level[rank] = min(max(above, floors[rank]), ceilings[rank])
        group_total[rank] = _total(delivered[first[rank] : last[rank]])
    return sound, level, passes, reachable_kw, total_kw


@compiled
def _pin(preferred: Floats, per_level: Floats, low: Floats, high: Floats) -> bool:
    """Set both bounds of a device that answers to no level to what it delivers; false when a number is not sound."""
    everything, wrong, flat = 0.0, 0.0, 0.0
    for device in range(low.size):
        everything += preferred[device] + per_level[device] + low[device] + high[device]
        wrong += 0.0 if (low[device] <= high[device]) & (per_level[device] >= 0.0) else 1.0
        flat += 1.0 if per_level[device] == 0.0 else 0.0
    if wrong > 0.0 or not is_number(everything):
        return False
    if flat > 0.0:
        for device in range(low.size):
            if per_level[device] == 0.0:
                low[device] = min(max(preferred[device], low[device]), high[device])
                high[device] = low[device]
    return True


@compiled
def _total(kw: Floats) -> float:
    """The sum. [kW]"""
    total_kw = 0.0
    for device in range(kw.size):
        total_kw += kw[device]
    return total_kw
