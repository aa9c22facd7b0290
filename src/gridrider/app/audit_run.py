"""The use case `audit`: the tables of a recorded run, looked through by the checker that knows nothing of dispatch."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.locate import find_files
from ..adapters.tables.read import read_table
from ..audit.judge import ATTRIBUTES, TABLES, audit
from ..audit.model import Finding, FindingKind, Operation, counted
from ..dispatch.model import ANSWERS, INSTRUCTIONS, PROTECTIONS, TELEMETRY
from ..enrollment.model import ENROLLMENTS
from ..interval import local_midnight, utc_text
from ..problem import DataRefused, Problem, error, refuse_on_error
from ..table import SQL_TYPES, Column, Kind, TableSchema
from ..tariff.load import load, plain_number
from ..tariff.model import Tariff

RUN_FILE = "run.json"
LARGE = frozenset({TELEMETRY.name, INSTRUCTIONS.name, ANSWERS.name, PROTECTIONS.name})
"""Tables of millions of rows, which a run writes itself: as Parquet they are cast as they are, not cell by cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDone:
    """What was looked at and what was found."""

    findings: tuple[Finding, ...]
    instructions: int
    devices: int
    events: int

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many findings there are, by kind and rule."""
        return counted(self.findings)

    @property
    def failed(self) -> bool:
        """True if any finding is the program's."""
        return any(finding.kind is FindingKind.PROGRAM for finding in self.findings)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The findings as text, ready for JSON."""
        return [{"kind": finding.kind.value, "rule": finding.rule, "instruction_id": finding.instruction_id,
                 "enrollment_id": finding.enrollment_id, "at": utc_text(finding.at),
                 "asked_kw": _text(finding.asked_kw), "allowed_kw": _text(finding.allowed_kw),
                 "because": finding.because} for finding in self.findings]


def _text(kw: Decimal | None) -> str | None:
    return None if kw is None else plain_number(kw)


def audit_run(run: Path, tariff_path: Path | None = None) -> AuditDone:
    """Look through a run folder; the tariff is the one that its run.json names, unless another is given.

    Raises DataRefused with every Problem when run.json, the tariff or a table cannot be used.
    """
    said = _said(run)
    tariff, problems = load(tariff_path or _tariff_path(run, said))
    if tariff is None:
        raise DataRefused(problems)
    zone = ZoneInfo(tariff.timezone)
    operation = _operation(said, zone)
    with tempfile.TemporaryDirectory(prefix="gridrider-") as work, duckdb.connect(
            config={"temp_directory": str(Path(work) / "spill")}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found: list[Problem] = []
        for schema in TABLES:
            found += _read(connection, run, schema, zone)
        refuse_on_error(found)
        return _done(connection, tariff, operation)


def _done(connection: duckdb.DuckDBPyConnection, tariff: Tariff, operation: Operation) -> AuditDone:
    findings = audit(connection, tariff, operation)
    (instructions, devices, events), = connection.sql(
        "select (select count(*) from instructions), (select count(distinct enrollment_id) from instructions), "
        "(select count(*) from events)").fetchall()
    return AuditDone(findings=tuple(findings), instructions=instructions, devices=devices, events=events)


# ---- run.json --------------------------------------------------------------------------------------
def _said(run: Path) -> Mapping[str, Any]:
    try:
        said = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise DataRefused([error(RUN_FILE, f"cannot be read: {getattr(fault, 'strerror', None) or fault}",
                                 "Give the folder that a run was recorded in.")]) from None
    if not isinstance(said, dict):
        raise DataRefused([error(RUN_FILE, "is not a JSON object", "Give the folder that a run was recorded in.")])
    return said


def _tariff_path(run: Path, said: Mapping[str, Any]) -> Path:
    """The tariff that run.json names, from where the command runs or else from the run's folder."""
    named = said.get("tariff_path")
    if not isinstance(named, str) or not named:
        raise DataRefused([error(RUN_FILE, "names no tariff", "Give --tariff.", column="tariff_path")])
    return Path(named) if Path(named).exists() else run / named


def _operation(said: Mapping[str, Any], zone: ZoneInfo) -> Operation:
    try:
        seconds = {f"{name}_seconds": int(said["operation"][f"{name}_seconds"]) for name in ("tick", "lease")}
        return Operation(**seconds, period_start=_instant(said["period_start"], zone),
                         as_of=_instant(said["as_of"], zone))
    except (KeyError, TypeError, ValueError) as fault:
        raise DataRefused([error(
            RUN_FILE, f"does not say how the run was operated: {fault}",
            "It needs operation (tick_seconds, lease_seconds), period_start and as_of.")]) from None


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """A time with offset, or the local midnight of a date."""
    if len(text) == len("2026-01-01"):
        return local_midnight(date.fromisoformat(text), zone)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return instant


# ---- tables ----------------------------------------------------------------------------------------
def _read(connection: duckdb.DuckDBPyConnection, run: Path, schema: TableSchema, zone: ZoneInfo) -> list[Problem]:
    files, problems = find_files(run, schema.name)
    if schema.name in LARGE and files and not problems and not any(file.is_csv for file in files):
        return _read_parquet(connection, [file.path for file in files], schema)
    return read_table(connection, run, schema, zone, ATTRIBUTES if schema is ENROLLMENTS else None)


def _read_parquet(connection: duckdb.DuckDBPyConnection, paths: list[Path], schema: TableSchema) -> list[Problem]:
    """A table of the run's own writing from Parquet, by casts; a column or cell that does not fit is an error."""
    names = [str(path) for path in paths]
    relation = connection.sql("select * from read_parquet($names)", params={"names": names})
    types = dict(zip(relation.columns, (str(each) for each in relation.types), strict=True))
    missing = [error(f"{schema.name}.parquet", "the column is missing", "Write it.", column=column.name)
               for column in schema.columns if column.required and column.name not in types]
    if missing:
        return missing
    cells = ", ".join(f'{_cast(column, types.get(column.name, ""))}::{SQL_TYPES[column.kind]} as "{column.inside_name}"'
                      for column in schema.columns)
    # Only the order of instructions is asked for, where several are of one instant.
    row = "row_number() over ()" if schema is INSTRUCTIONS else "null::bigint"
    try:
        connection.execute(f'create or replace table "{schema.name}" as select {cells}, {row} as source_row '
                           "from read_parquet($names)", {"names": names})
    except duckdb.Error as fault:
        return [error(f"{schema.name}.parquet", f"cannot be read: {fault}", "Check its columns against its schema.")]
    return []


def _cast(column: Column, sql_type: str) -> str:
    """One cell of a column at the edge as it is kept inside; blank text, and a column that is not there, is null."""
    if not sql_type:
        return "null"
    if column.kind in (Kind.KW, Kind.KWH):
        return f'(cast("{column.name}" as decimal(24, 6)) * 1000000)'
    if column.kind is Kind.TIMESTAMP and sql_type != "TIMESTAMP":
        return f"(cast(\"{column.name}\" as timestamptz) at time zone 'UTC')"
    if column.kind is Kind.TEXT:
        return f"nullif(cast(\"{column.name}\" as varchar), '')"
    return f'"{column.name}"'
