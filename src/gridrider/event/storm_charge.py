"""When each battery begins to charge before a storm, and how full it will be when the storm comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Instants = NDArray[np.datetime64]

SECOND = np.timedelta64(1, "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class StormCharge:
    """The storm charge of each site; arrays of one length."""

    start: Instants
    """When it begins. [s, UTC]"""
    expected_soc_pct_at_onset: Floats
    """Stored over usable energy. NaN where the battery is not known."""
    enough: NDArray[np.bool_]
    """True if the target is reached by the onset."""


def storm_charge_plan(*, site_id: NDArray[np.str_], stored_kwh: Floats, usable_kwh: Floats, charge_kw_max: Floats,
                      efficiency: Floats | float, now: np.datetime64, onset: Instants, target_pct: Floats | float,
                      seed: int, spread_h: float = 4.0, margin_h: float = 0.5,
                      planned_start: Instants | None = None) -> StormCharge:
    """Spread the beginnings over the time that is to spare, so that storm charging makes no peak of its own.

    `charge_kw_max` is drawn from the grid, `efficiency` of it is stored. A battery that has time to spare begins at a
    moment of its own, evenly spread from now over at most `spread_h` hours, and early enough to reach `target_pct` of
    usable energy `margin_h` hours before the onset; one that has none begins now. The moment depends on `seed` and the
    site alone, whoever else is charged. Give `planned_start` (NaT = none) when planning again: a beginning never moves
    to later. An onset that is not known (NaT) or over counts as now. Arrays are [sites]; times are datetime64, UTC.
    """
    at = now.astype("datetime64[s]")
    rate_kw = charge_kw_max * efficiency
    target_kwh = np.maximum(np.asarray(target_pct) / 100 * usable_kwh, stored_kwh)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed_h = np.where(target_kwh > stored_kwh, (target_kwh - stored_kwh) / rate_kw, 0.0)
    time_h = np.nan_to_num((onset - at) / SECOND / 3600, nan=0.0).clip(min=0.0)
    spare_h = np.nan_to_num(time_h - margin_h - needed_h, nan=0.0, neginf=0.0).clip(0.0, spread_h)
    start = at + np.floor(spare_h * 3600 * own_fraction(site_id, seed)).astype("timedelta64[s]")
    if planned_start is not None:
        start = np.fmin(start, planned_start.astype("datetime64[s]"))
    charging_h = (time_h - (np.maximum(start, at) - at) / SECOND / 3600).clip(min=0.0)
    expected_kwh = np.minimum(target_kwh, stored_kwh + rate_kw * charging_h)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected_pct = expected_kwh / usable_kwh * 100
    return StormCharge(start=start, expected_soc_pct_at_onset=expected_pct,
                       enough=expected_kwh >= target_kwh * (1 - 1e-12))


def own_fraction(site_id: NDArray[np.str_], seed: int) -> Floats:
    """A number in [0, 1) for each site, from its id and the seed alone.

    FNV-1a over the id's code points (Fowler, Noll, Vo), then the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    """
    letters = np.ascontiguousarray(site_id).view(np.uint32).reshape(len(site_id), site_id.dtype.itemsize // 4)
    mixed = np.full(len(site_id), (0xCBF29CE484222325 ^ seed) & 0xFFFFFFFFFFFFFFFF, np.uint64)
    for column in letters.T.astype(np.uint64):
        mixed = np.where(column > 0, (mixed ^ column) * np.uint64(0x100000001B3), mixed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
