"""The cheapest devices first: one target over a fleet at least cost, where each device asks one price."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .allocate import Floats, check_target


@dataclass(frozen=True, slots=True, kw_only=True)
class MeritOrder:
    """What each device is asked to deliver, and the price of the last one asked.

    `price` is the dual of the target, in the unit of the prices given: that of the device which is asked for a part,
    or of the last asked in full. `shortfall_kw` is the target less the nearest total that the bounds allow.
    """

    delivered_kw: Floats
    price: float
    shortfall_kw: float


def allocate_by_price(target_kw: float, price: Floats, power_kw_min: Floats, power_kw_max: Floats) -> MeritOrder:
    """Share `target_kw` out, from the lowest price up; devices of one price are asked in the order they stand in.

    Everybody delivers the minimum, then each in turn as much more as the maximum allows. This is the optimum of
    minimising sum(price * p) subject to sum p = target and min <= p <= max, found by sorting. Arrays have shape (N,);
    kW are positive when they help the grid. Raises ValueError when a number is not finite or a minimum lies above its
    maximum.
    """
    check_target(target_kw)
    room_kw = power_kw_max - power_kw_min
    if not (np.isfinite(price).all() and np.isfinite(room_kw).all() and (room_kw >= 0).all()):
        raise ValueError("prices and bounds must be finite, and no minimum may lie above its maximum")
    order: NDArray[np.intp] = np.argsort(price, kind="stable")
    before_kw = np.cumsum(room_kw[order]) - room_kw[order]
    wanted_kw = target_kw - float(power_kw_min.sum())
    more_kw = np.clip(wanted_kw - before_kw, 0.0, room_kw[order])
    delivered_kw = power_kw_min.astype(np.float64)
    delivered_kw[order] += more_kw
    asked = np.flatnonzero(more_kw > 0)
    last = int(asked[-1]) if len(asked) else 0
    reachable_kw = min(max(wanted_kw, 0.0), float(room_kw.sum()))
    return MeritOrder(delivered_kw=delivered_kw, price=float(price[order[last]]) if len(price) else math.nan,
                      shortfall_kw=wanted_kw - reachable_kw)
