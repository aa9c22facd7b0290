"""One target shared out under limits of feeders and zones, with the worth of each limit: nested water-filling.

Limits that nest (each device in a feeder, each feeder in a zone, ...) leave the allocation a matter of levels. With
T(level) what a group's devices deliver at a level, a group limited to [min, max] delivers clip(T(level), min, max): it
follows the level of what it hangs on until its limit binds, and keeps the level at which it came there. So, from the
smallest groups to the largest:

    a group that could deliver more than its maximum is given its maximum to share out, and what its devices deliver
    then becomes the most that they may; likewise for its minimum and the least.

After that no limit can be broken, and the target is shared out over all devices as though there were none. The dual
of a limit is the level above the group less the level inside: what one more kilowatt there would be worth, 0 where
the limit is slack, negative for a minimum that binds. The price at a device is the level less the duals of all groups
above it, which is its own group's level.

Source: water-filling over a laminar family, a polymatroid's greedy allocation; Federgruen and Groenevelt, Operations
Research 34 (1986) 909-918. `allocate_nested_compiled` is the compiled twin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from .allocate import TOLERANCE, Floats, SupplyCurves, allocate, check_target, outermost_level, pinned
from .feeder_tree import FeederTree, Whole

LIMIT_MARGIN = 0.1 * TOLERANCE
"""A limit is aimed at from within by this share of it, so that the order in which a group is summed breaks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedAllocation:
    """What each device is asked to deliver, the level, and the worth of every group's limit.

    Arrays of devices and of groups stand in the caller's order. `group_level` is the price at the group's devices;
    `cap_dual` is the level above a group less the level inside, positive where its maximum binds, negative where its
    minimum does. `shortfall_devices_kw` is what the devices' own bounds leave undelivered of the target, and
    `shortfall_caps_kw` what the limits of groups leave in addition; both are negative for a target that lies below the
    least that can be delivered. When the target is short the level is the one beyond which no device would move, and
    duals are counted from there. `over_kw` is by how much a group passes its maximum because its devices must deliver
    more, negative where they cannot deliver its minimum; 0 for every limit that can be kept. `passes` are those of the
    last sharing out, over all devices.
    """

    delivered_kw: Floats
    level: float
    group_level: Floats
    cap_dual: Floats
    group_total_kw: Floats
    over_kw: Floats
    shortfall_devices_kw: float
    shortfall_caps_kw: float
    residual_kw: float
    passes: int

    @property
    def shortfall_kw(self) -> float:
        """The target less what can be delivered, by whatever cause."""
        return self.shortfall_devices_kw + self.shortfall_caps_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class InTreeOrder:
    """What a kernel finds: devices in the tree's order, groups by rank."""

    delivered_kw: Floats
    level: float
    group_level: Floats
    group_total_kw: Floats
    shortfall_kw: float
    residual_kw: float
    passes: int


class Solver(Protocol):
    """A kernel that shares a target out under limits, all in the tree's order."""

    def __call__(self, target_kw: float, curves: SupplyCurves, tree: FeederTree, kw_min: Floats, kw_max: Floats,
                 start_level: float | None) -> InTreeOrder: ...


def allocate_nested(target_kw: float, curves: SupplyCurves, tree: FeederTree, *, group_kw_max: ArrayLike,
                    group_kw_min: ArrayLike | None = None, start_level: float | None = None) -> NestedAllocation:
    """Share `target_kw` out so that the devices of each group together stay within [group_kw_min, group_kw_max].

    Limits have shape (G,), in kW, positive when they help the grid; infinity is no limit, and no minimum is given for
    -infinity or None. A target or a limit out of reach gives the nearest reachable allocation, never an error. Raises
    ValueError for curves that are not sound (see `allocate`), for a limit that is not a number and for a minimum above
    its maximum.
    """
    return solve(_solve, target_kw, curves, tree, group_kw_max, group_kw_min, start_level)


def solve(solver: Solver, target_kw: float, curves: SupplyCurves, tree: FeederTree, group_kw_max: ArrayLike,
          group_kw_min: ArrayLike | None, start_level: float | None) -> NestedAllocation:
    """What both twins share: checks, the order of devices and groups, and what the limits are worth."""
    check_target(target_kw)
    kw_max, kw_min = _limits(tree, group_kw_max, math.inf), _limits(tree, group_kw_min, -math.inf)
    for group in np.flatnonzero(kw_min > kw_max)[:1]:
        raise ValueError(f"group {tree.groups[group]} has a minimum of {kw_min[group]} kW "
                         f"above its maximum of {kw_max[group]} kW")
    if len(curves) != len(tree.devices):
        raise ValueError(f"the tree has {len(tree.devices)} devices and there are curves of {len(curves)}")
    ordered = curves if tree.sorted_already else SupplyCurves(
        preferred_kw=curves.preferred_kw.take(tree.devices), kw_per_level=curves.kw_per_level.take(tree.devices),
        power_kw_min=curves.power_kw_min.take(tree.devices), power_kw_max=curves.power_kw_max.take(tree.devices))
    found = solver(target_kw, ordered, tree, kw_min, kw_max, start_level)
    shortfall_devices_kw = _shortfall_of_bounds(target_kw, curves) if found.shortfall_kw else 0.0
    above = np.append(found.group_level, found.level)[tree.parent_rank]  # -1, no parent, reads the level itself
    over_kw = found.group_total_kw - np.clip(found.group_total_kw, kw_min, kw_max)
    return NestedAllocation(
        delivered_kw=found.delivered_kw if tree.sorted_already else _scattered(found.delivered_kw, tree.devices),
        level=found.level, group_level=_scattered(found.group_level, tree.groups),
        cap_dual=_scattered(above - found.group_level, tree.groups),
        group_total_kw=_scattered(found.group_total_kw, tree.groups), over_kw=_scattered(over_kw, tree.groups),
        shortfall_devices_kw=shortfall_devices_kw, shortfall_caps_kw=found.shortfall_kw - shortfall_devices_kw,
        residual_kw=found.residual_kw, passes=found.passes)


def _scattered(sorted_kw: Floats, places: Whole) -> Floats:
    """What stands at a place in the tree's order, put back where the caller has it."""
    back = np.empty_like(sorted_kw)
    back[places] = sorted_kw
    return back


def _shortfall_of_bounds(target_kw: float, curves: SupplyCurves) -> float:
    """What the devices' own bounds leave undelivered, were there no groups. [kW]"""
    within = pinned(curves)
    return target_kw - min(max(target_kw, float(within.power_kw_min.sum())), float(within.power_kw_max.sum()))


def _limits(tree: FeederTree, limits_kw: ArrayLike | None, none: float) -> Floats:
    """The limits by rank; `none` for all when there are none."""
    given = np.full(len(tree.groups), none) if limits_kw is None else np.asarray(limits_kw, dtype=np.float64)
    if given.shape != tree.groups.shape or np.isnan(given).any() or (given == -none).any():
        raise ValueError(f"{len(tree.groups)} groups need one limit each, a number or {none} for none")
    return given[tree.groups]


def _solve(target_kw: float, curves: SupplyCurves, tree: FeederTree, kw_min: Floats, kw_max: Floats,
           start_level: float | None) -> InTreeOrder:
    """The kernel in numpy: tighten the devices' bounds group by group, then share out as though there were no limit."""
    own = pinned(curves)
    within = replace(own, power_kw_min=own.power_kw_min.copy(), power_kw_max=own.power_kw_max.copy())
    slices = [slice(first, last) for first, last in zip(tree.first.tolist(), tree.last.tolist(), strict=True)]
    floors, ceilings = np.full(len(kw_min), -math.inf), np.full(len(kw_max), math.inf)
    level = start_level
    for rank, devices in enumerate(slices):
        part = within.part(devices)
        if part.power_kw_max.sum() > kw_max[rank]:
            most = allocate(kw_max[rank] - LIMIT_MARGIN * abs(kw_max[rank]), part, start_level=level)
            part.power_kw_max[:] = most.delivered_kw
            ceilings[rank] = level = most.level
        if part.power_kw_min.sum() < kw_min[rank]:
            least = allocate(kw_min[rank] + LIMIT_MARGIN * abs(kw_min[rank]), part, start_level=level)
            part.power_kw_min[:] = least.delivered_kw
            floors[rank] = level = least.level
    found = allocate(target_kw, within, start_level=start_level)
    level = found.level
    if found.shortfall_kw > 0:
        level = max(level, outermost_level(own, own.power_kw_max, level, at_maximum=True))
    elif found.shortfall_kw < 0:
        level = min(level, outermost_level(own, own.power_kw_min, level, at_maximum=False))
    return InTreeOrder(
        delivered_kw=found.delivered_kw, level=level,
        group_level=_levels_inside(level, floors, ceilings, tree.parent_rank),
        group_total_kw=np.array([found.delivered_kw[devices].sum() for devices in slices]),
        shortfall_kw=found.shortfall_kw, residual_kw=found.residual_kw, passes=found.passes)


def _levels_inside(level: float, floors: Floats, ceilings: Floats, parent_rank: Whole) -> Floats:
    """The level of each group by rank: that of what it hangs on, until its own limit binds."""
    inside = np.full(len(floors) + 1, level)  # the last place is the grid's, which the rank -1 reads
    for rank in range(len(floors) - 1, -1, -1):
        inside[rank] = min(max(inside[parent_rank[rank]], floors[rank]), ceilings[rank])
    return inside[:-1]
