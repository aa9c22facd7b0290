"""Where devices hang in the grid: groups inside groups (feeder, zone, ...), so ordered that each group is one slice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Whole = NDArray[np.int64]

NO_GROUP = -1
"""The parent of a group that hangs on nothing else, and the group of a device that hangs on none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederTree:
    """Groups and their devices, sorted once and used for every allocation.

    Groups are numbered 0..G-1 and devices 0..N-1 as the caller numbers them; `parent` has shape (G,). Inside, groups
    stand children first: `groups[rank]` is the group at a rank, and its devices with those of all groups below it are
    `devices[first[rank]:last[rank]]`. `sorted_already` is true where `devices` is 0..N-1, so that nothing is copied.
    """

    parent: Whole
    group_of_device: Whole
    groups: Whole
    parent_rank: Whole
    first: Whole
    last: Whole
    devices: Whole
    sorted_already: bool

    @classmethod
    def of(cls, parent: ArrayLike, group_of_device: ArrayLike) -> FeederTree:
        """The tree in which group g hangs on `parent[g]` and device d on `group_of_device[d]`, or on -1: on nothing.

        Raises ValueError for a group that does not exist, and for groups that hang on one another in a ring.
        """
        parents, labels = (np.asarray(given, dtype=np.int64) for given in (parent, group_of_device))
        for what, given in (("group", parents), ("device", labels)):
            odd = np.flatnonzero((given < NO_GROUP) | (given >= len(parents)))
            if len(odd):
                raise ValueError(f"{what} {odd[0]} hangs on group {given[odd[0]]}, and there are {len(parents)} groups")
        groups, sizes = _children_first(parents)
        rank = np.empty(len(parents) + 1, dtype=np.int64)
        rank[groups] = np.arange(len(parents))
        rank[NO_GROUP] = len(parents)  # the last place, which the label -1 reads
        device_rank = rank[labels]
        devices = np.argsort(device_rank, kind="stable")
        end_of_rank = np.searchsorted(device_rank[devices], np.arange(len(parents)), side="right")
        first_rank = np.arange(len(parents)) - sizes + 1
        return cls(parent=parents, group_of_device=labels, groups=groups,
                   parent_rank=np.where(parents[groups] == NO_GROUP, NO_GROUP, rank[parents[groups]]),
                   first=np.concatenate([[0], end_of_rank])[first_rank] if len(parents) else end_of_rank,
                   last=end_of_rank, devices=devices,
                   sorted_already=bool((devices == np.arange(len(devices))).all()))


def _children_first(parents: Whole) -> tuple[Whole, Whole]:
    """Every group after all groups below it and next to them, and how many groups each holds with itself."""
    by_parent = np.argsort(parents, kind="stable")
    bounds = np.searchsorted(parents[by_parent], np.arange(NO_GROUP, len(parents) + 1))
    children = [by_parent[start:end].tolist() for start, end in pairwise(bounds.tolist())]
    order: list[int] = []
    sizes: list[int] = []
    began: dict[int, int] = {}
    waiting: list[int] = children[0][::-1] if len(parents) else []
    while waiting:
        group = waiting[-1]
        if group not in began:
            began[group] = len(order)
            waiting.extend(children[group + 1][::-1])
        else:
            waiting.pop()
            order.append(group)
            sizes.append(len(order) - began[group])
    if len(order) < len(parents):
        ring = min(set(range(len(parents))) - set(order))
        raise ValueError(f"group {ring} hangs in a ring: following its parents never ends")
    return np.array(order, dtype=np.int64), np.array(sizes, dtype=np.int64)
