"""What enrollments and participants bring beside themselves: attributes, vintages of services, nominated power."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ..adapters.tables.cells import quoted
from ..adapters.tables.locate import TableFile, find_files
from ..enrollment.model import ENROLLMENTS
from ..problem import Problem, error, warning
from ..settlement.attributes import payment_attributes
from ..settlement.periods import month_of, months_in
from ..table import Kind
from ..tariff.model import Tariff
from .sql_text import sql

LISTED_MAX = 1000


# ---- attributes ---------------------------------------------------------------------------------
def check_attributes(folder: Path, tariff: Tariff) -> tuple[tuple[str, ...], list[Problem]]:
    """The attributes that the tariff's payments name; one that is no column is a warning, for nobody has it."""
    named = payment_attributes(tariff)
    kinds = {column.name: column.kind for column in ENROLLMENTS.columns}
    problems = [error("enrollments", "is no attribute that is true or false, and the tariff's payments look at it",
                      "Name another attribute in the tariff.", column=name)
                for name in named if kinds.get(name, Kind.BOOLEAN) is not Kind.BOOLEAN]
    files, _ = find_files(folder, ENROLLMENTS.name)
    if files and named:
        columns = {name for file in files for name in _columns_of(file)}
        problems += [warning("enrollments", "is an attribute that the tariff names, and the table has no such column, "
                             "so no enrollment has it", "Add the column with true or false.", column=name)
                     for name in named if name not in columns]
    return tuple(name for name in named if kinds.get(name, Kind.BOOLEAN) is Kind.BOOLEAN), problems


def _columns_of(file: TableFile) -> list[str]:
    """The names in a file's header; none where it cannot be read, which is said elsewhere."""
    try:
        if not file.is_csv:
            return list(pq.read_schema(file.path).names)
        with file.path.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    except (OSError, ValueError, csv.Error):
        return []


def number_enrollments(connection: duckdb.DuckDBPyConnection, tariff: Tariff, attributes: tuple[str, ...], *,
                       with_vintages: bool) -> None:
    """Make `enrollment`, with defaults and attributes, numbered in the order of the ids; and `service_vintage`.

    The latter needs the table `service_terms`, and is made where that was read.
    """
    held = ", ".join(f"case when {quoted(name)} then '{_literal(name)}' end" for name in attributes)
    connection.execute(f"""
        create or replace temp table enrollment as
        select * replace (coalesce(aggregation_id, participant_id) as aggregation_id,
                          coalesce(payee_id, participant_id) as payee_id),
               coalesce(enrolled_on, starts_on) as vintage_day,
               cast(row_number() over (order by enrollment_id) as integer) as enrollment_no,
               list_filter(cast([{held}] as varchar[]), lambda name: name is not null) as attributes
        from enrollments""")
    if not with_vintages:
        return
    riders = [name for name, rider in tariff.riders.items() if rider.term is not None and any(
        dated.value == "enrollment_and_service" for dated in rider.term.vintage_of)]
    connection.execute(f"create or replace temp table service_vintage as {sql('service_vintage')}", [riders])


def _literal(text: str) -> str:
    return text.replace("'", "''")


# ---- vintages of services -----------------------------------------------------------------------
def check_service_terms(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> list[Problem]:
    """Rows of `service_terms` that name nobody, no service, or are of a rider whose vintage is the enrollment's."""
    services = sorted({name for rider in tariff.riders.values() for name in rider.services})
    found = [error("service_terms", "is not a service of the tariff", f"Known: {', '.join(services) or 'none'}.",
                   row=row, column="service", value=service)
             for row, service in connection.execute(
                 "select source_row, service from service_terms where not list_contains(?, service) order by 1",
                 [services]).fetchall()]
    found += [warning("service_terms", "is no enrollment of this run, so the row is left out", "Check the id.", row=row,
                      column="enrollment_id", value=held)
              for row, held in connection.execute(
                  "select t.source_row, t.enrollment_id from service_terms as t anti join enrollment as e "
                  "on e.enrollment_id = t.enrollment_id order by 1 limit ?", [LISTED_MAX]).fetchall()]
    ((unused,),) = connection.execute(
        "select count(*) from service_terms as t join enrollment as e on e.enrollment_id = t.enrollment_id "
        "anti join service_vintage as v on v.enrollment_no = e.enrollment_no and v.service = t.service "
        "where t.taken_on <> e.vintage_day").fetchall()
    if unused:
        found.append(warning("service_terms", f"{unused} rows are of riders whose vintage is the enrollment's, and are "
                             "not used", "Say vintage_of: enrollment_and_service in the rider's term, or drop them."))
    return found


# ---- nominations --------------------------------------------------------------------------------
def check_nominations(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> list[Problem]:
    """Fill `nomination`, one row for each participant, service and month; what cannot be paid so is a Problem."""
    services = [name for rider in tariff.riders.values() for name, service in rider.services.items()
                if any(payment.family == "capacity_nominated" for payment in service.payments)]
    names = sorted(set(services))
    found = [error("nominations", f"two riders pay by nominated power for the service {name}, and a nomination names "
                   "no rider", "Give the services of the tariff different names.", column="service", value=name)
             for name in names if services.count(name) > 1]
    connection.execute(sql("nomination"), [names[0] if len(names) == 1 else None])
    known = f"Services paid by nominated power: {', '.join(names) or 'none'}."
    for query, column, reason, advice in _NOMINATION_CHECKS:
        parameters = [names] if "$names" in query else []
        rows = connection.execute(query.replace("$names", "?"), parameters).fetchall()
        found += [error("nominations", reason, advice or known, row=row, column=column, value=held or "")
                  for row, held in rows[:LISTED_MAX]]
    return found + list(_out_of_season(connection, tariff))


_NOMINATION_CHECKS = (
    ("select source_row, month from nomination where month_first is null order by 1", "month", "is not a month",
     "Write YYYY-MM."),
    ("select source_row, service from nomination where service is null or not list_contains($names, service) "
     "order by 1", "service", "is no service that the tariff pays by nominated power", ""),
    ("select n.source_row, n.participant_id from nomination as n anti join enrollment as e "
     "on e.participant_id = n.participant_id order by 1", "participant_id", "is no participant of any enrollment",
     "Check the id."),
    ("select source_row, participant_id from nomination where nominated_milliwatt < 0 order by 1", "kw",
     "is below zero", "Nominate zero or more."),
    ("select source_row, participant_id from (select *, row_number() over (partition by participant_id, service, "
     "month_first order by source_row) as nth from nomination) where nth > 1 order by 1", "month",
     "is a second nomination of this participant for the service and month", "Keep one of them."),
)
"""A query of bad rows, the column, the reason and the advice; no advice: the services that could be named."""


def _out_of_season(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> Iterator[Problem]:
    rows = connection.execute("select source_row, service, month_first from nomination where month_first is not null "
                              "order by 1").fetchall()
    for row, name, first in rows:
        service = next((rider.services[name] for rider in tariff.riders.values() if name in rider.services), None)
        season = tariff.season(service.calls.season) if service is not None else None
        if not months_in(month_of(first), season):
            yield warning("nominations", "lies outside of the service's season and pays nothing", "Check the month.",
                          row=row, column="month", value=f"{first:%Y-%m}")
