"""Write what enrollment came to: exact texts, sorted by key, all together or not at all."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from .. import __version__
from ..enrollment.conditions import quoted
from ..interval import local_midnight
from ..problem import Problem
from ..table import Column, Kind
from ..tariff.load import tariff_hash
from ..tariff.model import Tariff
from .enroll_inputs import KNOWN_ENROLLMENTS, attributes
from .enroll_queue import full_clause
from .enroll_sql import filled, run_text
from .outputs import MARK, copy_csv, replacing, write_problems
from .sql_text import sql, stage_sql

INTERNAL = ("vintage_day", "status")
"""Columns of the working table that follow from the others."""


def publish_enrollments(connection: duckdb.DuckDBPyConnection, out: Path, tariff: Tariff, tariff_file: Path, at: date,
                        problems: Sequence[Problem], seconds: dict[str, float]) -> dict[str, int]:
    """Write every table into a new folder beside `out` and put it in its place when all are there."""
    _full_queues(connection, tariff, at)
    run_text(connection, sql("enroll_applications"), {"at": at})
    day = f"date '{at}'"
    after = local_midnight(at + timedelta(days=1), ZoneInfo(tariff.timezone)).replace(tzinfo=None)
    queries = {
        "enrollments": enrollments_query(connection),
        "refusals": sql("enroll_refusals"),
        "applications": sql("enroll_status"),
        "waitlist": sql("enroll_waitlist"),
        "acts": sql("enroll_acts"),
        "unavailable": filled("enroll_unavailable", after=f"timestamp '{after}'"),
        "service_terms": sql("enroll_service_terms"),
        "permits": stage_sql("enrollment", "permits").replace("$at", day),
        "non_performance": stage_sql("enrollment", "non_performance").replace("$at", day),
    }
    with replacing(out) as folder:
        for name, query in queries.items():
            copy_csv(connection, query.rstrip().rstrip(";"), folder / f"{name}.csv")
        write_problems(folder / "problems.csv", problems)
        counts = _counts(connection)
        document = {"command": "enroll", "tariff_hash": tariff_hash(tariff), "tariff_path": str(tariff_file),
                    "at": at.isoformat(), "gridrider_version": __version__, "counts": counts, "seconds": seconds,
                    "python": platform.python_version(), "duckdb": duckdb.__version__,
                    "sha256": {file.name: _sha256(file) for file in sorted(folder.glob("*.csv"))}}
        (folder / MARK).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                                   encoding="utf-8")
    return counts


def enrollments_query(connection: duckdb.DuckDBPyConnection) -> str:
    """The enrollments as their table's page has them, what `enroll` keeps, and then the attributes by name."""
    written = [_written(column) for column in KNOWN_ENROLLMENTS.columns]
    further = [quoted(name) for name in sorted(attributes(connection, "enrollment", KNOWN_ENROLLMENTS))
               if name not in INTERNAL]
    return f"select {', '.join([*written, *further])} from enrollment order by enrollment_id"


def _written(column: Column) -> str:
    """One column as SQL text, exact, under the name that the files show."""
    inside, name = quoted(column.inside_name), quoted(column.name)
    if column.kind is Kind.KW:
        return f"kw_text({inside}) as {name}"
    if column.kind is Kind.HOURS:
        return f"plain_text({inside}, 3600) as {name}"
    if column.kind is Kind.TEXTS:
        return f"array_to_string({inside}, ';') as {name}"
    if column.kind is Kind.TIMESTAMP:
        return f"instant_text({inside}) as {name}"
    return inside if inside == name else f"{inside} as {name}"


def _full_queues(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> None:
    said = {name: full_clause(rider.queue, at, at) for name, rider in tariff.riders.items()}
    table = pa.table({"rider": pa.array(list(said), pa.string()),
                      "clause": pa.array([clause for clause, _ in said.values()], pa.string()),
                      "because": pa.array([because for _, because in said.values()], pa.string())})
    connection.register("full_queues", table)
    connection.execute("create or replace temp table full_queue as select * from full_queues")
    connection.unregister("full_queues")


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = {"applications": 0, "enrolled": 0, "refused": 0, "waitlisted": 0, "pending_review": 0}
    for status, count in connection.execute(
            "select case when status in ('refused', 'waitlisted', 'pending_review') then status "
            "when known_as is not null then 'enrolled' else 'other' end, count(*) from standing group by 1").fetchall():
        counts["applications"] += count
        if status in counts:
            counts[status] += count
    for name, table in (("enrollments", "enrollment"), ("acts", "act")):
        ((counts[name],),) = connection.execute(f"select count(*) from {table}").fetchall()
    ((counts["acts_refused"],),) = connection.execute("select count(*) from act where outcome = 'refused'").fetchall()
    return counts


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
