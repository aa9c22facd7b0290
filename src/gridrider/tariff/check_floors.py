"""Rates that may not be approved below values of the market: tested with what was in force when a rate was filed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from ..problem import Problem
from .check_payments import months_of
from .declared import numbered
from .model import Case, Dated, Payment, Service, Tariff, in_force
from .place import Place
from .words import listed, number_text, spaced


def check_rate_floors(tariff: Tariff, place: Place) -> Iterator[Problem]:
    """Every Problem of rates against `not_below_sum_of`, and of payments that name no floor where the law wants one.

    Interpretation: a market value per kW and year is what a whole season of a service is worth, so a rate per kW and
    season is held against it as it stands, and rates per kW and month by their sum over the months of the season.
    """
    for rider_name, rider in tariff.riders.items():
        for name, service in rider.services.items():
            path = f"riders.{rider_name}.services.{name}.payments"
            for at, payment in numbered(path, service.payments):
                yield from _check_named(tariff, at, service, payment, place)
                if payment.not_below_sum_of:
                    yield from _check_payment(tariff, at, service, payment, place)


def _check_named(tariff: Tariff, path: str, service: Service, payment: Payment, place: Place) -> Iterator[Problem]:
    """The floor that the law wants for a grid service must stand in each of its payments per kW."""
    floor = tariff.law.rate_floors.get(service.provides) if tariff.law is not None else None
    if floor is None or not floor.not_below_sum_of:
        return
    wanted = max(floor.not_below_sum_of, key=lambda dated: (dated.effective, dated.filed))
    lacking = sorted(wanted.value - set(payment.not_below_sum_of))
    if lacking:
        floors = listed([spaced(name) for name in lacking])
        yield place.error(path, f"names no floor of {floors}, and the law has one for {spaced(service.provides)} "
                          f"({wanted.cite})",
                          f"Add not_below_sum_of: [{', '.join(sorted(wanted.value))}].")


def _check_payment(tariff: Tariff, path: str, service: Service, payment: Payment, place: Place) -> Iterator[Problem]:
    unknown = [name for name in payment.not_below_sum_of if name not in tariff.market_values]
    for name in unknown:
        yield place.error(f"{path}.not_below_sum_of", "is not among the tariff's market values",
                          f"Known: {', '.join(tariff.market_values) or 'none'}.", seen=name)
    if unknown:
        return
    if payment.rate_usd_per_kw_season:
        rates = [(dated, dated.value) for dated in payment.rate_usd_per_kw_season]
        at = f"{path}.rate_usd_per_kw_season"
    elif payment.rate_usd_per_kw_month:
        rates = _by_season(tariff, service, payment)
        at = f"{path}.rate_usd_per_kw_month"
    else:
        yield place.error(path, "has a floor per kW and no rate per kW", "Give a rate per kW and season or month.")
        return
    for dated, rate_usd in rates:
        yield from _check_rate(tariff, at, payment, dated, rate_usd, place)


def _by_season(tariff: Tariff, service: Service, payment: Payment) -> list[tuple[Dated[Decimal], Decimal]]:
    """For each filing and case, the sum of the monthly rates over the season that were known on the day of filing."""
    history, months = payment.rate_usd_per_kw_month, months_of(tariff.season(service.calls.season))
    found = {}
    for dated in history:
        customer_class = min(dated.customer_classes, default=None)
        held = [in_force(history, dated.effective, dated.filed,
                         Case(month=month, duration_h=dated.duration_h, customer_class=customer_class))
                for month in months]
        total = sum((rate.value for rate in held if rate is not None), Decimal(0))
        found[dated.effective, dated.filed, dated.duration_h, dated.customer_classes] = (dated, total)
    return list(found.values())


def _check_rate(tariff: Tariff, path: str, payment: Payment, dated: Dated[Decimal], rate_usd: Decimal,
                place: Place) -> Iterator[Problem]:
    values = {name: _value_on(tariff, name, dated.filed) for name in payment.not_below_sum_of}
    absent = [name for name, value in values.items() if value is None]
    if absent:
        names = listed([spaced(name) for name in absent])
        yield place.error(path, f"was filed on {dated.filed}, when {names} had no value",
                          "Give the market value that was in force on that day.", seen=dated.value, line=dated.line)
        return
    held = {name: value for name, value in values.items() if value is not None}
    least_usd = sum((value.value for value in held.values()), Decimal(0))
    if rate_usd < least_usd:
        parts = " + ".join(f"{spaced(name)} {number_text(value.value)}" for name, value in held.items())
        cites = [*_clauses_of_law(tariff, payment), *(value.cite for value in held.values())]
        yield place.error(path, f"comes to {number_text(rate_usd)} USD/kW-season, below {number_text(least_usd)} "
                          f"USD/kW-year = {parts} as in force on {dated.filed}, the day of filing "
                          f"({'; '.join(dict.fromkeys(cites))})",
                          f"Write {number_text(least_usd)} or more.", seen=dated.value, line=dated.line)


def _value_on(tariff: Tariff, name: str, filed: date) -> Dated[Decimal] | None:
    return in_force(tariff.market_values[name].usd_per_kw_year, filed, filed)


def _clauses_of_law(tariff: Tariff, payment: Payment) -> list[str]:
    """The clauses of the law that want this floor."""
    floors = tariff.law.rate_floors.values() if tariff.law is not None else ()
    return [dated.cite for floor in floors for dated in floor.not_below_sum_of
            if dated.value == frozenset(payment.not_below_sum_of)]
