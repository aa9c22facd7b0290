"""Read what a reconciliation needs: resources, awards and the market's statement, checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.locate import find_files
from ..adapters.tables.read import read_table
from ..interval import DAY, DateSpan, day_seconds, local_midnight
from ..market.model import AWARDS, MARKET_STATEMENT, RESOURCES
from ..problem import Problem, error, errors, warning
from ..reconcile.terms import RunTerms
from ..tariff.model import Tariff
from .sql_text import sql, stage_sql

LISTED_MAX = 1000
HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketBooks:
    """What the market's side gave: whether a statement is there, and every Problem found."""

    has_statement: bool
    problems: tuple[Problem, ...]


def make_tables(connection: duckdb.DuckDBPyConnection, period: DateSpan, zone: ZoneInfo) -> list[Problem]:
    """The macros, the calendar of the period and the empty tables that every month adds to."""
    days = [(day, int(local_midnight(day, zone).timestamp()), day_seconds(day, zone)) for day in period.days()]
    shifts = {midnight_s % HOUR_S for _, midnight_s, _ in days}
    if len(shifts) > 1 or any(length_s % HOUR_S for *_, length_s in days):
        return [error("timezone", "shifts its clock by a part of an hour in the period, so that a clock hour has no "
                      "one meaning", "Reconcile the days before and after apart.")]
    connection.execute(stage_sql("measurement.baselines", "macros"))
    connection.execute(stage_sql("settlement", "macros"))
    shift_s = shifts.pop()
    connection.execute("create or replace temp macro floor_to(s, step_s) as "
                       f"(s - {shift_s}) // step_s * step_s + {shift_s}")
    connection.execute("create or replace temp macro hour_of(s) as floor_to(s, 3600)")
    connection.execute("create or replace temp table calendar (local_date date, midnight_s bigint, day_s bigint)")
    connection.executemany("insert into calendar values (?, ?, ?)", [list(day) for day in days])
    connection.execute(sql("reconcile_tables"))
    return []


def read_books(connection: duckdb.DuckDBPyConnection, folder: Path, tariff: Tariff, runs: RunTerms,
               meanings: dict[str, str]) -> MarketBooks:
    """Read resources, awards and the statement into the connection and number them; `calendar` must be there."""
    zone = ZoneInfo(tariff.timezone)
    problems = [problem for schema in (RESOURCES, AWARDS, MARKET_STATEMENT)
                for problem in read_table(connection, folder, schema, zone)]
    if not errors(problems):
        connection.execute(sql("reconcile_repeated"))
        for table, name, reason, advice, is_error, query in CHECKS:
            problems += _found(connection, table, name, reason, advice, query, is_error=is_error)
        problems += list(_statement_names(connection, runs, meanings))
    has_statement = bool(find_files(folder, MARKET_STATEMENT.name)[0])
    if not errors(problems):
        _number(connection, runs, meanings)
    return MarketBooks(has_statement=has_statement, problems=tuple(problems))


CHECKS: tuple[tuple[str, str, str, str, bool, str], ...] = (
    ("resources", "wholesale_point_id", "is the wholesale meter of two resources, so its energy would count twice",
     "Give each resource its own meter.", True,
     "select source_row, wholesale_point_id from resources where wholesale_point_id is not null "
     "qualify count(*) over (partition by wholesale_point_id) > 1"),
    ("resources", "wholesale_point_id", "is a retail master meter too", "Name the resource's own meter.", True,
     "select source_row, wholesale_point_id from resources as r where exists "
     "(select 1 from resources as o where o.premise_point_id = r.wholesale_point_id)"),
    ("awards", "seconds", "is not between 1 and 86400 seconds", "Give the award's length, at most a day.", True,
     "select source_row, cast(seconds as varchar) from awards where seconds < 1 or seconds > 86400"),
    ("awards", "mw", "is a second row of the same award and differs", "Keep one of them.", True,
     "select max(source_row), any_value(resource_id) from repeated_award "
     "group by resource_id, start, seconds, product, market, run having count(distinct milliwatt) > 1"),
    ("awards", "resource_id", "identical rows were removed; the first of them is named", "Export each award once.",
     False,
     "select min(source_row), count(*) || ' rows' from (select * from repeated_award qualify row_number() over "
     "(partition by resource_id, start, seconds, product, market, run, milliwatt order by source_row) > 1) "
     "having count(*) > 0"),
    ("awards", "mw", "awards below zero make no award hour; the first is named", "", False,
     "select min(source_row), count(*) || ' rows' from awards where milliwatt < 0 having count(*) > 0"),
    ("awards", "resource_id", "rows are of resources that the table resources does not name, and were left out",
     "Add the resource.", False,
     "select min(source_row), count(*) || ' rows' from awards anti join resources using (resource_id) "
     "having count(*) > 0"),
    ("market_statement", "seconds", "does not lie in one clock hour on the grid of its own length",
     "Give intervals of 5, 15, 30 or 60 minutes.", True,
     "select source_row, cast(seconds as varchar) from market_statement where seconds < 1 or 3600 % seconds <> 0 "
     "or epoch_us(start) % 1000000 <> 0 "
     "or (epoch_us(start) // 1000000 - hour_of(epoch_us(start) // 1000000)) % seconds <> 0"),
    ("market_statement", "resource_id", "rows are of resources that the table resources does not name, and were left "
     "out", "Add the resource.", False,
     "select min(source_row), count(*) || ' rows' from market_statement anti join resources using (resource_id) "
     "having count(*) > 0"),
    ("market_statement", "resource_id", "identical rows were removed; the first of them is named",
     "Export each line once.", False,
     "select min(source_row), count(*) || ' rows' from (select * from market_statement qualify row_number() over "
     "(partition by resource_id, start, seconds, charge_code, milliwatt_hour, amount_micro_usd, recalculation "
     "order by source_row) > 1) having count(*) > 0"),
    ("market_statement", "start", "rows lie outside the period and were left out; the first is named", "", False,
     "select min(source_row), count(*) || ' rows' from market_statement, (select min(midnight_s) as first_s, "
     "max(midnight_s + day_s) as end_s from calendar) where epoch_us(start) // 1000000 < first_s "
     "or epoch_us(start) // 1000000 >= end_s having count(*) > 0"),
    ("awards", "start", "rows lie outside the period and were left out; the first is named", "", False,
     "select min(source_row), count(*) || ' rows' from awards, (select min(midnight_s) as first_s, "
     "max(midnight_s + day_s) as end_s from calendar) where epoch_us(start) // 1000000 + seconds <= first_s "
     "or epoch_us(start) // 1000000 >= end_s having count(*) > 0"),
)
"""Table, column, reason, advice, whether it stops the run, and a query of row and cell."""


def _found(connection: duckdb.DuckDBPyConnection, table: str, column: str, reason: str, advice: str, query: str, *,
           is_error: bool) -> Iterator[Problem]:
    make = error if is_error else warning
    rows = connection.execute(f"{query} order by 1, 2").fetchall()
    for row, cell in rows[:LISTED_MAX]:
        yield make(table, reason, advice, row=row, column=column, value=cell or "")
    if len(rows) > LISTED_MAX:
        yield make(table, f"and {len(rows) - LISTED_MAX} more rows: {reason}", advice, column=column)


def _statement_names(connection: duckdb.DuckDBPyConnection, runs: RunTerms,
                     meanings: dict[str, str]) -> Iterator[Problem]:
    """Runs that the tariff does not know, which stop us, and charge codes that it does not, which count as energy."""
    for name, row in connection.execute(
            "select recalculation, min(source_row) from market_statement where recalculation is not null "
            "and not list_contains(?, recalculation) group by 1 order by 1", [list(runs.order)]).fetchall():
        yield error("market_statement", "is no run of the statement that the tariff names",
                    f"Known, first to last: {', '.join(runs.order) or 'none'}.", row=row, column="recalculation",
                    value=name)
    for code, row in connection.execute(
            "select charge_code, min(source_row) from market_statement where not list_contains(?, charge_code) "
            "group by 1 order by 1", [list(meanings)]).fetchall():
        yield warning("market_statement", "is a charge code that the tariff does not name; it counts as energy",
                      "Add it under wholesale: statements: charge_codes:.", row=row, column="charge_code", value=code)


def _number(connection: duckdb.DuckDBPyConnection, runs: RunTerms, meanings: dict[str, str]) -> None:
    connection.execute("create or replace temp table charge_meaning (charge_code varchar, pays varchar)")
    connection.execute("create or replace temp table run_order (recalculation varchar, run_no integer)")
    _insert(connection, "charge_meaning", list(meanings.items()))
    _insert(connection, "run_order", [(name, number) for number, name in enumerate(runs.order, start=1)])
    connection.execute("create or replace temp table run_rule as select cast(? as varchar) as replaces, "
                       "cast(? as boolean) as lists_changes", [runs.replaces, runs.lists_changes])
    connection.execute(sql("reconcile_numbers"))


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into {table} values ({marks})", [list(row) for row in rows])


def months_of(period: DateSpan) -> Iterator[tuple[str, DateSpan, bool]]:
    """Each calendar month that the period touches: its name, the days of it inside, and whether they are all."""
    first = period.first.replace(day=1)
    while first < period.end:
        following = (first.replace(day=28) + 4 * DAY).replace(day=1)
        inside = DateSpan(first=max(first, period.first), end=min(following, period.end))
        yield f"{first:%Y-%m}", inside, (inside.first, inside.end) == (first, following)
        first = following


def day_files(folder: Path, days: DateSpan, have: Sequence[date]) -> list[str]:
    """The files of folded readings for some days, those that are there."""
    return [str(folder / f"{day}.parquet") for day in have if day in days]
