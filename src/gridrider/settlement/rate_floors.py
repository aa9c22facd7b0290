"""Rates that may not be too low: each against the market values that were in force when it was filed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..tariff.model import Case, Dated, Payment, Season, in_force
from .periods import months_in, year_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """One value of the market or the grid, in USD/kW-year."""

    name: str
    zone: str | None
    """None = every zone."""
    effective: date
    filed: date
    usd_per_kw_year: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLow:
    """A rate below its floor in a zone; amounts in USD/kW-year."""

    rate: Dated[Decimal]
    zone: str | None
    pays_usd_per_kw_year: Decimal
    floor_usd_per_kw_year: Decimal


def value_known(values: Sequence[KnownValue], name: str, zone: str | None, day: date) -> Decimal | None:
    """The value as known and in force on a day: the later effective wins, then the later filed."""
    held = [value for value in values if value.name == name and value.zone == zone and value.effective <= day
            and value.filed <= day]
    last = max(held, key=lambda value: (value.effective, value.filed), default=None)
    return last.usd_per_kw_year if last is not None else None


def too_low(payment: Payment, season: Season | None, values: Sequence[KnownValue], known_by: date) -> Iterator[TooLow]:
    """Every rate of the payment, among those filed by a day, that lies below the sum of its market values.

    Source: settlement rules, "Rates that may not be too low".
    """
    zones: list[str | None] = [*sorted({value.zone for value in values if value.zone is not None})] or [None]
    for rate in payment.rate_usd_per_kw_month or payment.rate_usd_per_kw_season:
        if rate.filed > known_by:
            continue
        pays = _in_a_year(payment, rate, season)
        for zone in zones:
            floor = sum((_in_zone(values, name, zone, rate.filed) for name in payment.not_below_sum_of), Decimal(0))
            if pays < floor:
                yield TooLow(rate=rate, zone=zone, pays_usd_per_kw_year=pays, floor_usd_per_kw_year=floor)


def _in_zone(values: Sequence[KnownValue], name: str, zone: str | None, day: date) -> Decimal:
    own = value_known(values, name, zone, day)
    return own if own is not None else value_known(values, name, None, day) or Decimal(0)


def _in_a_year(payment: Payment, rate: Dated[Decimal], season: Season | None) -> Decimal:
    """What a rate pays in a year: the rates of all months of the season as filed with it, or a season's rate once."""
    if not payment.rate_usd_per_kw_month:
        return rate.value
    customer_class = min(rate.customer_classes, default=None)
    held = (in_force(payment.rate_usd_per_kw_month, rate.effective, rate.filed,
                     Case(month=month.first.month, duration_h=rate.duration_h, customer_class=customer_class))
            for month in months_in(year_of(date(2001, 1, 1)), season))
    return sum((month_rate.value for month_rate in held if month_rate is not None), Decimal(0))
