"""One input table from its file into DuckDB, with every Problem of the file at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ...problem import Problem, error
from ...table import Column, Kind, TableSchema
from .blocks import converted_blocks, inside_columns, prepare
from .cells import quoted
from .columns import SOURCE_ROW, declared_columns
from .findings import Findings, shown
from .locate import TableFile, find_files


def read_table(connection: duckdb.DuckDBPyConnection, folder: Path, schema: TableSchema, zone: ZoneInfo,
               extra_columns: Mapping[str, Kind] | None = None) -> list[Problem]:
    """Read `<name>.csv`, `<name>.parquet` or the folder `<name>/` into the DuckDB table `<name>`.

    The table has every declared column under its inside name and SQL type (null when the file has no such
    column), `source_row` (the line in a CSV, the header being 1; the row in a Parquet file, from 1), and for
    a date-or-timestamp column a boolean `<name>_is_date`. An open schema's further columns are text under
    their own names; `extra_columns` gives some of them a kind. An absent table is empty, and an error when
    the schema requires it. With errors the table holds the readable cells and must not be used.
    """
    prepare(connection)
    findings = Findings()
    declared = declared_columns(schema, extra_columns or {})
    files, problems = find_files(folder, schema.name)
    findings.extend(problems)
    if not files and not problems and schema.required:
        advice = f"Give {schema.name}.csv, {schema.name}.parquet or a folder {schema.name}/ of Parquet files."
        findings.add(error(f"{schema.name}.csv", "the table is missing", advice))
    _create(connection, schema, declared)
    for file in files:
        _read_file(connection, file, schema, declared, zone, findings)
    if schema.key:
        _refuse_duplicates(connection, schema, files, findings)
    return findings.problems()


def read_table_file(connection: duckdb.DuckDBPyConnection, path: Path, schema: TableSchema,
                    zone: ZoneInfo) -> list[Problem]:
    """Read one CSV or Parquet file, whatever its name, into the DuckDB table `<name>`, as `read_table` does."""
    prepare(connection)
    if not path.is_file():
        return [error(str(path), "there is no such file", "Check the path.")]
    if path.suffix not in (".csv", ".parquet"):
        return [error(str(path), "is neither .csv nor .parquet", "Save it as one of them.")]
    findings = Findings()
    declared = declared_columns(schema, {})
    file = TableFile(path=path, label=str(path))
    _create(connection, schema, declared)
    _read_file(connection, file, schema, declared, zone, findings)
    if schema.key:
        _refuse_duplicates(connection, schema, (file,), findings)
    return findings.problems()


def _create(connection: duckdb.DuckDBPyConnection, schema: TableSchema, declared: Sequence[Column]) -> None:
    columns = [pair for column in declared for pair in inside_columns(column)] + [(SOURCE_ROW, "BIGINT")]
    body = ", ".join(f"{quoted(name)} {sql_type}" for name, sql_type in columns)
    connection.execute(f"create or replace table {quoted(schema.name)} ({body})")


def _read_file(connection: duckdb.DuckDBPyConnection, file: TableFile, schema: TableSchema,
               declared: Sequence[Column], zone: ZoneInfo, findings: Findings) -> None:
    present = {name for name, *_ in connection.execute(f"describe {quoted(schema.name)}").fetchall()}
    for block in converted_blocks(connection, file, schema, declared, zone, findings):
        for name in block.column_names:
            if name not in present:
                connection.execute(f"alter table {quoted(schema.name)} add column {quoted(name)} varchar")
                present.add(name)
        connection.register("block", block)
        connection.execute(f"insert into {quoted(schema.name)} by name select * from block")
        connection.unregister("block")


def _refuse_duplicates(connection: duckdb.DuckDBPyConnection, schema: TableSchema, files: Sequence[TableFile],
                       findings: Findings) -> None:
    """One error for each row whose key an earlier row has; parts that may be blank are equal when blank."""
    label = files[0].label if len(files) == 1 else f"{schema.name}/"
    key = ", ".join(quoted(schema.column(name).inside_name) for name in schema.key)
    # A part that must be filled and is not has its own error already.
    whole = " and ".join(["true"] + [f"{quoted(schema.column(name).inside_name)} is not null" for name in schema.key
                                     if schema.column(name).filled])
    rows = connection.execute(
        f"select {SOURCE_ROW}, first_row, concat_ws(' ', {key}) from (select {key}, {SOURCE_ROW}, "
        f"first({SOURCE_ROW}) over same_key as first_row, row_number() over same_key as nth from {quoted(schema.name)} "
        f"where {whole} window same_key as (partition by {key} order by {SOURCE_ROW})) where nth > 1 "
        f"order by {SOURCE_ROW}, 2, 3").fetchall()
    for row, first_row, cell in rows:
        findings.add(error(label, f"the {' and '.join(schema.key)} of row {first_row} again",
                           "Keep one row for each.", row=row, column=schema.key[0], value=shown(cell)))
