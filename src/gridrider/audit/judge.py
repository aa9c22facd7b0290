"""A recorded run, held against the page of dispatch rules row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from ..dispatch.model import (
    ANSWERS,
    DEVICES,
    FEEDER_STEPS,
    FLEET_STEPS,
    INSTRUCTIONS,
    PRIMACY,
    PROTECTIONS,
    SKIPPED,
    TELEMETRY,
)
from ..enrollment.model import ENROLLMENTS
from ..event.model import EVENTS, OPT_OUTS, UNAVAILABLE
from ..table import Kind
from ..tariff.model import Tariff
from .model import SITE_STORMS, STOPS, Finding, FindingKind, Operation
from .terms import day_rules_table, days_table, program_events_table

TABLES = (ENROLLMENTS, EVENTS, OPT_OUTS, UNAVAILABLE, DEVICES, TELEMETRY, INSTRUCTIONS, ANSWERS, PROTECTIONS, SKIPPED,
          FLEET_STEPS, FEEDER_STEPS, SITE_STORMS, STOPS)
"""The tables of a run that are looked at."""

ATTRIBUTES = {"medical_baseline": Kind.BOOLEAN, "life_support": Kind.BOOLEAN, "storm_opt_out": Kind.BOOLEAN,
              "suspended_at": Kind.TIMESTAMP}
"""Columns of the enrollments that are looked at beside the declared ones."""

STEPS = ("facts", "use", "bounds", "own", "sequence", "missing", "records", "devices")
"""The SQL files, in the order in which each builds on those before it."""


def audit(connection: duckdb.DuckDBPyConnection, tariff: Tariff, operation: Operation) -> list[Finding]:
    """Everything in which a run disagrees with the page, the program's findings first, then by time.

    The connection holds every table of `TABLES` under its inside names, with `source_row`, the enrollments with
    `ATTRIBUTES`, and runs in UTC. Temporary tables are made in it.
    """
    for name, table in _small_tables(connection, tariff, operation).items():
        connection.register(name, table)
    for step in STEPS:
        connection.execute(resources.files(__package__).joinpath(f"{step}.sql").read_text(encoding="utf-8"))
    rows = connection.sql(
        "select kind, rule, coalesce(instruction_id, ''), enrollment_id, finding.at, asked, allowed, "
        "coalesce(because, '') from finding "
        "order by kind desc, finding.at, enrollment_id, instruction_id, rule").fetchall()
    return [_finding(*row) for row in rows]


def _finding(kind: str, rule: str, instruction_id: str, enrollment_id: str, at: datetime, asked: int | None,
             allowed: int | None, because: str) -> Finding:
    return Finding(kind=FindingKind(kind), rule=rule, instruction_id=instruction_id, enrollment_id=enrollment_id,
                   at=at.replace(tzinfo=UTC), asked_kw=_kw(asked), allowed_kw=_kw(allowed), because=because)


def _kw(milliwatt: int | None) -> Decimal | None:
    return None if milliwatt is None else Decimal(int(milliwatt)).scaleb(-6)


def _small_tables(connection: duckdb.DuckDBPyConnection, tariff: Tariff, operation: Operation) -> dict[str, pa.Table]:
    """The tariff's words, the operation and the order of origins, as tables that the SQL joins."""
    zone = ZoneInfo(tariff.timezone)
    first, last, run_end = _reach(connection, operation)
    days = days_table(first, last, zone)
    events = [{"event_id": event_id, "service": service, "kind": kind, "start": start.replace(tzinfo=UTC)}
              for event_id, service, kind, start in connection.sql(
                  "select event_id, service, kind, start from events order by event_id").fetchall()]
    return {"days": days, "day_rules": day_rules_table(tariff, days.column("local_date").to_pylist()),
            "program_events": program_events_table(tariff, events),
            "operation": _operation_table(operation, run_end),
            "primacy": pa.table({"origin": [str(origin) for origin in PRIMACY],
                                 "primacy": pa.array(PRIMACY.values(), pa.int64())})}


def _reach(connection: duckdb.DuckDBPyConnection, operation: Operation) -> tuple[datetime, datetime, datetime]:
    """First and last instant that any rule is asked for, and the last that the run recorded."""
    (first, last, recorded), = connection.sql(
        "select least((select min(start) from events), (select min(issued_at) from instructions)), "
        "greatest((select max(start) from events), (select max(issued_at) from instructions)), "
        "greatest((select max(issued_at) from instructions), (select max(answers.at) from answers), "
        "(select max(reported_at) from telemetry))").fetchall()
    ends = [operation.as_of if instant is None else instant.replace(tzinfo=UTC) for instant in (first, last, recorded)]
    return ends[0], ends[1], ends[2]


def _operation_table(operation: Operation, run_end: datetime) -> pa.Table:
    instants = {"period_start": operation.period_start, "as_of": operation.as_of, "run_end": run_end}
    return pa.table({
        **{f"{name}_us": pa.array([getattr(operation, f"{name}_seconds") * 1_000_000], pa.int64())
           for name in ("tick", "lease")},
        **{name: pa.array([instant.astimezone(UTC).replace(tzinfo=None)], pa.timestamp("us"))
           for name, instant in instants.items()}})
