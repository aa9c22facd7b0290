"""A fleet's plans coupled by prices, so that together they deliver a target, with a certified gap.

Method: Dantzig-Wolfe decomposition. Each device plans alone against its tariff plus a price per kWh delivered in the
steps of the target. The whole fleet's answers to several price rows are mixed so that the target is met at least cost
(`schedule_master`); the mix tells new prices, smoothed toward the best so far (Wentges 1997). The value of the answers
bounds the optimum from below, the mix is a plan and bounds it from above: the gap between them is certain.

A large fleet is first coupled by a sample of itself, whose prices it then starts from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..compiled import HAVE_NUMBA
from . import schedule, schedule_compiled
from .schedule_master import cheapest_mix
from .schedule_model import Floats, Horizon, Plan, Storage

Answer = Callable[[Floats], tuple[float, Floats]]
"""From prices (T,) to the sum of the devices' costs, less what the prices pay, and what they deliver (T,) together."""

SHORT_USD_PER_KWH = 10.0
"""What a kWh short of the target is taken to cost: far above any tariff, so that it is the last resort."""
SAMPLE = 2_000
ROUNDS_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """Prices that make a fleet deliver a target, and what comes of them. Prices are USD/kWh on top of the tariff."""

    prices_usd_per_kwh: Floats
    """(K, T): the price rows to broadcast; 0 outside of the target's steps."""
    shares: Floats
    """(K,), summing to 1: the share of each device's plan, or of the devices, that answers each row."""
    worth_usd_per_kwh: Floats
    """(T,): what one kWh more of the target would cost."""
    delivered_kwh: Floats
    """(T,)."""
    short_kwh: Floats
    """(T,): what the fleet cannot deliver of the target; the rest it does deliver."""
    cost_usd: float
    """Of all devices, as `Plan.cost_usd`, without what is short."""
    bound_usd: float
    """No plan costs less, what is short priced in."""
    gap_usd: float
    """Cost and price of what is short, above the bound."""
    gap: float
    """The same as a share of that cost."""
    rounds: int
    """How often the whole fleet has answered."""


def couple(devices: Storage, ahead: Horizon, target_kwh: Floats, *, short_usd_per_kwh: float = SHORT_USD_PER_KWH,
           gap_max: float = 1e-4, sample: int = SAMPLE) -> FleetPlan:
    """The plans of a fleet that together deliver at least `target_kwh` (T,) in the steps where it is above 0.

    A target out of reach is met as far as the devices can. ValueError as in `schedule`.
    """
    stride = max(1, devices.count // max(sample, 1))
    starts: list[Floats] = []
    if stride > 4:
        few = slice(0, devices.count, stride)
        part = devices.part(few)
        answer = _answers(part, ahead.part(few), devices.count / part.count)
        starts = list(_rounds(answer, target_kwh, [], short_usd_per_kwh, gap_max).prices_usd_per_kwh)
    return _rounds(_answers(devices, ahead, 1.0), target_kwh, starts, short_usd_per_kwh, gap_max)


def plan_each(devices: Storage, ahead: Horizon, fleet: FleetPlan) -> Plan:
    """The plan of each device under the mix: the plans that answer each price row, in their shares.

    Shares of a step's energy: a device that charges in one row and discharges in another does each for its part of the
    step. So the sums are those of the fleet plan exactly.
    """
    planned = schedule_compiled.schedule if HAVE_NUMBA else schedule.schedule
    delivered, stored = np.zeros((2, devices.count, ahead.steps))
    cost, missed, unserved = np.zeros((3, devices.count))
    for share, prices in zip(fleet.shares, fleet.prices_usd_per_kwh, strict=True):
        plan = planned(devices, _priced(ahead, prices))
        delivered += share * plan.delivered_kwh
        stored += share * plan.stored_kwh
        cost += share * (plan.cost_usd + plan.delivered_kwh @ prices)
        missed += share * plan.missed_kwh
        unserved += share * plan.unserved_kwh
    return Plan(delivered_kwh=delivered, stored_kwh=stored, cost_usd=cost, missed_kwh=missed, unserved_kwh=unserved)


def _answers(devices: Storage, ahead: Horizon, times: float) -> Answer:
    totals = schedule_compiled.totals if HAVE_NUMBA else schedule.totals

    def answer(prices: Floats) -> tuple[float, Floats]:
        cost_usd, delivered_kwh = totals(devices, _priced(ahead, prices))
        return cost_usd * times, delivered_kwh * times

    return answer


def _priced(ahead: Horizon, prices: Floats) -> Horizon:
    return replace(ahead, import_usd_per_kwh=ahead.import_usd_per_kwh + prices,
                   export_usd_per_kwh=ahead.export_usd_per_kwh + prices)


def _rounds(answer: Answer, target_kwh: Floats, starts: Sequence[Floats], short_usd_per_kwh: float,
            gap_max: float) -> FleetPlan:
    """Ask, mix and price until the gap is small enough; after ROUNDS_MAX the best there is, with its gap."""
    steps = np.flatnonzero(target_kwh > 0)
    target = target_kwh[steps]
    waiting = list(starts) or [np.zeros(len(target_kwh))]
    asked: list[Floats] = []
    costs: list[float] = []
    delivered: list[Floats] = []
    bound, best = -np.inf, np.zeros(len(target))
    while True:
        prices = waiting.pop(0)
        value, sold = answer(prices)
        asked.append(prices)
        costs.append(value + float(prices @ sold))
        delivered.append(sold)
        if value + float(prices[steps] @ target) > bound:
            bound, best = value + float(prices[steps] @ target), prices[steps]
        if waiting:
            continue
        shares, dual = cheapest_mix(np.array(costs), np.array(delivered)[:, steps], target, short_usd_per_kwh)
        made = _mixed(np.array(asked), shares, np.array(costs), np.array(delivered), target_kwh, bound,
                      short_usd_per_kwh, best)
        if made.gap <= gap_max or len(asked) >= ROUNDS_MAX:
            return made
        # Every fourth round the mix's own prices: they alone are sure to bring something new.
        following = dual if len(asked) % 4 == 0 else 0.5 * (best + dual)
        waiting.append(np.zeros(len(target_kwh)))
        waiting[0][steps] = following


def _mixed(asked: Floats, shares: Floats, costs: Floats, delivered: Floats, target_kwh: Floats, bound: float,
           short_usd_per_kwh: float, best: Floats) -> FleetPlan:
    total = shares @ delivered
    short = np.where(target_kwh > 0, np.maximum(target_kwh - total, 0.0), 0.0)
    whole = float(shares @ costs) + short_usd_per_kwh * float(short.sum())
    worth = np.zeros(len(target_kwh))
    worth[target_kwh > 0] = best
    used = shares > 0
    return FleetPlan(
        prices_usd_per_kwh=asked[used], shares=shares[used], worth_usd_per_kwh=worth, delivered_kwh=total,
        short_kwh=short, cost_usd=float(shares @ costs), bound_usd=bound, gap_usd=whole - bound,
        gap=(whole - bound) / max(abs(whole), 1e-9), rounds=len(asked))
