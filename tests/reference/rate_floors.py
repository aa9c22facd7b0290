"""Rates that may not be too low: each held against the market values known on the day on which it was filed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from gridrider.tariff.model import Payment, Service
from tests.reference.concern import Run
from tests.reference.inputs import World
from tests.reference.numbers import Refused

MONTHS = 12


def worth(run: Run, world: World, name: str, zone: str, filed: date) -> Fraction | None:
    """A market value per kW and year as known and in force on a day; None where nobody names it."""
    own = [(row.effective, row.filed, row.usd) for row in world.market_values
           if row.name == name and row.zone == zone and row.effective <= filed and row.filed <= filed]
    if zone:
        return max(own)[2] if own else worth(run, world, name, "", filed)
    block = run.tariff.market_values.get(name)
    own += [(dated.effective, dated.filed, Fraction(dated.value))
            for dated in (block.usd_per_kw_year if block is not None else ())
            if dated.effective <= filed and dated.filed <= filed]
    return max(own)[2] if own else None


def months_a_year(run: Run, service: Service) -> int:
    """The months that the service's season touches."""
    season = run.tariff.season(service.calls.season) if service.calls.season else None
    if season is None:
        return MONTHS
    return len({day.month for day in _days_of(2023) if season.covers(day)})


def _days_of(year: int) -> Iterator[date]:
    for number in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        yield date.fromordinal(number)


def hold(run: Run, world: World, service: Service, payment: Payment) -> None:
    """Refuse a rate per kW below the sum of the values that it names."""
    names = payment.not_below_sum_of
    zones = {row.zone for row in world.market_values if row.name in names and row.zone} or {""}
    for history, times in ((payment.rate_usd_per_kw_month, months_a_year(run, service)),
                           (payment.rate_usd_per_kw_season, 1)):
        for rate in history:
            if rate.filed > run.as_of_day:
                continue
            for zone in zones:
                floor = sum((worth(run, world, name, zone, rate.filed) or Fraction(0) for name in names), Fraction(0))
                if Fraction(rate.value) * times < floor:
                    raise Refused(f"the rate {rate.value} is below {floor} USD per kW and year in zone {zone!r}")


def hold_all(run: Run, world: World) -> None:
    """Hold every payment of the tariff against its floors."""
    for rider in run.tariff.riders.values():
        for service in rider.services.values():
            for payment in service.payments:
                if payment.not_below_sum_of:
                    hold(run, world, service, payment)
