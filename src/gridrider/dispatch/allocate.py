"""One target shared out over a fleet: the allocation of least discomfort, found by water-filling.

Each device has a supply curve: at a level it delivers `clip(preferred + per_level * level, min, max)`. The allocation

    minimise  sum (p - preferred)^2 / (2 per_level)   subject to   sum p = target,  min <= p <= max

is that curve read at one level for all, the dual of the target: a single number that can be broadcast, and that a
device can follow by itself. What the fleet delivers grows with the level, piecewise linearly, so the level is found by
Newton's method inside a bracket: exactly, in a handful of passes over the fleet.

Source: Cominetti, Mascarenhas, Silva, "A Newton's method for the continuous quadratic knapsack problem", Mathematical
Programming Computation 6 (2014) 151-169; survey: Patriksson, European Journal of Operational Research 185 (2008) 1-46.
`allocate_compiled` is the compiled twin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 16_384
"""Devices worked on at a time, few enough that what a pass makes of them stays in the processor's cache."""
TOLERANCE = 1e-12
"""What may be missing before the last rounding is settled, as a share of the target or of the fleet's range."""
NEWTON_PASSES_MAX = 60
"""After so many passes the level is looked for among the sorted corners of the curves, which always ends."""
LEVEL_MAX = 1e300
"""Where a corner of a nearly level curve is put, so that a level is always a number."""
SAMPLE_RUN, SAMPLE_EVERY, SAMPLE_ABOVE = 8, 128, 65_536
"""A large fleet's first level is that of 8 neighbours in every 128; it saves passes and decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyCurves:
    """What each of N devices delivers at a level: `clip(preferred_kw + kw_per_level * level, min, max)`.

    All four are float64 of shape (N,), in kW, positive when they help the grid. `kw_per_level` >= 0; where it is 0
    the device delivers the same at every level. Raises ValueError for other shapes and types; numbers are checked by
    the allocation, which reads them anyway.
    """

    preferred_kw: Floats
    kw_per_level: Floats
    power_kw_min: Floats
    power_kw_max: Floats

    def __post_init__(self) -> None:
        shape = self.preferred_kw.shape
        for array in (self.preferred_kw, self.kw_per_level, self.power_kw_min, self.power_kw_max):
            if array.shape != shape or array.ndim != 1 or array.dtype != np.float64:
                raise ValueError("supply curves are four float64 arrays of one dimension and equal length, "
                                 f"and one is {array.dtype} of shape {array.shape}")

    def __len__(self) -> int:
        return len(self.preferred_kw)

    def part(self, devices: slice) -> SupplyCurves:
        """The curves of some neighbours, not copied."""
        return SupplyCurves(preferred_kw=self.preferred_kw[devices], kw_per_level=self.kw_per_level[devices],
                            power_kw_min=self.power_kw_min[devices], power_kw_max=self.power_kw_max[devices])

    def at(self, level: float) -> Floats:
        """What each device delivers at a level. [kW]"""
        wanted_kw = self.preferred_kw + self.kw_per_level * level
        return np.minimum(np.maximum(wanted_kw, self.power_kw_min), self.power_kw_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What each device is asked to deliver, and the level at which it would do so by itself.

    `shortfall_kw` is the target less the nearest total that the bounds allow: 0 when the target is reached, positive
    when the fleet cannot deliver so much (all are then at their maximum), negative when it cannot deliver so little.
    `residual_kw` is what rounding leaves: target - shortfall - sum. `passes` counts how often the whole fleet
    was read, to check it, to find the level and to write the result.
    """

    delivered_kw: Floats
    level: float
    passes: int
    shortfall_kw: float
    residual_kw: float


def allocate(target_kw: float, curves: SupplyCurves, *, start_level: float | None = None,
             into_kw: Floats | None = None) -> Allocation:
    """Share `target_kw` out over the devices at one level.

    `start_level` is where to begin, best the level of the last step, else where the curves would meet the target if
    they had no bounds; `into_kw` is an array that takes the result in place of a new one, and none of the curves' own.
    A target out of reach gives the nearest reachable allocation and its shortfall. Raises ValueError when a number is
    not finite, a `kw_per_level` is negative, or a minimum lies above its maximum.
    """
    check_target(target_kw)
    curves = pinned(curves)
    low_kw, high_kw = float(curves.power_kw_min.sum()), float(curves.power_kw_max.sum())
    preferred_kw, kw_per_level = float(curves.preferred_kw.sum()), float(curves.kw_per_level.sum())
    if not math.isfinite(low_kw + high_kw + preferred_kw + kw_per_level):
        raise ValueError(why_not_sound(curves))
    delivered_kw = result_array(curves, into_kw)
    if start_level is None:
        without_bounds = (target_kw - preferred_kw) / kw_per_level if kw_per_level > 0 else 0.0
        start_level = _sampled_level(target_kw, curves, without_bounds)
    if low_kw < target_kw < high_kw:
        reachable_kw = target_kw
        tolerance_kw = TOLERANCE * max(abs(target_kw), high_kw - low_kw)
        level, passes = _fill_to(target_kw, curves, start_level, tolerance_kw, delivered_kw)
        _settle_rounding(target_kw, curves, delivered_kw)
    else:
        at_maximum = target_kw >= high_kw
        bound_kw, reachable_kw = (curves.power_kw_max, high_kw) if at_maximum else (curves.power_kw_min, low_kw)
        level, passes = outermost_level(curves, bound_kw, start_level, at_maximum=at_maximum), 1
        np.copyto(delivered_kw, bound_kw)
    return Allocation(delivered_kw=delivered_kw, level=level, passes=passes + 1, shortfall_kw=target_kw - reachable_kw,
                      residual_kw=reachable_kw - float(delivered_kw.sum()))


def check_target(target_kw: float) -> None:
    """Raise ValueError for a target that is no number of kilowatts."""
    if not math.isfinite(target_kw):
        raise ValueError(f"a target of {target_kw} kW cannot be shared out; it must be finite")


def why_not_sound(curves: SupplyCurves) -> str:
    """What is wrong with the curves, and with which device first."""
    for name in ("preferred_kw", "kw_per_level", "power_kw_min", "power_kw_max"):
        odd = np.flatnonzero(~np.isfinite(getattr(curves, name)))
        if len(odd):
            return f"{name} of device {odd[0]} is {getattr(curves, name)[odd[0]]}; every number must be finite"
    for first in np.flatnonzero(curves.kw_per_level < 0)[:1]:
        return f"kw_per_level of device {first} is {curves.kw_per_level[first]}; it may not be negative"
    for first in np.flatnonzero(curves.power_kw_min > curves.power_kw_max)[:1]:
        return (f"device {first} must deliver {curves.power_kw_min[first]} kW at least "
                f"and {curves.power_kw_max[first]} kW at most; the minimum may not lie above the maximum")
    return "the kilowatts of the fleet are too large to add up"


def result_array(curves: SupplyCurves, into_kw: Floats | None) -> Floats:
    """The array that takes the result; ValueError when the one given does not fit."""
    if into_kw is None:
        return np.empty(len(curves))
    if into_kw.shape != (len(curves),) or into_kw.dtype != np.float64 or not into_kw.flags.c_contiguous:
        raise ValueError(f"the result of {len(curves)} devices needs one contiguous float64 for each")
    return into_kw


def _sampled_level(target_kw: float, curves: SupplyCurves, level: float) -> float:
    """Where to begin in a large fleet, the level at which a sample delivers its share; in a small one, at `level`."""
    count = len(curves)
    if count < SAMPLE_ABOVE:
        return level
    runs = count // SAMPLE_EVERY

    def sample(array: Floats) -> Floats:
        return array[: runs * SAMPLE_EVERY].reshape(runs, SAMPLE_EVERY)[:, :SAMPLE_RUN].ravel()

    part = SupplyCurves(preferred_kw=sample(curves.preferred_kw), kw_per_level=sample(curves.kw_per_level),
                        power_kw_min=sample(curves.power_kw_min), power_kw_max=sample(curves.power_kw_max))
    return allocate(target_kw * len(part) / count, part).level


def pinned(curves: SupplyCurves) -> SupplyCurves:
    """The curves, with both bounds of a device that answers to no level set to what it delivers."""
    flattest = float(curves.kw_per_level.min(initial=math.inf))
    if flattest < 0 or not bool((curves.power_kw_min <= curves.power_kw_max).all()):
        raise ValueError(why_not_sound(curves))
    if flattest > 0:
        return curves
    moves, always_kw = curves.kw_per_level > 0, curves.at(0.0)
    return replace(curves, power_kw_min=np.where(moves, curves.power_kw_min, always_kw),
                   power_kw_max=np.where(moves, curves.power_kw_max, always_kw))


def _read(curves: SupplyCurves, level: float, delivered_kw: Floats) -> tuple[float, float]:
    """One pass: fill in what each device delivers at a level; the total, and its slope in the level. [kW]"""
    total_kw = slope_kw = 0.0
    scratch = np.empty(min(BLOCK, len(curves)))
    for block in _blocks(len(curves)):
        kw_per_level, delivered = curves.kw_per_level[block], delivered_kw[block]
        wanted = scratch[: len(delivered)]
        np.multiply(kw_per_level, level, out=wanted)
        np.add(wanted, curves.preferred_kw[block], out=wanted)
        np.maximum(wanted, curves.power_kw_min[block], out=delivered)
        np.minimum(delivered, curves.power_kw_max[block], out=delivered)
        between_bounds = np.equal(wanted, delivered, out=wanted)
        np.multiply(kw_per_level, between_bounds, out=wanted)  # not @, which would start threads for each block
        total_kw += float(np.add.reduce(delivered))
        slope_kw += float(np.add.reduce(wanted))
    return total_kw, slope_kw


def _blocks(count: int) -> Iterator[slice]:
    return (slice(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK))


def _fill_to(target_kw: float, curves: SupplyCurves, level: float, tolerance_kw: float,
             delivered_kw: Floats) -> tuple[float, int]:
    """The level at which the fleet delivers a target inside its range, filled in; and the passes it took.

    Newton's step where it stays inside the bracket, else the middle; a bracket still open is closed first.
    """
    low, high = -math.inf, math.inf
    for passes in range(1, NEWTON_PASSES_MAX + 1):
        total_kw, slope_kw = _read(curves, level, delivered_kw)
        missing_kw = target_kw - total_kw
        following = level + missing_kw / slope_kw if slope_kw > 0 else math.inf
        if abs(missing_kw) <= tolerance_kw or following == level:
            return level, passes
        low, high = (level, high) if missing_kw > 0 else (low, level)
        if not low < following < high:
            low = low if math.isfinite(low) else outermost_level(curves, curves.power_kw_min, level, at_maximum=False)
            high = high if math.isfinite(high) else outermost_level(curves, curves.power_kw_max, level,
                                                                     at_maximum=True)
            following = low + (high - low) / 2
        level = following
    return _search_corners(target_kw, curves, low, high, delivered_kw)


def _corners(curves: SupplyCurves, bound_kw: Floats) -> Floats:
    """The levels at which the devices that answer to a level come to a bound."""
    moves = curves.kw_per_level > 0
    with np.errstate(over="ignore"):
        corners = (bound_kw[moves] - curves.preferred_kw[moves]) / curves.kw_per_level[moves]
    return np.clip(corners, -LEVEL_MAX, LEVEL_MAX)


def outermost_level(curves: SupplyCurves, bound_kw: Floats, otherwise: float, *, at_maximum: bool) -> float:
    """The level beyond which no device delivers more (or less); `otherwise` when none answers to a level."""
    corners = _corners(curves, bound_kw)
    if not len(corners):
        return otherwise
    return float(corners.max() if at_maximum else corners.min())


def _search_corners(target_kw: float, curves: SupplyCurves, low: float, high: float,
                    delivered_kw: Floats) -> tuple[float, int]:
    """The level by halving the sorted corners between low and high; between two corners the total is a line."""
    corners = np.concatenate([_corners(curves, curves.power_kw_min), _corners(curves, curves.power_kw_max)])
    levels = np.concatenate([[low], np.unique(corners[(corners > low) & (corners < high)]), [high]])
    below, above, passes = 0, len(levels) - 1, NEWTON_PASSES_MAX + 3
    while above - below > 1:
        middle, passes = (below + above) // 2, passes + 1
        reaches = _read(curves, float(levels[middle]), delivered_kw)[0] >= target_kw
        below, above = (below, middle) if reaches else (middle, above)
    first, last = float(levels[below]), float(levels[above])
    first_kw, last_kw = (_read(curves, level, delivered_kw)[0] for level in (first, last))
    share = (target_kw - first_kw) / (last_kw - first_kw) if last_kw > first_kw else 0.0
    level = first + min(max(share, 0.0), 1.0) * (last - first)
    _read(curves, level, delivered_kw)
    return level, passes


def _settle_rounding(target_kw: float, curves: SupplyCurves, delivered_kw: Floats) -> None:
    """Put what rounding of the level left on the first device that is between its bounds and has room for it.

    A level is one float for the whole fleet, and its last digit may be worth a milliwatt; a cap must not be broken by
    it.
    """
    missing_kw = target_kw - float(delivered_kw.sum())
    for block in _blocks(len(curves)):
        asked, low, high = delivered_kw[block], curves.power_kw_min[block], curves.power_kw_max[block]
        fits = (low < asked) & (asked < high) & (low < asked + missing_kw) & (asked + missing_kw < high)
        if fits.any():
            asked[int(fits.argmax())] += missing_kw
            return
