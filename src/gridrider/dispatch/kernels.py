"""The kernels that a use case calls: compiled twins for large fleets where numba is installed, numpy elsewhere.

The twins agree to the last digits but not in them. A fleet small enough for numpy to be quick always runs in numpy, so
that a replay gives the same bytes with and without the compiler (decision 15).
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from ..compiled import HAVE_NUMBA
from . import allocate as plain
from . import allocate_nested as plain_nested
from .allocate import Allocation, SupplyCurves
from .allocate_nested import NestedAllocation
from .feeder_tree import FeederTree

COMPILED_FROM = 200_000
"""Devices from which on the compiled twin is worth its last digits."""


def allocate(target_kw: float, curves: SupplyCurves, *, start_level: float | None = None) -> Allocation:
    """Share a target out over the fleet (`allocate.allocate`)."""
    if HAVE_NUMBA and len(curves) >= COMPILED_FROM:
        from .allocate_compiled import allocate as compiled

        return compiled(target_kw, curves, start_level=start_level)
    return plain.allocate(target_kw, curves, start_level=start_level)


def allocate_nested(target_kw: float, curves: SupplyCurves, tree: FeederTree, *, group_kw_max: ArrayLike,
                    start_level: float | None = None) -> NestedAllocation:
    """Share a target out under limits that nest (`allocate_nested.allocate_nested`)."""
    if HAVE_NUMBA and len(curves) >= COMPILED_FROM:
        from .allocate_nested_compiled import allocate_nested as compiled

        return compiled(target_kw, curves, tree, group_kw_max=group_kw_max, start_level=start_level)
    return plain_nested.allocate_nested(target_kw, curves, tree, group_kw_max=group_kw_max, start_level=start_level)
