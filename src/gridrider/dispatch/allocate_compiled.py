"""The compiled twin of `allocate`: the same search, one device after the other, at the speed of memory.

Each pass reads a device's four numbers once (32 bytes); the first also checks them and adds up the bounds, and the last
writes the result (8 bytes more). Without the compiler it runs as plain Python: take `allocate` then.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from ..compiled import compiled
from .allocate import (
    LEVEL_MAX,
    NEWTON_PASSES_MAX,
    SAMPLE_EVERY,
    SAMPLE_RUN,
    TOLERANCE,
    Allocation,
    Floats,
    SupplyCurves,
    check_target,
    result_array,
    why_not_sound,
)

FLOAT_MAX = sys.float_info.max
SAMPLE_RUNS_MIN = 16
"""Fewer runs of neighbours than this say too little of a fleet; then all of it is asked."""

CORNERS_LIKELY = 4
"""A pass writes its result when fewer corners of curves than this are likely to lie between it and the target."""


def allocate(target_kw: float, curves: SupplyCurves, *, start_level: float | None = None,
             into_kw: Floats | None = None) -> Allocation:
    """Share `target_kw` out over the devices at one level, as `allocate.allocate` does."""
    check_target(target_kw)
    delivered_kw = result_array(curves, into_kw)
    sound, level, passes, reachable_kw, total_kw = fill_to(
        float(target_kw), *columns(curves), math.nan if start_level is None else float(start_level), delivered_kw)
    if not sound:
        raise ValueError(why_not_sound(curves))
    return Allocation(delivered_kw=delivered_kw, level=level, passes=passes, shortfall_kw=target_kw - reachable_kw,
                      residual_kw=reachable_kw - total_kw)


def columns(curves: SupplyCurves) -> tuple[Floats, Floats, Floats, Floats]:
    """The four numbers of each device as the kernels take them: preferred, per level, minimum, maximum."""
    return (np.ascontiguousarray(curves.preferred_kw), np.ascontiguousarray(curves.kw_per_level),
            np.ascontiguousarray(curves.power_kw_min), np.ascontiguousarray(curves.power_kw_max))


@compiled
def fill_to(target_kw: float, preferred: Floats, per_level: Floats, low: Floats, high: Floats, level: float,
            delivered: Floats) -> tuple[bool, float, int, float, float]:
    """Fill `delivered` with the allocation of the target, or of what is reachable of it; begin at a level, or at NaN.

    Gives whether the curves are sound (else nothing is filled in), the level, the passes it took to find, the
    reachable target and the total delivered. [kW]
    """
    if math.isnan(level):
        level = _first_level(target_kw, preferred, per_level, low, high)
    sound, level, passes, low_kw, high_kw, total_kw, written = _find_level(
        target_kw, preferred, per_level, low, high, level, delivered)
    if not sound:
        return False, level, passes, 0.0, 0.0
    if low_kw < target_kw < high_kw:
        if not written:
            total_kw, _ = _write(preferred, per_level, low, high, level, delivered)
            passes += 1
        return True, level, passes, target_kw, _settle_rounding(target_kw, total_kw, low, high, delivered)
    at_maximum = target_kw >= high_kw
    total_kw = _put_at_bound(preferred, per_level, low, high, at_maximum, delivered)
    return True, level, passes, high_kw if at_maximum else low_kw, total_kw


@compiled
def _first_level(target_kw: float, preferred: Floats, per_level: Floats, low: Floats, high: Floats) -> float:
    """Where to begin: the level at which a sample delivers its share, or a small fleet would without its bounds."""
    runs = preferred.size // SAMPLE_EVERY
    if runs < SAMPLE_RUNS_MIN:
        return _level_without_bounds(target_kw, preferred, per_level)
    count = runs * SAMPLE_RUN
    sample = np.empty((4, count))
    for number in range(count):
        device = number // SAMPLE_RUN * SAMPLE_EVERY + number % SAMPLE_RUN
        sample[0, number], sample[1, number] = preferred[device], per_level[device]
        sample[2, number], sample[3, number] = low[device], high[device]
    share_kw = target_kw * count / preferred.size
    level = _level_without_bounds(share_kw, sample[0], sample[1])
    return _find_level(share_kw, sample[0], sample[1], sample[2], sample[3], level, np.empty(count))[1]


@compiled
def _level_without_bounds(target_kw: float, preferred: Floats, per_level: Floats) -> float:
    """The level at which curves without bounds would meet the target; 0 when there is none."""
    preferred_kw, slope_kw = 0.0, 0.0
    for device in range(preferred.size):
        preferred_kw += preferred[device]
        slope_kw += per_level[device]
    return (target_kw - preferred_kw) / slope_kw if slope_kw > 0.0 and is_number(preferred_kw) else 0.0


@compiled
def _find_level(target_kw: float, preferred: Floats, per_level: Floats, low: Floats, high: Floats,
                level: float, delivered: Floats) -> tuple[bool, float, int, float, float, float, bool]:
    """The level for the target or for what is reachable of it.

    Newton's step where it stays inside the bracket, else the middle; a bracket still open is closed first. A pass that
    is likely the last fills in `delivered` on its way. Gives whether the curves are sound, the level, the passes, the
    fleet's range, the total delivered and whether it was filled in.
    """
    total_kw, slope_kw, low_kw, high_kw, sound = _survey(preferred, per_level, low, high, level)
    if not sound:
        return False, 0.0, 1, low_kw, high_kw, 0.0, False
    if target_kw <= low_kw or target_kw >= high_kw:
        at_maximum = target_kw >= high_kw
        level = outermost_level(preferred, per_level, high if at_maximum else low, level, at_maximum)
        return True, level, 3, low_kw, high_kw, total_kw, False
    tolerance_kw = TOLERANCE * max(abs(target_kw), high_kw - low_kw)
    passes, floor, ceiling, written = 1, -math.inf, math.inf, False
    while passes < NEWTON_PASSES_MAX:
        missing_kw = target_kw - total_kw
        following = level + missing_kw / slope_kw if slope_kw > 0.0 else math.inf
        if abs(missing_kw) <= tolerance_kw or following == level:
            return True, level, passes, low_kw, high_kw, total_kw, written
        if missing_kw > 0.0:
            floor = level
        else:
            ceiling = level
        if not floor < following < ceiling:
            if floor == -math.inf:
                floor = outermost_level(preferred, per_level, low, level, False)
            if ceiling == math.inf:
                ceiling = outermost_level(preferred, per_level, high, level, True)
            following = floor + (ceiling - floor) / 2.0
        level = following
        written = abs(missing_kw) * preferred.size < CORNERS_LIKELY * (high_kw - low_kw)
        if written:
            total_kw, slope_kw = _write(preferred, per_level, low, high, level, delivered)
        else:
            total_kw, slope_kw = _read(preferred, per_level, low, high, level)
        passes += 1
    level, searched = _search_corners(target_kw, preferred, per_level, low, high, floor, ceiling)
    return True, level, passes + searched, low_kw, high_kw, total_kw, False


@compiled
def _survey(preferred: Floats, per_level: Floats, low: Floats, high: Floats,
            level: float) -> tuple[float, float, float, float, bool]:
    """The first pass: total and slope at the level, the range of the fleet, and whether every number is sound."""
    total_kw, slope_kw, low_kw, high_kw, everything, wrong = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for device in range(preferred.size):
        wanted = preferred[device] + per_level[device] * level
        delivered = wanted if wanted > low[device] else low[device]
        delivered = delivered if delivered < high[device] else high[device]
        total_kw += delivered
        slope_kw += per_level[device] if delivered == wanted else 0.0
        low_kw += low[device] if per_level[device] > 0.0 else delivered
        high_kw += high[device] if per_level[device] > 0.0 else delivered
        everything += preferred[device] + per_level[device]
        wrong += 0.0 if (low[device] <= high[device]) & (per_level[device] >= 0.0) else 1.0
    return total_kw, slope_kw, low_kw, high_kw, wrong == 0.0 and is_number(everything + low_kw + high_kw)


@compiled
def _read(preferred: Floats, per_level: Floats, low: Floats, high: Floats, level: float) -> tuple[float, float]:
    """One pass: what the fleet delivers at a level, and how much more for each unit of level. [kW]"""
    total_kw, slope_kw = 0.0, 0.0
    for device in range(preferred.size):
        wanted = preferred[device] + per_level[device] * level
        delivered = wanted if wanted > low[device] else low[device]
        delivered = delivered if delivered < high[device] else high[device]
        total_kw += delivered
        slope_kw += per_level[device] if delivered == wanted else 0.0
    return total_kw, slope_kw


@compiled
def _write(preferred: Floats, per_level: Floats, low: Floats, high: Floats, level: float,
           into: Floats) -> tuple[float, float]:
    """One pass that fills in what each device delivers at the level; else as `_read`."""
    total_kw, slope_kw = 0.0, 0.0
    for device in range(preferred.size):
        wanted = preferred[device] + per_level[device] * level
        delivered = wanted if wanted > low[device] else low[device]
        delivered = delivered if delivered < high[device] else high[device]
        into[device] = delivered
        total_kw += delivered
        slope_kw += per_level[device] if delivered == wanted else 0.0
    return total_kw, slope_kw


@compiled
def _put_at_bound(preferred: Floats, per_level: Floats, low: Floats, high: Floats, at_maximum: bool,
                  into: Floats) -> float:
    """Fill in the bound of each device that answers to a level, and what the others deliver; the total. [kW]"""
    total_kw = 0.0
    for device in range(preferred.size):
        always = min(max(preferred[device], low[device]), high[device])
        into[device] = always if per_level[device] == 0.0 else high[device] if at_maximum else low[device]
        total_kw += into[device]
    return total_kw


@compiled
def is_number(total_kw: float) -> bool:
    """Whether a sum is finite. (isfinite subtracts the sum from itself, and the compiler may take that for 0.)"""
    return abs(total_kw) <= FLOAT_MAX


@compiled
def outermost_level(preferred: Floats, per_level: Floats, bound: Floats, otherwise: float, at_maximum: bool) -> float:
    """The level beyond which no device delivers more (or less); `otherwise` when none answers to a level."""
    nothing = -math.inf if at_maximum else math.inf
    outermost = nothing
    for device in range(preferred.size):
        if per_level[device] > 0.0:
            corner = (bound[device] - preferred[device]) / per_level[device]
            outermost = max(outermost, corner) if at_maximum else min(outermost, corner)
    return otherwise if outermost == nothing else min(max(outermost, -LEVEL_MAX), LEVEL_MAX)


@compiled
def _search_corners(target_kw: float, preferred: Floats, per_level: Floats, low: Floats, high: Floats, floor: float,
                    ceiling: float) -> tuple[float, int]:
    """The level by halving the sorted corners of the curves between floor and ceiling, and the passes it took."""
    corners = np.empty(2 * preferred.size + 2)
    corners[0], corners[1], count = floor, ceiling, 2
    for device in range(preferred.size):
        if per_level[device] > 0.0:
            for bound in (low[device], high[device]):
                corner = (bound - preferred[device]) / per_level[device]
                if floor < corner < ceiling:
                    corners[count] = corner
                    count += 1
    levels = np.sort(corners[:count])
    below, above, passes = 0, count - 1, 2
    while above - below > 1:
        middle = (below + above) // 2
        if _read(preferred, per_level, low, high, levels[middle])[0] >= target_kw:
            above = middle
        else:
            below = middle
        passes += 1
    first_kw = _read(preferred, per_level, low, high, levels[below])[0]
    last_kw = _read(preferred, per_level, low, high, levels[above])[0]
    share = (target_kw - first_kw) / (last_kw - first_kw) if last_kw > first_kw else 0.0
    return levels[below] + min(max(share, 0.0), 1.0) * (levels[above] - levels[below]), passes


@compiled
def _settle_rounding(target_kw: float, total_kw: float, low: Floats, high: Floats, delivered: Floats) -> float:
    """Put what rounding left on the first device between its bounds that has room for it; the new total. [kW]"""
    missing_kw = target_kw - total_kw
    for device in range(delivered.size):
        settled = delivered[device] + missing_kw
        between = low[device] < delivered[device] < high[device]
        if between and low[device] < settled < high[device]:
            delivered[device] = settled
            return target_kw
    return total_kw
