"""Who goes first: policies as supply curves, so that one allocation serves them all.

*Longest time-to-go first.* A battery's time-to-go is the hours that it can hold its full power: stored energy above
its floor over power. Asking those with the longest first, and letting those that have come level share, serves
whatever request the fleet can serve at all, without knowing how long the event will last or what will be asked next.
Source: Evans, Tindemans, Angeli, "Robustly Maximal Utilisation of Energy-Constrained Distributed Resources", arXiv
1710.06302 (the policy and its optimality); "Minimising Unserved Energy Using Heterogeneous Storage Units", IEEE
Transactions on Power Systems 34(5), 2019, 3647-3656 (its form in steps).

*Prices.* Everything else that should count is a price in hours of time-to-go, and prices add up: a device with a price
of 0.5 h is asked as though it would be empty half an hour sooner. Only differences between devices matter. With prices
the fleet no longer holds every request that it could; how much is given away grows with the spread of the prices.
"""

from __future__ import annotations

import numpy as np

from .allocate import Floats, SupplyCurves


def longest_time_to_go_first(*, stored_kwh: Floats, power_kw: Floats, step_h: float,
                             price_h: Floats | float = 0.0) -> SupplyCurves:
    """The supply curves of batteries for a step, under which the longest time-to-go is asked first.

    `stored_kwh` is the energy above the floor, none where it is negative; `power_kw` >= 0 is what the device may
    deliver; both have shape (N,). A level is a time-to-go with its sign turned: at level -2 h each device is asked
    for what brings it down to 2 h at the end of the step, as far as its power allows. So the allocation minimises
    sum (stored - p * step - price * power)^2 / power, and levels carry from one step to the next. Raises ValueError
    for a step that is not positive or a power that is negative.
    """
    if not step_h > 0:
        raise ValueError(f"a step of {step_h} h is not positive")
    if not bool((power_kw >= 0).all()):
        raise ValueError("the power that a device may deliver must be 0 kW or more")
    to_empty_kw = np.maximum(stored_kwh, 0.0) / step_h
    kw_per_level = power_kw / step_h
    return SupplyCurves(preferred_kw=to_empty_kw - kw_per_level * price_h, kw_per_level=kw_per_level,
                        power_kw_min=np.zeros(len(power_kw)), power_kw_max=np.minimum(power_kw, to_empty_kw))


def proportional(power_kw_min: Floats, power_kw_max: Floats) -> SupplyCurves:
    """The supply curves under which each device delivers the same share of its own range; the level is that share.

    The level runs from 0 (all at the minimum) to 1 (all at the maximum). This is the rule to compare with.
    """
    return SupplyCurves(preferred_kw=power_kw_min.astype(np.float64), kw_per_level=power_kw_max - power_kw_min,
                        power_kw_min=power_kw_min.astype(np.float64), power_kw_max=power_kw_max.astype(np.float64))


def fairness_price_h(used_h: Floats, *, weight: float) -> Floats:
    """The price of having been asked before: `weight` hours for each hour of full power used above the fleet's mean.

    `used_h` is energy delivered so far (this month, this season) over power, shape (N,). With weight 0 only
    time-to-go counts; with 1 an hour used weighs as much as an hour of energy.
    """
    return weight * (used_h - used_h.mean()) if len(used_h) else weight * used_h


def cycle_price_h(cycles_left: Floats, cycles_year: Floats, *, year_left_share: float, weight_h: float) -> Floats:
    """The price of the yearly cycle budget: how far a device's cycles have run ahead of the year.

    `weight_h * (year_left_share - cycles_left / cycles_year)`: nothing for a device that has used its cycles evenly,
    `weight_h` hours at the most for one that has used all of them at the year's first event, less than nothing for
    one that was spared. With `weight_h` well above the fleet's times-to-go (24 h, say) the customer with the fewest
    cycles left is asked last. The budget itself is a protection and binds elsewhere; this spreads the use of it. A
    device without a budget has an infinite `cycles_year` and counts as one that is spared.
    """
    without = np.isinf(cycles_year)
    share_left = np.where(without, 1.0, np.clip(cycles_left, 0.0, None) / np.where(without, 1.0, cycles_year))
    return weight_h * (year_left_share - np.minimum(share_left, 1.0))
