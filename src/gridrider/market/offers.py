"""What a tariff lets a fleet offer to the market, as rows that the SQL of the offers reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from ..problem import Problem, error
from ..tariff.model import Dated, History, Offers, Tariff, in_force
from .model import OFFERED_PRODUCTS

T = TypeVar("T")
MILLIWATT_PER_MW = 1_000_000_000
NOT_OFFERED, NO_LIMIT = 0, 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How long a product must be held in a market, with or without regulation energy management."""

    product: str
    market: str
    energy_management: bool
    seconds: int
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """The limits that the tariff sets on a day. Power in milliwatts."""

    holds: tuple[Hold, ...]
    most_milliwatt: int
    most_clause: str
    least_milliwatt: int
    least_clause: str
    step_milliwatt: int
    needs_wdat: bool
    wdat_clause: str
    products_clause: str


def offer_terms(tariff: Tariff, day: date) -> tuple[OfferTerms | None, list[Problem]]:
    """The limits in force on a day; None and the reasons when the tariff has none."""
    offers = tariff.wholesale.offers if tariff.wholesale is not None else None
    if tariff.wholesale is None or offers is None:
        return None, [error(tariff.tariff, "says nothing of offers to a market", "Add wholesale: offers:.")]
    products = _held(offers.products, day)
    if products is None:
        return None, [error(tariff.tariff, f"names no product that may be offered on {day}",
                            "Add wholesale: offers: products:.")]
    step, needs = _held(offers.mw_step, day), _held(tariff.wholesale.interconnection, day)
    most, least = _held(offers.mw_max, day), _held(offers.mw_min, day)
    holds = tuple(hold for product in OFFERED_PRODUCTS if product in products.value
                  for hold in _holds(offers, product, day))
    problems = [error(tariff.tariff, f"does not say how long {product} must be held on {day}",
                      "Add day_ahead_minutes: and real_time_minutes:.") for product in sorted(products.value)
                if not {"DA", "FMM"} <= {hold.market for hold in holds if hold.product == product}]
    if problems:
        return None, problems
    return OfferTerms(
        holds=holds, products_clause=products.cite,
        most_milliwatt=NO_LIMIT if most is None else milliwatt_from_mw(most.value),
        most_clause="" if most is None else most.cite,
        least_milliwatt=NOT_OFFERED if least is None else milliwatt_from_mw(least.value),
        least_clause="" if least is None else least.cite,
        step_milliwatt=1 if step is None else max(1, milliwatt_from_mw(step.value)),
        needs_wdat=needs is not None and needs.value == "wdat", wdat_clause="" if needs is None else needs.cite), []


def _holds(offers: Offers, product: str, day: date) -> list[Hold]:
    limit = offers.capacity if product == "capacity" else offers.regulation
    if limit is None:
        return []
    managed = _held(limit.energy_management_minutes, day) if product != "capacity" else None
    holds = []
    for market, history in (("DA", limit.day_ahead_minutes), ("FMM", limit.real_time_minutes)):
        plain = _held(history, day)
        for energy_management, dated in ((False, plain), (True, managed or plain)):
            if dated is not None:
                holds.append(Hold(product=product, market=market, energy_management=energy_management,
                                  seconds=int(dated.value * 60), clause=dated.cite))
    return holds


def _held(history: History[T], day: date) -> Dated[T] | None:
    return in_force(history, day, day)


def milliwatt_from_mw(power_mw: Decimal) -> int:
    """Whole milliwatts of a power in MW; what is smaller is cut off.

    >>> milliwatt_from_mw(Decimal("0.655"))
    655000000
    """
    return int(power_mw * MILLIWATT_PER_MW)
