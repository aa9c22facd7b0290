"""The tables of a finished run read into DuckDB with their declared types, so that memory stays bounded."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ...dispatch.model import (
    DEVICES,
    EVENTS_TABLE,
    FEEDER_STEPS,
    FEEDERS,
    FLEET_STEPS,
    PROTECTIONS,
    SKIPPED,
    STORM_CHARGES,
    WITHHELD,
)
from ...ledger.model import LEDGER
from ...measurement.model import PARTICIPATION, PERFORMANCE
from ...problem import Problem, error, refuse_on_error
from ...report.model import PROBLEMS
from ...settlement.model import LINES, STATEMENTS
from ...table import Column, Kind, TableSchema

RESULTS = (PARTICIPATION, PERFORMANCE, LINES, STATEMENTS, LEDGER, PROBLEMS)
SITE_STORMS = TableSchema(
    name="site_storms",
    meaning="How each site stood to a storm, and when.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="from", kind=Kind.TIMESTAMP, meaning="from when"),
        Column(name="to", kind=Kind.TIMESTAMP, meaning="until when, exclusive; blank = still"),
        Column(name="status", kind=Kind.TEXT, meaning="pre_arm, lock or feed_lost"),
    ),
)
OPTIONAL = (FLEET_STEPS, WITHHELD, SKIPPED, PROTECTIONS, DEVICES, EVENTS_TABLE, FEEDERS, FEEDER_STEPS, STORM_CHARGES,
            SITE_STORMS)
"""Tables of a replay: a folder without one of them has a report without what it would show."""
LAZY = (PROTECTIONS.name,)
"""Large tables that are asked once: read when asked, and only the columns needed."""
KEPT: dict[str, tuple[str, ...]] = {
    PERFORMANCE.name: ("enrollment_id", "event_id", "service", "start", "seconds", "baseline_kwh", "metered_kwh",
                       "delivered_kwh", "note"),
    LEDGER.name: ("debit_usd", "credit_usd"),
}
"""Where a table is large, the columns that a report adds up."""

MEMORY_LIMIT = "1GB"

_TYPES = {
    Kind.INTEGER: "BIGINT", Kind.BOOLEAN: "BOOLEAN", Kind.DATE: "DATE", Kind.TIMESTAMP: "TIMESTAMP",
    Kind.KWH: "DECIMAL(18,6)", Kind.KW: "DECIMAL(18,6)", Kind.MW: "DECIMAL(18,6)", Kind.MWH: "DECIMAL(18,6)",
    Kind.USD: "DECIMAL(18,2)", Kind.FACTOR: "DECIMAL(38,12)",
}


@contextmanager
def open_results(out: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that holds the result tables of the folder, each read once into a scratch database on disk.

    Timestamps are in UTC, energy and money exact decimals. Of performance and ledger only the columns that a report
    adds up are kept. The tables of a replay are there when the folder has them. Raises DataRefused, with every
    finding, when a table of a settlement is missing, or one that is there lacks a column.
    """
    present = (*RESULTS, *(schema for schema in OPTIONAL if (out / f"{schema.name}.csv").is_file()))
    paths = {schema.name: out / f"{schema.name}.csv" for schema in present}
    headers = {name: _header(path) for name, path in paths.items()}
    refuse_on_error([problem for schema in present for problem in _lacks(schema, headers[schema.name])])
    with (tempfile.TemporaryDirectory(prefix="gridrider-report-") as scratch,
          duckdb.connect(str(Path(scratch) / "results.duckdb")) as connection):
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = false")
        for schema in present:
            connection.execute(_table(paths[schema.name], schema, headers[schema.name] or []))
        yield connection


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark + mark) + mark


def _header(path: Path) -> list[str] | None:
    """The column names of a file; None when there is no file."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])
    except FileNotFoundError:
        return None


def _lacks(schema: TableSchema, header: list[str] | None) -> list[Problem]:
    """What keeps a table from being read: the file is not there, or a column is not."""
    advice = "Run gridrider settle into the folder again."
    if header is None:
        return [error(f"{schema.name}.csv", "the report needs this table, and the output folder lacks it", advice)]
    return [error(f"{schema.name}.csv", "the report needs this column, and the table lacks it", advice, row=1,
                  column=name) for name in schema.names if name not in header]


def _table(path: Path, schema: TableSchema, header: list[str]) -> str:
    """The statement that reads a table; the file's columns are typed in the file's order."""
    kinds = {column.name: _TYPES.get(column.kind, "VARCHAR") for column in schema.columns}
    types = ", ".join(f"{_quoted(name, chr(39))}: '{kinds.get(name, 'VARCHAR')}'" for name in header)
    names = ", ".join(_quoted(name, '"') for name in KEPT.get(schema.name, schema.names))
    what = "VIEW" if schema.name in LAZY else "TABLE"
    return (f"CREATE {what} {schema.name} AS SELECT {names} FROM read_csv({_quoted(str(path), chr(39))}, "
            f"columns = {{{types}}}, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"nullstr = '', timestampformat = '%Y-%m-%dT%H:%M:%SZ', max_line_size = 16777216)")
