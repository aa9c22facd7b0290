"""Offers to the market within the limits of tariff and fleet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.read import read_table
from ..market.model import FLEET, WANTED_OFFERS
from ..market.offers import OfferTerms, offer_terms
from ..problem import DataRefused, Problem, error, errors, refuse_on_error
from ..tariff.load import load
from .outputs import copy_csv, replacing, write_problems
from .reconcile_outputs import write_mark
from .sql_text import sql, stage_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What was written: how many offers stand, and how often each limit cut one."""

    out: Path
    problems: tuple[Problem, ...]
    offers: int
    limited: dict[str, int]


def limit_offers(tariff_file: Path, inputs: Path, out: Path) -> Offered:
    """Write `offers.csv`, what is wanted cut down to what may be offered; raises DataRefused on an error.

    The limits are those in force on the local day of the first offer.
    """
    tariff, problems = load(tariff_file)
    if tariff is None:
        raise DataRefused(problems)
    zone = ZoneInfo(tariff.timezone)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for schema in (WANTED_OFFERS, FLEET):
            problems = problems + read_table(connection, inputs, schema, zone)
        if not errors(problems):
            problems += _nonsense(connection)
        refuse_on_error(problems)
        ((first,),) = connection.execute("select min(start) from offers").fetchall()
        day = first.replace(tzinfo=UTC).astimezone(zone).date() if first is not None else date.max
        terms, found = offer_terms(tariff, day)
        problems += found
        if terms is None:
            raise DataRefused(problems)
        _take_terms(connection, terms)
        connection.execute(stage_sql("settlement", "macros"))
        connection.execute(stage_sql("market", "offers"))
        rows = connection.execute("select limited_by, count(*) from offered group by all order by all").fetchall()
        with replacing(out) as folder:
            copy_csv(connection, sql("market_offers"), folder / "offers.csv")
            write_problems(folder / "problems.csv", problems)
            write_mark(folder, tariff, tariff_file)
    limited = Counter({str(limit): int(count) for limit, count in rows})
    return Offered(out=out, problems=tuple(problems), offers=limited.total(),
                   limited={limit: count for limit, count in limited.items() if limit})


def _nonsense(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    return [error(table, f"{column} is not above zero" if column == "seconds" else f"{column} is below zero",
                  "Correct the row.", row=row, column=column)
            for table, column, where in (
                ("offers", "seconds", "seconds < 1"), ("offers", "mw", "milliwatt < 0"),
                ("fleet", "seconds", "seconds < 1"),
                ("fleet", "discharge_kw", "discharge_milliwatt < 0"), ("fleet", "charge_kw", "charge_milliwatt < 0"),
                ("fleet", "energy_kwh", "energy_mwh < 0"), ("fleet", "room_kwh", "room_mwh < 0"))
            for (row,) in connection.execute(f"select source_row from {table} where {where} order by 1 limit 1000"
                                             ).fetchall()]


def _take_terms(connection: duckdb.DuckDBPyConnection, terms: OfferTerms) -> None:
    connection.execute("create or replace temp table hold (product varchar, market varchar, energy_management boolean, "
                       "seconds bigint, clause varchar)")
    connection.executemany("insert into hold values (?, ?, ?, ?, ?)", [
        [hold.product, hold.market, hold.energy_management, hold.seconds, hold.clause] for hold in terms.holds])
    connection.execute(
        "create or replace temp table offer_term as select cast(? as bigint) as most_milliwatt, ? as most_clause, "
        "cast(? as bigint) as least_milliwatt, ? as least_clause, cast(? as bigint) as step_milliwatt, "
        "cast(? as boolean) as needs_wdat, ? as wdat_clause, ? as products_clause",
        [terms.most_milliwatt, terms.most_clause, terms.least_milliwatt, terms.least_clause, terms.step_milliwatt,
         terms.needs_wdat, terms.wdat_clause, terms.products_clause])
