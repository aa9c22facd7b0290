"""Reconcile a period: what the market pays and what the retail bill shows of the same meter, month by month."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.locate import find_files
from ..adapters.tables.read import read_table
from ..interval import DateSpan, local_midnight
from ..market.model import AWARDS, MARKET_STATEMENT, RESOURCES
from ..problem import DataRefused, Problem, error, refuse_on_error
from ..reconcile.terms import Terms, charge_meanings, clauses_on, run_terms_on, terms_on
from ..tariff.load import load
from ..tariff.model import Tariff
from .fold_readings import FoldReport, fold_readings
from .reconcile_inputs import MarketBooks, day_files, make_tables, months_of, read_books
from .reconcile_outputs import Reconciled, publish
from .sql_text import sql, stage_sql

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is."""


def _silent(step: str, done: int, total: int) -> None:
    """The progress of nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRequest:
    """What to reconcile, from where to where."""

    tariff: Path
    inputs: Path
    period: DateSpan
    out: Path
    threads: int | None = None
    memory_limit_mb: int = 600
    progress: Progress = field(default=_silent)


def reconcile(request: ReconcileRequest) -> Reconciled:
    """Reconcile a period and write every output table, all together or not at all.

    Raises DataRefused with every Problem when the tariff or the data holds an error; then nothing is written.
    """
    tariff, found = load(request.tariff)
    if tariff is None:
        raise DataRefused(found)
    as_of = local_midnight(request.period.end, ZoneInfo(tariff.timezone))
    terms = _terms(tariff, request.period, as_of)
    with tempfile.TemporaryDirectory(prefix="gridrider-") as work, _database(Path(work), request) as connection:
        try:
            return _reconcile(request, tariff, terms, as_of, connection, Path(work), found)
        except DataRefused as refused:
            raise DataRefused(_with_file_names(refused.problems, request.inputs)) from None


def _terms(tariff: Tariff, period: DateSpan, as_of: datetime) -> dict[str, Terms]:
    """The rules of each month; raises DataRefused when one of them cannot be reconciled."""
    terms: dict[str, Terms] = {}
    problems: list[Problem] = []
    for month, days, _ in months_of(period):
        held, found = terms_on(tariff, days.first, as_of.date())
        problems += found
        if held is not None:
            terms[month] = held
    refuse_on_error(list(dict.fromkeys(problems)))
    return terms


@contextmanager
def _database(work: Path, request: ReconcileRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database on disk, so that the rows of a year are kept small and outside the memory."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{request.memory_limit_mb}MB", "temp_directory": str(work / "spill"),
        "autoinstall_known_extensions": False, "autoload_known_extensions": False, "preserve_insertion_order": False}
    if request.threads:
        config["threads"] = request.threads
    with duckdb.connect(str(work / "rows.duckdb"), config=config) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        yield connection


def _reconcile(request: ReconcileRequest, tariff: Tariff, terms: dict[str, Terms], as_of: datetime,
               connection: duckdb.DuckDBPyConnection, work: Path, found: list[Problem]) -> Reconciled:
    day, known = request.period.first, as_of.date()
    request.progress("Reading the tables", 0, 1)
    refuse_on_error(make_tables(connection, request.period, ZoneInfo(tariff.timezone)))
    with ThreadPoolExecutor(1) as aside:  # awards and readings are read at once: each is work for one core
        folding = aside.submit(_fold, request, tariff, work)
        books = read_books(connection, request.inputs, tariff, run_terms_on(tariff, day, known),
                           charge_meanings(tariff, day, known))
        problems = [*found, *books.problems]
        refuse_on_error(problems)
        folded = folding.result()
    problems += folded.problems
    refuse_on_error(problems)
    if books.has_statement:
        _set_loss_factor(connection, terms[f"{day:%Y-%m}"])
        connection.execute(stage_sql("reconcile", "runs"))
        if any(held.checks_capacity for held in terms.values()):
            connection.execute(stage_sql("reconcile", "awarded"))
    for number, (month, days, whole) in enumerate(months_of(request.period)):
        request.progress("Reconciling", number, len(terms))
        _month(connection, month, days, whole, terms[month], books, day_files(work / "days", days, folded.dates))
    _without_interconnection(connection, terms, request.period)
    problems = _with_file_names(problems, request.inputs)
    request.progress("Writing the tables", 0, 1)
    return publish(connection, request.out, tariff, request.tariff, request.period, problems,
                   clauses=clauses_on(tariff, day, known), inputs=request.inputs,
                   threads=request.threads or os.cpu_count() or 1)


def _fold(request: ReconcileRequest, tariff: Tariff, work: Path) -> FoldReport:
    """Fold the readings of every meter that the resources name; what is wrong with these is found elsewhere."""
    with duckdb.connect() as connection:
        read_table(connection, request.inputs, RESOURCES, ZoneInfo(tariff.timezone))
        points = connection.sql("select premise_point_id as point_id from resources where premise_point_id is not null "
                                "union select wholesale_point_id from resources where wholesale_point_id is not null "
                                "order by 1").to_arrow_table()["point_id"]
    folded = fold_readings(request.inputs, work / "days", zone=ZoneInfo(tariff.timezone),
                           points=points.combine_chunks(), dates=request.period, progress=request.progress,
                           threads=request.threads, memory_limit_mb=request.memory_limit_mb)
    said = tuple(replace(problem, reason=problem.reason.replace("no enrollment names", "no resource names"))
                 for problem in folded.problems)
    return replace(folded, problems=said)


def _set_loss_factor(connection: duckdb.DuckDBPyConnection, terms: Terms) -> None:
    factor = terms.loss_factor
    connection.execute("create or replace temp macro at_device(mwh) as cast(div_half_away(cast(mwh as hugeint) * "
                       f"{factor.denominator}, {factor.numerator}) as bigint)")


def _month(connection: duckdb.DuckDBPyConnection, month: str, days: DateSpan, whole: bool, terms: Terms,
           books: MarketBooks, files: list[str]) -> None:
    """Everything of one month: rows of the bill, billing demand, exceptions."""
    _set_loss_factor(connection, terms)
    connection.execute(
        "create or replace temp table term as select cast(? as varchar) as month, cast(? as boolean) as whole_month, "
        "cast(? as bigint) as demand_s, cast(? as bigint) as tolerance_mwh, cast(? as boolean) as backs_out_charging",
        [month, whole, terms.demand_s, terms.tolerance_mwh, terms.backs_out_charging])
    connection.execute("create or replace temp table local_day as select * from calendar "
                       "where local_date >= ? and local_date < ?", [days.first, days.end])
    connection.execute("create or replace temp table local_hour as select * from hour "
                       "where local_date >= ? and local_date < ?", [days.first, days.end])
    _open_days(connection, files)
    connection.execute(stage_sql("settlement", "wholesale"))
    _refuse_coarse_readings(connection, terms)
    connection.execute(stage_sql("reconcile", "steps") if books.has_statement else sql("reconcile_no_statement"))
    connection.execute(stage_sql("reconcile", "missing"))
    if books.has_statement:
        connection.execute(stage_sql("reconcile", "compare"))
    if books.has_statement and terms.checks_capacity:
        connection.execute(stage_sql("reconcile", "capacity"))
    if terms.at_wholesale:
        connection.execute(stage_sql("reconcile", "store"))


def _open_days(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """The folded readings of some days as `mart_day`; no files, no rows."""
    if files:
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        connection.execute("create or replace temp view mart_day as select point_id, local_date, slot_seconds, "
                           f"import_mwh, export_mwh from read_parquet([{listed}])")
    else:
        connection.execute("create or replace temp view mart_day as select null::varchar as point_id, null::date as "
                           "local_date, null::bigint as slot_seconds, null::bigint[] as import_mwh, "
                           "null::bigint[] as export_mwh where false")


def _refuse_coarse_readings(connection: duckdb.DuckDBPyConnection, terms: Terms) -> None:
    rows = connection.execute("select p.premise_point_id, l.row_s from row_length as l join premise as p "
                              "on p.premise_no = l.premise_no where ? % l.row_s <> 0 order by 1",
                              [terms.demand_s]).fetchall()
    if rows:
        raise DataRefused([error("readings", f"come every {row_s // 60} minutes, and billing demand of "
                                 f"{terms.demand_s // 60} minutes cannot be made of them",
                                 "Give finer readings of the master meter and the resources behind it.",
                                 column="seconds", value=premise) for premise, row_s in rows[:1000]])


def _without_interconnection(connection: duckdb.DuckDBPyConnection, terms: dict[str, Terms], period: DateSpan) -> None:
    if not any(held.needs_wdat for held in terms.values()):
        return
    connection.execute("""
        insert into exception (resource_no, premise_no, start_s, seconds, kind, because)
        select r.resource_no, r.premise_no, c.first_s, c.end_s - c.first_s, 'resource_without_interconnection',
               'the resource has awards and is connected as retail load, not under the wholesale distribution access '
               || 'tariff'
        from resource as r cross join (select min(midnight_s) as first_s, max(midnight_s + day_s) as end_s
                                       from calendar) as c
        semi join award_hour as a on a.resource_no = r.resource_no where r.interconnection = 'retail'""")


def _with_file_names(problems: list[Problem] | tuple[Problem, ...], folder: Path) -> list[Problem]:
    """The same findings with the files' own names where a check only knew the table's."""
    found = {schema.name: find_files(folder, schema.name)[0] for schema in (RESOURCES, AWARDS, MARKET_STATEMENT)}
    names = {name: files[0].label for name, files in found.items() if len(files) == 1}
    return [replace(problem, file=names.get(problem.file, problem.file)) for problem in problems]
