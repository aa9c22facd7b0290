"""The day plan of `schedule` by its compiled twin: the slopes of what a stored kWh is worth, kept sorted and merged.

Method. What one more stored kWh is worth falls with the energy stored. It is kept as segments (worth, length in kWh) in
falling order, the store from empty to full. Going back one step, a purchase of up to C at price u charges where the
segments are worth more than u: those at the left end, C of which are cut off while one segment of u takes their place.
A sale does the same at the right end. The middle, where the device rests, is never touched, so a step costs only what
its ends hold. Below a floor the worth is infinite. Neighbouring steps of one price are taken as one long step.

The same signatures and results as in `schedule` (to 1e-9 USD); without a compiler use that one.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from ..compiled import compiled
from .schedule_model import Floats, Horizon, Plan, Policy, Storage, check_together

LEVELS = len(fields(Policy))


def schedule(devices: Storage, ahead: Horizon) -> Plan:
    """The plans at least cost; as `schedule.schedule`."""
    check_together(devices, ahead)
    shape = (devices.count, ahead.steps)
    delivered, stored = np.empty(shape), np.empty(shape)
    cost, missed, unserved = (np.empty(shape[0]) for _ in range(3))
    _plan_each(_columns(devices), *_steps(ahead), delivered, stored, cost, missed, unserved)
    return Plan(delivered_kwh=delivered, stored_kwh=stored, cost_usd=cost, missed_kwh=missed, unserved_kwh=unserved)


def thresholds(devices: Storage, ahead: Horizon) -> Policy:
    """The policies at least cost; as `schedule.thresholds`."""
    check_together(devices, ahead)
    made = np.empty((devices.count, ahead.steps, LEVELS))
    _thresholds_each(_columns(devices), *_steps(ahead), made)
    return Policy(**{field.name: np.ascontiguousarray(made[:, :, place]) for place, field in enumerate(fields(Policy))})


def totals(devices: Storage, ahead: Horizon) -> tuple[float, Floats]:
    """Cost of all plans in USD and what all deliver in each step, (T,) kWh; no plan is kept."""
    check_together(devices, ahead)
    delivered = np.zeros(ahead.steps)
    return float(_plan_all(_columns(devices), *_steps(ahead), delivered)), delivered


def _columns(devices: Storage) -> Floats:
    """One row per device, in the order of the fields of Storage."""
    return np.stack([getattr(devices, field.name) for field in fields(Storage)], axis=1)


def _steps(ahead: Horizon) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """The arrays of a horizon in the order of its fields, laid out in the one way the kernels are compiled for."""
    buy, sell, charge, discharge, floor, load, withdrawn = (
        np.require(getattr(ahead, field.name), requirements=["C", "W"]) for field in fields(Horizon))
    return buy, sell, charge, discharge, floor, load, withdrawn


@compiled
def _without_low(length: Floats, head: int, tail: int, cut: float) -> int:
    """Take the lowest energies out of the store; the new head."""
    while head < tail and length[head] <= cut:
        cut -= length[head]
        head += 1
    if head < tail:
        length[head] -= cut
    return head


@compiled
def _before_loss(slope: Floats, length: Floats, head: int, tail: int, kept: float, room: float) -> int:
    """Go back over a standing loss, and leave only what has room below the full store; the new tail."""
    for place in range(head, tail):
        slope[place] *= kept
        length[place] /= kept
        if length[place] >= room:
            length[place] = room
            return place + 1
        room -= length[place]
    return tail


@compiled
def _first_alike(buy: Floats, sell: Floats, floor: Floats, load: Floats, withdrawn: Floats, kept: float,
                 step: int) -> int:
    """The first of the steps up to one that can be taken as one long step: it is all the same when they charge."""
    first = step
    while (first > 0 and kept == 1.0 and withdrawn[first] == 0.0 and buy[first - 1] == buy[step]
           and sell[first - 1] == sell[step] and floor[first - 1] == floor[step]
           and (buy[step] == sell[step] or (load[step] == 0.0 and load[first - 1] == 0.0))):
        first -= 1
    return first


@compiled
def _sold(slope: Floats, length: Floats, head: int, tail: int, price: float, most: float) -> tuple[int, float]:
    """Let a sale of up to `most` at a price in and cut the high end; the new tail, and how much it pays to take out."""
    start, taken = tail, 0.0
    while start > head and slope[start - 1] <= price:
        start -= 1
        taken += length[start]
    if 0.0 < taken <= most:
        slope[start], length[start], tail = price, taken, start + 1
    elif most < taken and most > 0.0:
        cut = most
        while tail - 1 > start and length[tail - 1] <= cut:
            cut -= length[tail - 1]
            tail -= 1
        length[tail - 1] -= cut
        if slope[start] == price:
            length[start] += most
            return tail, taken
        for place in range(tail - 1, start - 1, -1):
            slope[place + 1], length[place + 1] = slope[place], length[place]
        slope[start], length[start], tail = price, most, tail + 1
    return tail, taken


@compiled
def _back(  # noqa: C901 - a call would take longer than its work
        device: Floats, buy: Floats, sell: Floats, charge: Floats, discharge: Floats, floor: Floats, load: Floats,
        withdrawn: Floats, every: bool, levels: Floats, slope: Floats, length: Floats) -> None:
    """Fill the levels (T, 4) of one device, from the last step to the first; `every` also those not needed here.

    Segments lie at `head` <= place < `tail`, and in energy between `bottom`, below which the worth is infinite, and the
    full store.
    """
    full, into, out_of, kept, wear = device[1], device[2], device[3], device[4], device[5]
    per_into, per_out_of, bottom, head = 1.0 / into, 1.0 / out_of, 0.0, len(slope) // 2
    slope[head], length[head], tail = device[6], full, head + 1
    step = len(buy) - 1
    while step >= 0:
        first = _first_alike(buy, sell, floor, load, withdrawn, kept, step)
        if floor[step] > bottom:
            head, bottom = _without_low(length, head, tail, floor[step] - bottom), floor[step]
        before = max(floor[first - 1] * kept - withdrawn[first], 0.0) if first > 0 else 0.0
        if first < step:  # the floor holds already after the first of them
            before = max(before, floor[step] - charge[first] * into)
        charging, discharging = charge[step], discharge[step]
        for alike in range(first, step):
            charging += charge[alike]
            discharging += discharge[alike]
        one_price = buy[step] == sell[step]
        surplus = 0.0 if one_price else min(charging, max(-load[step], 0.0))
        own = 0.0 if one_price else min(discharging, max(load[step], 0.0))
        for way in range(2):  # the higher price first
            most = (surplus if way else charging - surplus) * into
            price = (sell[step] if way else buy[step]) * per_into
            if every or most > 0.0:
                end, worthy = head, 0.0
                while end < tail and slope[end] > price:
                    worthy += length[end]
                    end += 1
                levels[step, way] = bottom + worthy
                # What lies lower than the floor before can be bought up to it, so the bottom falls that far.
                lower = min(bottom, max(bottom - most, before))
                cut, bottom = most - (bottom - lower), lower
                if worthy <= cut:
                    head = end
                    if end < tail and slope[end] == price:
                        length[end] += worthy + most - cut
                    elif worthy + most > cut:
                        head -= 1
                        slope[head], length[head] = price, worthy + most - cut
                elif most > 0.0:
                    head = _without_low(length, head, end, cut)
                    if end < tail and slope[end] == price:
                        length[end] += most
                        continue
                    for place in range(head, end):
                        slope[place - 1], length[place - 1] = slope[place], length[place]
                    slope[end - 1], length[end - 1] = price, most
                    head -= 1
        for way in range(1, -1, -1):  # the lower price first, so that the higher one finds what lies above it unchanged
            most = (discharging - own if way else own) * per_out_of
            price = (sell[step] if way else buy[step]) * out_of - wear
            if every or most > 0.0:
                tail, taken = _sold(slope, length, head, tail, price, most)
                levels[step, 2 + way] = full - taken
        if one_price:
            levels[step, 1], levels[step, 2] = levels[step, 0], levels[step, 3]
        for cell in range(4 * (step - first)):
            levels[first + cell // 4, cell % 4] = levels[step, cell % 4]
        if kept < 1.0 or withdrawn[first] > 0.0:
            bottom = min((bottom + withdrawn[first]) / kept, full)
            tail = _before_loss(slope, length, head, tail, kept, full - bottom)
        step = first - 1


@compiled
def _forth(device: Floats, buy: Floats, sell: Floats, charge: Floats, discharge: Floats, floor: Floats, load: Floats,
           withdrawn: Floats, levels: Floats, delivered: Floats, stored: Floats) -> tuple[float, float, float]:
    """Follow the levels of one device from the first step to the last; cost, missed, unserved."""
    into, out_of, kept, wear = device[2], device[3], device[4], device[5]
    per_into, per_out_of = 1.0 / into, 1.0 / out_of
    level, cost, missed, unserved = device[0], 0.0, 0.0, 0.0
    for step in range(len(buy)):
        level = kept * level - withdrawn[step]
        if level < 0.0:
            unserved -= level
            level = 0.0
        surplus = min(charge[step], max(-load[step], 0.0))
        own = min(discharge[step], max(load[step], 0.0))
        beyond, export = charge[step] - surplus, discharge[step] - own
        net = 0.0
        if surplus > 0.0 and level < levels[step, 1]:
            moved = min(levels[step, 1] - level, surplus * into)
            level += moved
            net -= moved * per_into
            cost += sell[step] * moved * per_into
        if beyond > 0.0 and level < levels[step, 0]:
            moved = min(levels[step, 0] - level, beyond * into)
            level += moved
            net -= moved * per_into
            cost += buy[step] * moved * per_into
        if own > 0.0 and level > levels[step, 2]:
            moved = min(level - levels[step, 2], own * per_out_of)
            level -= moved
            net += moved * out_of
            cost += (wear - buy[step] * out_of) * moved
        if export > 0.0 and level > levels[step, 3]:
            moved = min(level - levels[step, 3], export * per_out_of)
            level -= moved
            net += moved * out_of
            cost += (wear - sell[step] * out_of) * moved
        missed = max(missed, floor[step] - level)
        delivered[step] = net
        stored[step] = level
    return cost - device[6] * level, missed, unserved


@compiled
def _row(array: Floats, device: int) -> Floats:
    row: Floats = array[device if len(array) > 1 else 0]
    return row


@compiled
def _plan_each(devices: Floats, buy: Floats, sell: Floats, charge: Floats, discharge: Floats, floor: Floats,
               load: Floats, withdrawn: Floats, delivered: Floats, stored: Floats, cost: Floats, missed: Floats,
               unserved: Floats) -> None:
    steps = buy.shape[1]
    levels, slope, length = np.empty((steps, 4)), np.empty(12 * steps + 8), np.empty(12 * steps + 8)
    for device in range(len(devices)):
        one, ahead = devices[device], (
            _row(buy, device), _row(sell, device), _row(charge, device), _row(discharge, device), _row(floor, device),
            _row(load, device), _row(withdrawn, device))
        _back(one, *ahead, False, levels, slope, length)
        cost[device], missed[device], unserved[device] = _forth(one, *ahead, levels, delivered[device], stored[device])


@compiled
def _thresholds_each(devices: Floats, buy: Floats, sell: Floats, charge: Floats, discharge: Floats, floor: Floats,
                     load: Floats, withdrawn: Floats, levels: Floats) -> None:
    steps = buy.shape[1]
    slope, length = np.empty(12 * steps + 8), np.empty(12 * steps + 8)
    for device in range(len(devices)):
        _back(devices[device], _row(buy, device), _row(sell, device), _row(charge, device), _row(discharge, device),
              _row(floor, device), _row(load, device), _row(withdrawn, device), True, levels[device], slope, length)


@compiled
def _plan_all(devices: Floats, buy: Floats, sell: Floats, charge: Floats, discharge: Floats, floor: Floats,
              load: Floats, withdrawn: Floats, total: Floats) -> Any:
    steps = buy.shape[1]
    levels, slope, length = np.empty((steps, 4)), np.empty(12 * steps + 8), np.empty(12 * steps + 8)
    delivered, stored, cost = np.empty(steps), np.empty(steps), 0.0
    for device in range(len(devices)):
        one, ahead = devices[device], (
            _row(buy, device), _row(sell, device), _row(charge, device), _row(discharge, device), _row(floor, device),
            _row(load, device), _row(withdrawn, device))
        _back(one, *ahead, False, levels, slope, length)
        cost += _forth(one, *ahead, levels, delivered, stored)[0]
        total += delivered
    return cost
