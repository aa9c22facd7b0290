"""Read the input folder of a settlement and check what the tables say of each other and of the tariff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.locate import find_files
from ..adapters.tables.read import read_table
from ..enrollment.model import ENROLLMENTS, SERVICE_TERMS
from ..event.model import EVENTS, OPT_OUTS, UNAVAILABLE
from ..event.service_events import GridEvent
from ..market.model import MARKET_VALUES, NOMINATIONS, PRICES
from ..measurement.model import ADJUSTMENTS, CLAIMS
from ..problem import Problem, error, warning
from ..table import Kind, TableSchema
from ..tariff.model import Tariff
from ..telemetry.model import POINTS
from .settle_promises import check_attributes, check_nominations, check_service_terms, number_enrollments

TABLES: tuple[TableSchema, ...] = (ENROLLMENTS, EVENTS, OPT_OUTS, UNAVAILABLE, PRICES, ADJUSTMENTS, POINTS,
                                   CLAIMS, SERVICE_TERMS, NOMINATIONS, MARKET_VALUES)
"""The small tables of a settlement; readings and days are read apart, for they are large."""
LISTED_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What was read: the events as records, the rest as tables in the connection."""

    events: tuple[GridEvent, ...]
    problems: tuple[Problem, ...]


def read_inputs(connection: duckdb.DuckDBPyConnection, folder: Path, tariff: Tariff,
                tables: Sequence[TableSchema] = TABLES, attributes: Mapping[str, Kind] | None = None) -> Inputs:
    """Read small tables of the folder into the connection, with every Problem found.

    `attributes` gives a kind to further columns of the enrollments, which are text otherwise.
    """
    zone, names = ZoneInfo(tariff.timezone), {schema.name for schema in tables}
    paid_by, problems = check_attributes(folder, tariff)
    kinds = {**dict.fromkeys(paid_by, Kind.BOOLEAN), **(attributes or {})}
    problems += [problem for schema in tables for problem in read_table(
        connection, folder, schema, zone, kinds if schema is ENROLLMENTS else None)]
    problems += _tariff_names(connection, tariff) if not problems_block(problems) else []
    if not problems_block(problems):
        problems += list(_cross_checks(connection, names))
        number_enrollments(connection, tariff, paid_by, with_vintages=SERVICE_TERMS.name in names)
        problems += check_service_terms(connection, tariff) if SERVICE_TERMS.name in names else []
        problems += check_nominations(connection, tariff) if NOMINATIONS.name in names else []
    return Inputs(events=events_of(connection), problems=tuple(problems))


def with_file_names(problems: Sequence[Problem], folder: Path) -> list[Problem]:
    """The same findings with the files' own names where a check only knew the table's."""
    files = {schema.name: find_files(folder, schema.name)[0] for schema in TABLES}
    names = {name: found[0].label for name, found in files.items() if len(found) == 1}
    return [replace(problem, file=names.get(problem.file, problem.file)) for problem in problems]


def problems_block(problems: list[Problem]) -> bool:
    """True when an error among the Problems forbids to go on."""
    return any(problem.severity == "error" for problem in problems)


def events_of(connection: duckdb.DuckDBPyConnection) -> tuple[GridEvent, ...]:
    """The rows of the events table as records, in order of time."""
    rows = connection.execute(
        'select event_id, service, kind, start, "end", zone, called_at, cancelled_at, source_row from events '
        "where event_id is not null and start is not null and \"end\" is not null order by start, event_id").fetchall()
    return tuple(GridEvent(event_id=row[0], service=row[1], kind=row[2], start=_utc(row[3]), end=_utc(row[4]),
                           zones=tuple(row[5] or ()), called_at=None if row[6] is None else _utc(row[6]),
                           cancelled_at=None if row[7] is None else _utc(row[7]), source_row=row[8]) for row in rows)


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)


def _tariff_names(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> list[Problem]:
    """Riders, services and zones that the tariff does not know."""
    riders = list(tariff.riders)
    if len(riders) == 1:
        connection.execute("update enrollments set rider = ? where rider is null", riders)
    found = _unknown(connection, "rider", "rider is null or not list_contains(?, rider)", riders, "rider")
    if tariff.zones:
        found += _unknown(connection, "zone", "zone is null or not list_contains(?, zone)", list(tariff.zones), "zone")
    services = sorted({f"{name}/{service}" for name, rider in tariff.riders.items() for service in rider.services})
    found += _unknown(connection, "services", "services is not null and not list_has_all(?, list_transform(services, "
                      "lambda s: rider || '/' || s))", services, "service of its rider")
    return found


def _unknown(connection: duckdb.DuckDBPyConnection, column: str, where: str, known: list[str],
             what: str) -> list[Problem]:
    rows = connection.execute(f"select source_row, cast({column} as varchar) from enrollments where {where} "
                              "order by source_row", [known]).fetchall()
    advice = f"Known: {', '.join(known) or 'none'}."
    return [error("enrollments", f"is not a {what} that the tariff names", advice, row=row, column=column,
                  value=held or "") for row, held in rows[:LISTED_MAX]]


CROSS_CHECKS: tuple[tuple[str, str, bool, str, str, str], ...] = (
    (
        "opt_outs",
        "select o.source_row, o.enrollment_id from opt_outs as o anti join enrollments as e using (enrollment_id)",
        False, "enrollment_id", "is no enrollment of this run, so the opt-out is left out", "Check the id."),
    (
        "opt_outs",
        "select o.source_row, o.event_id from opt_outs as o anti join events as e using (event_id)",
        True, "event_id", "is no event of this run", "Add the event or drop the row."),
    (
        "opt_outs",
        'select o.source_row, o.event_id from opt_outs as o join events as e using (event_id) where o.at >= e."end"',
        False, "at", "is at or after the event's end, so the opt-out is left out", ""),
    (
        "unavailable",
        "select u.source_row, u.enrollment_id from unavailable as u anti join enrollments as e using (enrollment_id)",
        False, "enrollment_id", "is no enrollment of this run, so the row is left out", "Check the id."),
    (
        "unavailable",
        "select u.source_row, u.event_id from unavailable as u anti join events as e using (event_id) "
        "where u.event_id is not null",
        True, "event_id", "is no event of this run", "Add the event or drop the row."),
    (
        "unavailable",
        'select source_row, enrollment_id from unavailable where event_id is null and (start is null or "end" is null) '
        'or "end" <= start',
        True, "start", "needs an event_id, or a start and a later end", "Complete the row."),
    (
        "adjustments",
        "select a.source_row, a.enrollment_id from adjustments as a anti join enrollments as e using (enrollment_id)",
        True, "enrollment_id", "is no enrollment of this run", "Check the id."),
    (
        "adjustments",
        "select a.source_row, a.event_id from adjustments as a anti join events as e using (event_id)",
        True, "event_id", "is no event of this run", "Add the event or drop the row."),
    (
        "claims",
        "select source_row, program from claims where mwh is null and milliwatt is null",
        True, "kwh", "says neither kwh nor kw", "Give the energy or the power that is claimed."),
    (
        "claims",
        "select source_row, program from claims "
        "where coalesce(mwh, 0) < 0 or coalesce(milliwatt, 0) < 0 or seconds <= 0",
        True, "kwh", "is a claim below zero or without length", "Check kwh, kw and seconds."),
    (
        "points",
        "select p.source_row, p.enrollment_id from points as p anti join enrollments as e using (enrollment_id)",
        False, "enrollment_id", "is no enrollment of this run, so the row is left out", "Check the id."),
    (
        "points",
        'select source_row, point_id from points where "to" < "from"',
        True, "to", "ends before it begins", "Check from and to."),
    (
        "enrollments",
        "select source_row, enrollment_id from enrollments where ends_on < starts_on - 1",
        True, "ends_on", "lies before starts_on", "Check both days."),
)
"""Table, a query of its bad rows, whether they are errors, the column, the reason and the advice."""


def _cross_checks(connection: duckdb.DuckDBPyConnection, tables: Set[str]) -> Iterator[Problem]:
    for name, query, is_error, column, reason, advice in CROSS_CHECKS:
        if name not in tables:
            continue
        rows = connection.execute(f"{query} order by 1").fetchall()
        make = error if is_error else warning
        for row, held in rows[:LISTED_MAX]:
            yield make(name, reason, advice, row=row, column=column, value=held or "")
        if len(rows) > LISTED_MAX:
            yield make(name, f"and {len(rows) - LISTED_MAX} more rows: {reason}", advice, column=column)
