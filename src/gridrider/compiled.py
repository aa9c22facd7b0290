"""The one door to the compiler: kernels are compiled where numba is installed (the extra `fast`), else plain Python.

A compiled kernel is a twin: its numpy version beside it is the reference, and the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar, cast

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

HAVE_NUMBA = find_spec("numba") is not None
"""True where compiled kernels run compiled; without it callers take the numpy twins."""

REORDERED = frozenset({"reassoc", "contract", "arcp", "nsz"})
"""What the compiler may do to sums so that they run in vector registers. NaN and infinity keep their meaning."""


def compiled(kernel: Kernel) -> Kernel:
    """The kernel compiled for one core, kept on disk for the next process."""
    return _compiled(kernel, parallel=False)


def compiled_parallel(kernel: Kernel) -> Kernel:
    """The kernel compiled for all cores: its `prange` loops are shared out."""
    return _compiled(kernel, parallel=True)


def _compiled(kernel: Kernel, *, parallel: bool) -> Kernel:
    if not HAVE_NUMBA:
        return kernel
    import numba

    made: Any = numba.njit(cache=True, nogil=True, parallel=parallel, fastmath=set(REORDERED))(kernel)
    return cast(Kernel, made)


prange: Any = import_module("numba").prange if HAVE_NUMBA else range
"""A range whose turns `compiled_parallel` shares out; turns must not depend on one another."""
