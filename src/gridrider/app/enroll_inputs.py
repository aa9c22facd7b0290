"""Read the input folder of an enrollment run and check what its tables say of each other and of the tariff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from ..adapters.tables.locate import find_files
from ..adapters.tables.read import read_table
from ..enrollment.conditions import NAMED, PROOFS, Sheet, literal
from ..enrollment.model import (
    ACTS,
    APPLICATIONS,
    ENROLLMENTS,
    KEPT_COLUMNS,
    PARTICIPANTS,
    PERMITS,
    SERVICE_TERMS,
)
from ..event.model import EVENTS, UNAVAILABLE
from ..interval import local_midnight
from ..measurement.model import OUTCOMES
from ..problem import Problem, error, refuse_on_error, warning
from ..table import Column, Kind, TableSchema
from ..tariff.model import Tariff
from .sql_text import stage_sql

KNOWN_ENROLLMENTS = replace(ENROLLMENTS, required=False, columns=(*ENROLLMENTS.columns, *KEPT_COLUMNS))
"""The enrollments that the applications meet; there may be none yet."""

TOOK_PART = TableSchema(
    name="participation", open=True, meaning="Participation as a settlement wrote it.",
    columns=(Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True),
             Column(name="event_id", kind=Kind.TEXT, required=True, filled=True),
             Column(name="outcome", kind=Kind.TEXT, required=True, filled=True, choices=OUTCOMES),
             Column(name="counted", kind=Kind.BOOLEAN)))
"""What non-performance needs of a settlement's participation table."""

TABLES = (APPLICATIONS, KNOWN_ENROLLMENTS, PARTICIPANTS, ACTS, PERMITS, SERVICE_TERMS, TOOK_PART,
          replace(EVENTS, required=False), UNAVAILABLE)
LISTED_MAX = 1000


def read_inputs(connection: duckdb.DuckDBPyConnection, folder: Path, tariff: Tariff,
                at: date | None) -> tuple[date, list[Problem]]:
    """Read every table of the folder and name its applications; returns the day of the run and every warning.

    Raises DataRefused with every Problem when one is an error.
    """
    zone = ZoneInfo(tariff.timezone)
    problems = [problem for schema in TABLES for problem in read_table(connection, folder, schema, zone)]
    refuse_on_error(problems)
    given = connection.execute("select (select count(*) from applications) + (select count(*) from acts) "
                               "+ (select count(*) from enrollments)").fetchall()
    if given == [(0,)]:
        problems.append(error("applications.csv", "there is no application, no act and no enrollment",
                              "Give applications.csv, or enrollments.csv and acts.csv."))
    _instant_days(connection, zone)
    day = at or _latest_day(connection)
    if day is None:
        problems.append(error("applications.csv", "nothing says on which day this run is", "Give --at DATE."))
    refuse_on_error(problems)
    if day is None:
        raise ValueError("a run without a day")
    _name(connection, tariff, day)
    problems += _cross_checks(connection, tariff, day)
    problems = _with_file_names(problems, folder)
    refuse_on_error(problems)
    return day, problems


def _with_file_names(problems: Sequence[Problem], folder: Path) -> list[Problem]:
    """The same findings with the files' own names where a check only knew the table's."""
    found = {schema.name: find_files(folder, schema.name)[0] for schema in TABLES}
    names = {name: files[0].label for name, files in found.items() if len(files) == 1}
    return [replace(problem, file=names.get(problem.file, problem.file)) for problem in problems]


def attributes(connection: duckdb.DuckDBPyConnection, table: str, schema: TableSchema) -> list[str]:
    """The columns of a table that its schema does not declare."""
    declared = {column.inside_name for column in schema.columns} | {"source_row"}
    declared |= {f"{column.name}_is_date" for column in schema.columns}
    return [name for name, *_ in connection.execute(f"describe {table}").fetchall() if name not in declared]


def _instant_days(connection: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> None:
    """The local day of every instant of the tables."""
    connection.execute('create or replace temp table instant as select distinct instant from ('
                       'select applied_at as instant from applications union all select "at" from acts '
                       "union all select start from events) where instant is not null")
    utc_days = [day for (day,) in connection.execute("select distinct cast(instant as date) from instant").fetchall()]
    days = sorted({day + timedelta(days=step) for day in utc_days for step in (-1, 0, 1)})
    midnights = pa.table({"day": pa.array(days, pa.date32()),
                          "midnight": pa.array([local_midnight(day, zone).replace(tzinfo=None) for day in days],
                                               pa.timestamp("us"))})
    connection.register("midnights", midnights)
    connection.execute("create or replace temp table instant_day as select i.instant, m.day from instant as i "
                       "asof join midnights as m on i.instant >= m.midnight")
    connection.unregister("midnights")


def _latest_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The latest day of an application or act; else the latest first day."""
    latest: date | None
    first: date | None
    ((latest, first),) = connection.execute(
        "select max(day), max(first) from (select coalesce(a.applied_on, d.day) as day, coalesce(a.enrolled_on, "
        "a.starts_on) as first from applications as a left join instant_day as d on d.instant = a.applied_at "
        "union all select d.day, null from acts as t join instant_day as d on d.instant = t.\"at\" "
        "union all select null, starts_on from enrollments)").fetchall()
    return latest or first


def _name(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> None:
    """Number the applications and work out of each what its columns leave to be worked out."""
    connection.execute(stage_sql("enrollment", "macros"))
    connection.execute(_low_income_macro(tariff))
    only = next(iter(tariff.riders)) if len(tariff.riders) == 1 else None
    for statement in stage_sql("enrollment", "applicant").split(";\n"):
        if statement.strip():
            given = {"only_rider": only, "at": at} if "$at" in statement else {}
            connection.execute(statement, given)
    if only is not None:
        connection.execute("update enrollments set rider = ? where rider is null", [only])


def _low_income_macro(tariff: Tariff) -> str:
    """SQL that tells low income from income and median, by the share in force on the application's day."""
    whens = []
    for dated in sorted(tariff.low_income.income_pct_of_median_max if tariff.low_income is not None else (),
                        key=lambda dated: (dated.effective, dated.filed), reverse=True):
        over, under = dated.value.as_integer_ratio()
        whens.append(f"when day >= date '{dated.effective}' then cast(income as hugeint) * {100 * under} "
                     f"<= cast(median as hugeint) * {over}")
    body = f"case {' '.join(whens)} end" if whens else "cast(null as boolean)"
    return f"create or replace temp macro low_income_by(day, income, median) as {body}"


def _cross_checks(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> Iterator[Problem]:
    riders = f"[{', '.join(map(literal, tariff.riders))}]"
    services = ", ".join(literal(f"{rider}/{service}") for rider, held in tariff.riders.items()
                         for service in held.services) or "''"
    zones = f"[{', '.join(map(literal, tariff.zones))}]"
    places = {"$riders": riders, "$services": f"[{services}]", "$zones": zones,
              "$zoned": "true" if tariff.zones else "false",
              "$participants": "exists (select 1 from participants)", "$at": f"date '{at}'"}
    for table, is_error, column, seen, where, reason, advice in CROSS_CHECKS:
        query = f"select source_row, cast({seen} as varchar) from {where} order by 1"
        for place, text in places.items():
            query = query.replace(place, text)
        yield from _listed(connection, query, error if is_error else warning, table, column, reason, advice)
    yield from _unreadable_attributes(connection, tariff)


def _listed(connection: duckdb.DuckDBPyConnection, query: str, make: object, table: str, column: str, reason: str,
            advice: str) -> Iterator[Problem]:
    rows = connection.execute(query).fetchall()
    made = error if make is error else warning
    for row, held in rows[:LISTED_MAX]:
        yield made(table, reason, advice, row=row, column=column, value=held or "")
    if len(rows) > LISTED_MAX:
        yield made(table, f"and {len(rows) - LISTED_MAX} more rows: {reason}", advice, column=column)


def _unreadable_attributes(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> Iterator[Problem]:
    """Cells of a condition that is true or false, and that are neither."""
    sheet = Sheet(dict.fromkeys(attributes(connection, "applications", APPLICATIONS), ""))
    for name, words in sorted(_yes_or_no(tariff).items()):
        cell = sheet.attribute(name)
        if cell is not None and sheet.declared(name) is None:
            taken = ", ".join(literal(word) for word in ("true", "false", *sorted(words)))
            yield from _listed(connection, f"select source_row, {cell} from applications where {cell} is not null and "
                               f"{cell} not in ({taken}) order by 1", error, "applications", name,
                               "is neither true nor false", "Write true or false, or leave it blank.")


def _yes_or_no(tariff: Tariff) -> dict[str, set[str]]:
    """Conditions that are true or false, with the words that may stand for true."""
    names: dict[str, set[str]] = {}
    for rider in tariff.riders.values():
        for rule in rider.eligibility:
            for name in (rule.require, rule.refuse, *rule.require_any):
                is_choice = rule.any_of or rule.at_least or rule.at_most
                if name and name not in PROOFS and (name in NAMED or not is_choice):
                    names.setdefault(name, set()).update(dated.value for dated in rule.of)
    return names


Checked = Sequence[tuple[str, bool, str, str, str, str, str]]
_CHANGES_ENROLLMENT = "act not in ('approve', 'withdraw')"

CROSS_CHECKS: Checked = (
    ("applications", True, "application_id", "customer_id", "applications where application_id is null and "
     "enrollment_id "
     "is null", "has neither application_id nor enrollment_id", "Name the application."),
    ("applications", True, "application_id", "application_id", "(select *, row_number() over (partition by "
     "application_id "
     "order by source_row) as nth from applicant where application_id is not null) where nth > 1",
     "stands twice", "Keep one row for each."),
    ("applications", True, "enrollment_id", "enrollment_id", "(select *, row_number() over (partition by enrollment_id "
     "order by source_row) as nth from applicant where enrollment_id is not null) where nth > 1",
     "is asked for twice", "Let each application have an enrollment of its own."),
    ("applications", True, "rider", "rider", "applicant where rider is null or not list_contains($riders, rider)",
     "is not a rider that the tariff names", "Write a rider of the tariff."),
    ("applications", True, "zone", "zone", "applicant where $zoned and (zone is null or not list_contains($zones, "
     "zone))",
     "is not a zone that the tariff names", "Write a zone of the tariff."),
    ("applications", True, "services", "services", "applicant where services is not null and not "
     "list_has_all($services, "
     "list_transform(services, lambda s: rider || '/' || s))", "is not a service of its rider",
     "Write services of the rider, or leave it blank for all."),
    ("applications", True, "nameplate_kw", "kw_text(nameplate_milliwatt)", "applications where nameplate_milliwatt "
     "<= 0",
     "is not above zero", "Write the device's rated power."),
    ("applications", True, "applied_on", "applied_on", "(select a.source_row, a.applied_on from applications as a join "
     "instant_day as d on d.instant = a.applied_at where a.applied_on <> d.day)", "is not the local day of applied_at",
     "Give one of the two."),
    ("applications", True, "enrolled_on", "enrolled_on", "applicant where enrolled_on < day",
     "lies before the day of the application", "Nobody takes part before asking; correct one of the days."),
    ("applications", True, "prior_enrollment_id", "prior_enrollment_id", "(select a.* from applications as a anti join "
     "enrollments as e on e.enrollment_id = a.prior_enrollment_id where a.prior_enrollment_id is not null)",
     "is no enrollment of this run", "Give the enrollments table that holds it."),
    ("applications", True, "participant_id", "participant_id", "(select a.* from applications as a anti join "
     "participants "
     "as p using (participant_id) where $participants and a.participant_id <> a.customer_id)",
     "is no participant of this run", "Add it to participants."),
    ("applications", True, "enrollment_id", "enrollment_id", "(select a.source_row, a.enrollment_id from applicant "
     "as a "
     "join enrollments as e using (enrollment_id) where e.customer_id <> a.customer_id or e.rider <> a.rider)",
     "is another customer's enrollment already", "Give the application an id of its own."),
    ("enrollments", True, "rider", "rider", "enrollments where rider is null or not list_contains($riders, rider)",
     "is not a rider that the tariff names", "Write a rider of the tariff."),
    ("enrollments", True, "ends_on", "ends_on", "enrollments where ends_on < starts_on - 1", "lies before starts_on",
     "Check both days."),
    ("acts", True, "application_id", "coalesce(application_id, '')", "acts where act in ('approve', 'withdraw') and "
     "(application_id is null or enrollment_id is not null)", "is what this act is done to, and only that",
     "Fill application_id and leave enrollment_id blank."),
    ("acts", True, "enrollment_id", "coalesce(enrollment_id, '')", f"acts where {_CHANGES_ENROLLMENT} and "
     "(enrollment_id is null or application_id is not null)", "is what this act is done to, and only that",
     "Fill enrollment_id and leave application_id blank."),
    ("acts", True, "application_id", "application_id", "(select t.* from acts as t anti join applicant as a using "
     "(application_id) where t.application_id is not null)", "is no application of this run", "Check the id."),
    ("acts", True, "enrollment_id", "enrollment_id", "(select t.* from acts as t anti join (select enrollment_id from "
     "enrollments union select enrollment_id from applicant union select coalesce(m.to_enrollment_id, "
     "m.enrollment_id || '-' || strftime(d.day, '%Y%m%d')) from acts as m "
     "join instant_day as d on d.instant = m.\"at\" where m.act in ('move', 're_enroll')) as e using "
     "(enrollment_id) where t.enrollment_id is not null)", "is no enrollment of this run", "Check the id."),
    ("acts", True, "to_participant_id", "to_participant_id", "acts where (act = 'move') <> (to_participant_id is not "
     "null)",
     "belongs to the act move, and only to it", "Name the new participant of a move."),
    ("acts", True, "to_participant_id", "to_participant_id", "(select t.*, e.customer_id from acts as t left join "
     "enrollments as e using (enrollment_id) anti join participants as p on p.participant_id = t.to_participant_id "
     "where $participants and t.to_participant_id is not null and t.to_participant_id is distinct from e.customer_id)",
     "is no participant of this run", "Add it to participants."),
    ("acts", True, "services", "services", "acts where (act = 'add_service') <> (services is not null)",
     "belongs to the act add_service, and only to it", "Name the services to add."),
    ("acts", True, "services", "services", "(select t.source_row, t.services from acts as t join (select "
     "enrollment_id, "
     "rider from enrollments union select enrollment_id, rider from applicant) as e using (enrollment_id) where "
     "t.services is not null and not list_has_all($services, list_transform(t.services, lambda s: e.rider || '/' || "
     "s)))",
     "is not a service of its rider", "Write services of the enrollment's rider."),
    ("acts", True, "idempotency_key", "idempotency_key", "acts where contains(idempotency_key, ';')",
     "holds a semicolon", "Choose a key without one."),
    ("acts", True, "idempotency_key", "idempotency_key", "(select * from acts where idempotency_key is not null "
     "qualify "
     "count(distinct concat_ws('|', act, \"at\", application_id, enrollment_id, \"by\", to_participant_id, "
     "to_enrollment_id, "
     "array_to_string(services, ','))) over (partition by idempotency_key) > 1)",
     "stands for two different acts", "Give each act a key of its own."),
    ("permits", True, "decided_on", "decided_on", "permits where decided_on < applied_on", "lies before applied_on",
     "Check both days."),
    ("permits", False, "application_id", "application_id", "(select p.* from permits as p anti join applicant as a "
     "using "
     "(application_id))", "is no application of this run", "Check the id."),
    ("participation", True, "event_id", "event_id", "(select p.* from participation as p anti join events as e using "
     "(event_id))", "is no event of this run", "Give the events table that holds it."),
    ("participation", True, "enrollment_id", "enrollment_id", "(select p.* from participation as p anti join "
     "enrollments "
     "as e using (enrollment_id))", "is no enrollment of this run", "Give the enrollments table that holds it."),
)
"""Table, whether its rows are errors, column, SQL of the cell, where the bad rows stand, the reason and the advice."""
