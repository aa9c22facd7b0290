"""Pre-charge before an event at least cost, and whether it is worth it to the customer.

The rule (requirement R138): pre-charge never costs a customer more than the event pays for it, unless the rider says
so. Both are differences to the ordinary plan, the one the device would follow without the event: what the whole horizon
costs more, and what the event pays more. So energy that is left after the event counts at what it saves later, and a
customer who would have delivered anyway is not charged for what she was paid for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..compiled import HAVE_NUMBA
from . import schedule, schedule_compiled
from .schedule_model import Floats, Horizon, Plan, Policy, Storage

HELD_USD_PER_KWH = 1e3
"""Above any price: a discharge that must take place takes place."""
TOLERANCE_KWH = 1e-6
COMPILED_FROM = 200_000
"""Devices from which on the compiled twin is worth its last digits; below, every machine gives the same bytes."""

Record = TypeVar("Record", Policy, Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What devices do before and in an event, and why. Arrays have one entry per device."""

    policy: Policy
    """To follow: prepared where `prepares`, else ordinary."""
    plan: Plan
    """What comes of it, the event's pay not counted in its cost."""
    prepares: NDArray[np.bool_]
    target_kwh: Floats
    """What was wanted in the store at the event's start."""
    reached_kwh: Floats
    """What the prepared plan has there; less than the target where the limits do not let it through."""
    cost_usd: Floats
    """What the prepared plan costs more than the ordinary one over the horizon; below 0 where it is cheaper."""
    pay_usd: Floats
    """What the event pays for all that the prepared plan delivers in it."""
    pay_more_usd: Floats
    """What of that the ordinary plan would not have been paid."""
    drawn_more_kwh: Floats
    """What the prepared plan draws more in the steps kept out; above 0 only where the target leaves no other way."""
    cost_may_exceed_pay: bool

    def sentence(self, place: int) -> str:
        """Why the device at a place pre-charges or does not, in figures."""
        cost, pay, more = self.cost_usd[place], self.pay_usd[place], self.pay_more_usd[place]
        told = (f"Holding {self.reached_kwh[place]:.2f} kWh of the wanted {self.target_kwh[place]:.2f} kWh at the "
                f"event's start costs {cost:.2f} USD more than the ordinary plan; the event pays {more:.2f} USD more, "
                f"{pay:.2f} USD in all")
        if self.drawn_more_kwh[place] > TOLERANCE_KWH:
            return (f"{told}. The device does not pre-charge: it would draw {self.drawn_more_kwh[place]:.2f} kWh more "
                    "in the steps that make the baseline.")
        if cost <= more:
            return f"{told}. The device pre-charges."
        if self.cost_may_exceed_pay:
            return f"{told}. The device pre-charges at a loss, because the rider says so."
        return f"{told}. The device does not pre-charge: it would cost more than it earns."


def prepare(devices: Storage, ahead: Horizon, *, event: slice, target_kwh: ArrayLike, pay_usd_per_kwh: ArrayLike,
            kept_out: NDArray[np.bool_] | None = None, cost_may_exceed_pay: bool = False) -> Preparation:
    """The policies that have `target_kwh` stored when the event starts, at least cost, where that is worth it.

    The horizon begins now. It should reach past the event, with a worth or a floor at its end, so that what is left
    counts. `event` are the event's steps, in which devices do not charge and are paid `pay_usd_per_kwh` for what they
    deliver. In the steps `kept_out` (T,), such as those of a baseline's same-day adjustment (requirement R145), devices
    discharge as they ordinarily would and charge no more. ValueError where the event is not within the horizon.
    """
    first, end, _ = event.indices(ahead.steps)
    if not 0 <= first < end:
        raise ValueError("the event has at least one step within the horizon")
    out = np.zeros(ahead.steps, bool) if kept_out is None else kept_out
    target = np.minimum(np.broadcast_to(np.asarray(target_kwh, float), (devices.count,)), devices.stored_kwh_max)
    pay = np.broadcast_to(np.asarray(pay_usd_per_kwh, float), (devices.count,))
    compiled = HAVE_NUMBA and devices.count >= COMPILED_FROM
    thresholds = schedule_compiled.thresholds if compiled else schedule.thresholds
    ordinary_policy = thresholds(devices, ahead)
    ordinary = schedule.follow(ordinary_policy, devices, ahead)
    asked = _asked(ahead, ordinary, target, first, end, out)
    extra = np.where(out, HELD_USD_PER_KWH * (ordinary.delivered_kwh > 0), 0.0)
    before = thresholds(devices, _paid(asked, extra))
    extra[:, first:end] = pay[:, None]
    # Before the event its pay does not count, or devices would be charged beyond the target for it.
    policy = _chosen(Policy, np.arange(ahead.steps) < first, before, thresholds(devices, _paid(asked, extra)))
    plan = schedule.follow(policy, devices, asked)
    earned, anyway = (pay * made.delivered_kwh[:, first:end].clip(0).sum(axis=1) for made in (plan, ordinary))
    cost = plan.cost_usd - ordinary.cost_usd
    drawn_more = (ordinary.delivered_kwh - plan.delivered_kwh)[:, out].clip(0).sum(axis=1)
    reached = plan.stored_kwh[:, first - 1] if first else devices.stored_kwh
    prepares = (drawn_more <= TOLERANCE_KWH) & ((cost <= earned - anyway) | cost_may_exceed_pay)
    return Preparation(
        policy=_chosen(Policy, prepares[:, None], policy, ordinary_policy),
        plan=_chosen(Plan, prepares[:, None], plan, ordinary), prepares=prepares, target_kwh=target,
        reached_kwh=reached, cost_usd=cost, pay_usd=earned, pay_more_usd=earned - anyway, drawn_more_kwh=drawn_more,
        cost_may_exceed_pay=cost_may_exceed_pay)


def _asked(ahead: Horizon, ordinary: Plan, target: Floats, first: int, end: int, out: NDArray[np.bool_]) -> Horizon:
    """The horizon with the target as a floor, no charging in the event, and nothing new in the steps kept out."""
    shape = ordinary.delivered_kwh.shape
    floor, charge, discharge = (np.array(np.broadcast_to(array, shape)) for array in (
        ahead.stored_kwh_min, ahead.charge_kwh_max, ahead.discharge_kwh_max))
    charge[:, out] = np.maximum(-ordinary.delivered_kwh[:, out], 0.0)
    discharge[:, out] = np.maximum(ordinary.delivered_kwh[:, out], 0.0)
    charge[:, first:end] = 0.0
    discharge[:, first:end] = np.broadcast_to(ahead.discharge_kwh_max, shape)[:, first:end]
    if first:
        floor[:, first - 1] = np.maximum(floor[:, first - 1], target)
    return replace(ahead, stored_kwh_min=floor, charge_kwh_max=charge, discharge_kwh_max=discharge)


def _paid(ahead: Horizon, extra: Floats) -> Horizon:
    return replace(ahead, import_usd_per_kwh=ahead.import_usd_per_kwh + extra,
                   export_usd_per_kwh=ahead.export_usd_per_kwh + extra)


def _chosen(kind: type[Record], which: NDArray[np.bool_], one: Record, other: Record) -> Record:
    """One record where it is chosen, by device or by step, else the other."""
    columns = {}
    for field in fields(kind):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        columns[field.name] = np.where(which if mine.ndim >= which.ndim else which[:, 0], mine, theirs)
    return kind(**columns)
