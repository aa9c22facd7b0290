"""The rates of a run against the market values that the tariff and the table `market_values` hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb

from ..money import plain
from ..problem import Problem, error
from ..settlement.rate_floors import KnownValue, TooLow, too_low
from ..tariff.model import Tariff
from .settle_plan import Payable, SettlePlan


def check_rate_floors(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, tariff_file: str) -> list[Problem]:
    """An error for each rate below the market values that its payment names."""
    if not any(payable.payment.not_below_sum_of for payable in plan.payables):
        return []
    values = [*_of_tariff(plan.tariff), *_of_table(connection)]
    return [problem for payable in plan.payables for problem in _below(plan, payable, values, tariff_file)]


def _below(plan: SettlePlan, payable: Payable, values: list[KnownValue], tariff_file: str) -> Iterator[Problem]:
    season = plan.tariff.season(payable.service.calls.season)
    for found in too_low(payable.payment, season, values, plan.known_by):
        yield _too_low(payable, found, tariff_file)


def _too_low(payable: Payable, found: TooLow, tariff_file: str) -> Problem:
    names = " + ".join(name.replace("_", " ") for name in payable.payment.not_below_sum_of)
    where = f" in zone {found.zone}" if found.zone is not None else ""
    return error(tariff_file, f"the rate filed on {found.rate.filed} pays {plain(found.pays_usd_per_kw_year)} USD/kW-"
                 f"year, below {plain(found.floor_usd_per_kw_year)} of {names}{where} on that day [{found.rate.cite}]",
                 "A rate below may not be approved; raise it, or correct the market values.",
                 column=f"riders.{payable.rider_name}.services.{payable.service_name}.payments",
                 value=plain(found.rate.value))


def _of_tariff(tariff: Tariff) -> Iterator[KnownValue]:
    for name, value in tariff.market_values.items():
        for dated in value.usd_per_kw_year:
            yield KnownValue(name=name, zone=None, effective=dated.effective, filed=dated.filed,
                             usd_per_kw_year=dated.value)


def _of_table(connection: duckdb.DuckDBPyConnection) -> list[KnownValue]:
    rows: list[tuple[str, str | None, date, date, Decimal]] = connection.execute(
        "select name, zone, effective, filed, value from market_values order by all").fetchall()
    return [KnownValue(name=name, zone=zone, effective=effective, filed=filed, usd_per_kw_year=value)
            for name, zone, effective, filed, value in rows]
