"""How many steps no assignment can exceed: prices on what vehicles offer and on plugs, by Lagrangian duality.

Each site pays a price for what it gets in any k steps, for each k, and covers steps as long as one is worth it; each
vehicle sells where it earns most, less the price of the plug. Whatever the prices are, what all earn together is no
less than what any plan covers. The prices are improved by subgradient steps towards what was found (Polyak, USSR
Computational Mathematics and Mathematical Physics 9 (1969) 14-29; Fisher, Management Science 27 (1981) 1-18).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .assign_case import Case
from .assign_model import Booleans, Floats, Integers

ROUNDS = 150
IDLE_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What is traded, in units of a site's mean need, so that all prices are of one size."""

    sold: Floats
    """What each vehicle can give each site in any k steps, shape (N, S, T)."""
    bought: Floats
    """What covering n steps takes in the k largest of them beside the site's own source, shape (S, 1 + T, T)."""
    steps_max: Integers
    """How many steps each site has, shape (S,)."""
    plug: Integers
    plugs: Integers


def market_of(case: Case) -> Market:
    """The sites' demand and the vehicles' offers."""
    sites, steps = case.need_kwh.shape
    units_kwh = np.array([need[need > 0].mean() if (need > 0).any() else 1.0 for need in case.need_kwh])
    bought = np.zeros((sites, 1 + steps, steps))
    for site, least in enumerate(case.least):
        most = len(least)
        bought[site, 1:1 + most] = least.diagonal()[:, None]  # all n steps, which is all that any k > n can need
        bought[site, 1:1 + most, :most] = np.where(np.isfinite(least), least, bought[site, 1:1 + most, :most])
        bought[site, 1:1 + most] = np.maximum(bought[site, 1:1 + most] - case.own_offers[site], 0.0) / units_kwh[site]
    return Market(sold=case.offers / units_kwh[:, None], bought=bought, plug=case.plug, plugs=case.plugs,
                  steps_max=np.array([len(least) for least in case.least], dtype=np.int64))


def steps_at_most(case: Case, hospitals: Booleans, found: tuple[int, int]) -> tuple[int, int]:
    """Bounds on hospitals' steps, and on shelters' steps of plans that cover `found[0]` of the hospitals' or more."""
    market = market_of(case)
    first = lowest(market, hospitals, np.zeros_like(hospitals), 0, found[0])
    second = lowest(market, ~hospitals, hospitals, found[0], found[1])
    return first, second


def lowest(market: Market, counted: Booleans, kept: Booleans, kept_steps: int, found: int) -> int:
    """The lowest bound on the steps of the sites `counted` while sites `kept` have at least `kept_steps`.

    `found` is what some plan reaches; the search ends when nothing is left between the two. Prices are sought on all
    energy first, then on what is given in fewer steps, too; strides are halved when they lead nowhere.
    """
    energy_price = np.zeros(market.sold.shape[1:])
    energy_price[:, -1] = 1.0
    best, prices = np.inf, (energy_price, np.zeros(market.plugs.shape), 1.0)
    for priced in (slice(-1, None), slice(None)):
        (energy_price, plug_price, worth), reach, idle = prices, 1.0, 0
        for _ in range(ROUNDS):
            value, energy, plugs, steps = earned(market, counted + worth * kept, energy_price, plug_price)
            missing = float(steps[kept].sum()) - kept_steps if kept.any() else 0.0
            value, idle = value - worth * kept_steps, idle + 1
            if value < best - 1e-3:
                best, prices, idle = value, (energy_price, plug_price, worth), 0
            if np.floor(best + 1e-6) <= found:
                return int(np.floor(best + 1e-6))
            if idle == IDLE_ROUNDS:
                (energy_price, plug_price, worth), reach, idle = prices, reach / 2, 0
                continue
            length = float((energy[:, priced] ** 2).sum() + (plugs ** 2).sum() + missing ** 2)
            stride = reach * (value - found) / max(length, 1e-12)
            energy_price = energy_price.copy()
            energy_price[:, priced] = np.maximum(energy_price[:, priced] - stride * energy[:, priced], 0.0)
            plug_price = np.maximum(plug_price - stride * plugs, 0.0)
            worth = max(worth - stride * missing, 0.0)
    return int(np.floor(best + 1e-6))


def earned(market: Market, weight: Floats, energy_price: Floats,
           plug_price: Floats) -> tuple[float, Floats, Floats, Floats]:
    """What all earn at these prices; its slopes in both prices; how many steps each site then covers."""
    profit = (market.sold.transpose(1, 0, 2) @ energy_price[:, :, None])[:, :, 0].T - plug_price[:, market.plug].T
    profit[market.sold[:, :, -1] <= 0] = 0.0
    vehicles, sites = np.arange(len(profit)), np.arange(len(weight))
    choice = profit.argmax(axis=1)
    sells = profit[vehicles, choice] > 0
    sellers, choice = vehicles[sells], choice[sells]
    energy, plugs = np.zeros_like(energy_price), market.plugs.astype(np.float64)
    np.add.at(energy, choice, market.sold[sellers, choice])
    np.subtract.at(plugs, (choice, market.plug[sellers]), 1.0)
    number = np.arange(market.bought.shape[1])
    surplus = weight[:, None] * number - (market.bought @ energy_price[:, :, None])[:, :, 0]
    surplus[number > market.steps_max[:, None]] = -np.inf
    steps = surplus.argmax(axis=1)
    value = profit[sellers, choice].sum() + (plug_price * market.plugs).sum() + surplus[sites, steps].sum()
    return float(value), energy - market.bought[sites, steps], plugs, steps.astype(np.float64)
