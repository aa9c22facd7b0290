"""The day plan of storage devices at least cost, exact, as a policy that a device follows on its own.

Method. Let V(s) be the least cost still to come with s kWh stored. It is convex and piecewise linear, so it is known by
Y(v), the stored energy up to which one more kWh is worth more than v dollars. Going back one step, a purchase of up to
C at price u, and a sale of up to D at price d <= u, change Y by

    Y(v) <- clip(Y(v) - C [v >= u] + D [v < d], 0, stored_kwh_max),     a floor F:  Y(v) <- max(Y(v), F),

and the best thing to do in the step is to charge up to Y(u) and to discharge down to Y(d), of Y before the change. Each
v goes its own way, and only the prices of the steps are ever asked for: at most 4 T of them, no grid, no rounding.
Prices are per stored kWh (losses and wear in them); import above export splits both segments where the home's own load
or surplus ends. A floor has no price: below it a kWh is worth more than any v.

Sources: threshold policies of storage under prices, Cruise, Flatley, Gibbens, Zachary, arXiv 1406.3653, and Hashmi
et al., arXiv 2002.01524; the slopes of V kept sorted are the compiled twin's way (`schedule_compiled`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from .schedule_model import Floats, Horizon, Plan, Policy, Storage, check_together

CELLS_AT_ONCE = 120_000
"""How many Y are worked on at once: few enough for a core's cache."""


def schedule(devices: Storage, ahead: Horizon) -> Plan:
    """The plans at least cost. ValueError where devices and horizon do not fit (`check_together`)."""
    return follow(thresholds(devices, ahead), devices, ahead)


def totals(devices: Storage, ahead: Horizon) -> tuple[float, Floats]:
    """Cost of all plans in USD and what all deliver in each step, (T,) kWh; no plan is kept."""
    check_together(devices, ahead)
    cost, delivered = 0.0, np.zeros(ahead.steps)
    for which in parts(devices.count, 4 * ahead.steps):
        plan = schedule(devices.part(which), ahead.part(which))
        cost += float(plan.cost_usd.sum())
        delivered += plan.delivered_kwh.sum(axis=0)
    return cost, delivered


def thresholds(devices: Storage, ahead: Horizon) -> Policy:
    """The policies at least cost, one per device, (N, T) each."""
    check_together(devices, ahead)
    made = np.empty((len(fields(Policy)), devices.count, ahead.steps))
    for which in parts(devices.count, 4 * ahead.steps):
        _thresholds(devices.part(which), ahead.part(which), made[:, which])
    return Policy(**{field.name: array for field, array in zip(fields(Policy), made, strict=True)})


def parts(count: int, cells: int) -> Iterator[slice]:
    """Slices of the devices, small enough for the cache at so many cells each."""
    size = max(1, CELLS_AT_ONCE // cells)
    return (slice(start, start + size) for start in range(0, count, size))


def _thresholds(devices: Storage, ahead: Horizon, made: Floats) -> None:
    """Fill the four thresholds, (4, N, T). The arrays of Y are (2, K, N): Y of prices to charge and to discharge at."""
    full, kept = devices.stored_kwh_max, devices.kept_per_step
    asked, at_end, columns, first_step = _asked(devices, ahead)
    surplus, beyond, load, export = (segment.T for segment in _segments(devices, ahead))
    loses = bool(np.any(kept < 1)) or bool(np.any(ahead.withdrawn_kwh > 0))
    up_to = np.where(at_end > asked, full, 0.0)
    for step in range(ahead.steps - 1, -1, -1):
        # No earlier step asks for the prices that appear first in a later one.
        used = int(np.searchsorted(first_step, step, side="right"))
        asked, up_to = asked[:, :used], up_to[:, :used]
        np.maximum(up_to, ahead.stored_kwh_min[:, step], out=up_to)
        bought, sold = columns[:, step]
        for place, (way, column) in enumerate(((0, bought), (0, sold), (1, bought), (1, sold))):
            made[place, :, step] = up_to[way, column]
        for segment, column in ((beyond[step], bought), (surplus[step], sold)):
            if segment.any():
                up_to -= (asked >= asked[0, column]) * segment
        for segment, column in ((load[step], bought), (export[step], sold)):
            if segment.any():
                up_to += (asked < asked[1, column]) * segment
        np.minimum(np.maximum(up_to, 0.0, out=up_to), full, out=up_to)
        if loses:
            up_to = np.minimum((up_to + ahead.withdrawn_kwh[:, step]) / kept, full)


def _asked(devices: Storage, ahead: Horizon) -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Prices per stored kWh (2, K, N), worth at the end (N,), columns of import and export (2, T), first steps (K,).

    A standing loss makes a kWh stored early worth less later, so all values are brought to the first step. Without it,
    equal prices share a column. Columns are in the order of the steps that ask for them first.
    """
    both = np.stack(np.broadcast_arrays(ahead.import_usd_per_kwh, ahead.export_usd_per_kwh), axis=-1)
    prices, scale, at_end = both.reshape(len(both), -1).T, np.ones((1, 1)), devices.end_usd_per_kwh
    first, columns = np.arange(len(prices)), np.arange(len(prices))
    if np.any(devices.kept_per_step < 1):
        scale = devices.kept_per_step ** (1 + first[:, None] // 2)
        at_end = at_end * devices.kept_per_step ** ahead.steps
    else:
        _, first, columns = np.unique(prices, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        first, columns = first[order], np.argsort(order)[columns.reshape(-1)]
    worth = prices[first] * scale
    asked = np.stack(np.broadcast_arrays(worth / devices.charge_efficiency,
                                         worth * devices.discharge_efficiency - scale * devices.wear_usd_per_kwh))
    return asked, at_end, columns.reshape(-1, 2).T, first // 2


def _segments(devices: Storage, ahead: Horizon) -> tuple[Floats, Floats, Floats, Floats]:
    """Stored kWh that a step can move: from the surplus, from the grid; for the home's load, into the grid. (N, T)."""
    charge, discharge = ahead.charge_kwh_max, ahead.discharge_kwh_max
    surplus = np.minimum(charge, np.maximum(-ahead.net_load_kwh, 0.0))
    load = np.minimum(discharge, np.maximum(ahead.net_load_kwh, 0.0))
    into, out_of = devices.charge_efficiency[:, None], devices.discharge_efficiency[:, None]
    return surplus * into, (charge - surplus) * into, load / out_of, (discharge - load) / out_of


def follow(policy: Policy, devices: Storage, ahead: Horizon) -> Plan:
    """What devices do when they follow their policies under the loads, limits and prices of a horizon.

    The horizon need not be the one that the policy was made for: limits are kept, and costs are those of its prices.
    """
    shape = (devices.count, ahead.steps)
    delivered, stored = np.empty(shape), np.empty(shape)
    cost, missed, unserved = np.empty(shape[0]), np.empty(shape[0]), np.empty(shape[0])
    for which in parts(devices.count, ahead.steps):
        plan = _follow(policy.part(which), devices.part(which), ahead.part(which))
        delivered[which], stored[which] = plan.delivered_kwh, plan.stored_kwh
        cost[which], missed[which], unserved[which] = plan.cost_usd, plan.missed_kwh, plan.unserved_kwh
    return Plan(delivered_kwh=delivered, stored_kwh=stored, cost_usd=cost, missed_kwh=missed, unserved_kwh=unserved)


def _follow(policy: Policy, devices: Storage, ahead: Horizon) -> Plan:
    shape = (devices.count, ahead.steps)
    segments = np.broadcast_arrays(*_segments(devices, ahead), np.empty(shape))[:4]
    buy, sell, withdrawn, _ = np.broadcast_arrays(ahead.import_usd_per_kwh, ahead.export_usd_per_kwh,
                                                  ahead.withdrawn_kwh, np.empty(shape))
    level, cost, unserved = devices.stored_kwh, np.zeros(shape[0]), np.zeros(shape[0])
    delivered, stored = np.empty(shape), np.empty(shape)
    for step in range(ahead.steps):
        level = devices.kept_per_step * level - withdrawn[:, step]
        unserved += np.maximum(-level, 0.0)
        level = np.maximum(level, 0.0)
        surplus, beyond, load, export = (segment[:, step] for segment in segments)
        from_surplus = np.clip(policy.charge_surplus_to_kwh[:, step] - level, 0.0, surplus)
        from_grid = np.clip(policy.charge_import_to_kwh[:, step] - level - from_surplus, 0.0, beyond)
        to_load = np.clip(level - policy.discharge_load_to_kwh[:, step], 0.0, load)
        to_grid = np.clip(level - to_load - policy.discharge_export_to_kwh[:, step], 0.0, export)
        level = level + from_surplus + from_grid - to_load - to_grid
        from_surplus, from_grid = from_surplus / devices.charge_efficiency, from_grid / devices.charge_efficiency
        cost += devices.wear_usd_per_kwh * (to_load + to_grid)
        to_load, to_grid = to_load * devices.discharge_efficiency, to_grid * devices.discharge_efficiency
        cost += buy[:, step] * (from_grid - to_load) + sell[:, step] * (from_surplus - to_grid)
        delivered[:, step], stored[:, step] = to_load + to_grid - from_surplus - from_grid, level
    missed = np.maximum(ahead.stored_kwh_min - stored, 0.0).max(axis=1)
    return Plan(delivered_kwh=delivered, stored_kwh=stored, cost_usd=cost - devices.end_usd_per_kwh * level,
                missed_kwh=missed, unserved_kwh=unserved)
