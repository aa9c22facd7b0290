"""Tables out of the replay: from whole numbers to kW, kWh and MW with six decimals, sorted by their keys."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from ...table import Column, Kind, TableSchema
from ..outputs import copy_csv

DIGITS = {Kind.KWH: 6, Kind.KW: 6, Kind.MW: 9, Kind.MWH: 9, Kind.USD: 6}
"""How many decimals of the edge's unit the whole numbers inside have."""


def edge_select(schema: TableSchema, columns: list[str]) -> str:
    """The SQL that gives the columns of a table as its file shows them, in the schema's order.

    Columns that the table does not have are blank; further ones, attributes of an open schema, follow as they are.
    """
    known = {column.inside_name for column in schema.columns}
    shown = [f"{_cell(column, column.inside_name in columns)} as \"{column.name}\"" for column in schema.columns]
    more = [f'"{name}"' for name in columns if name not in known] if schema.open else []
    return ", ".join([*shown, *more])


def write_csv(connection: duckdb.DuckDBPyConnection, schema: TableSchema, rows: pa.Table, path: Path) -> None:
    """Write rows with inside names as CSV, sorted by key."""
    connection.register("edge_rows", rows)
    order = ", ".join(f'"{name}"' for name in schema.key) or "all"
    copy_csv(connection, f"select {edge_select(schema, rows.column_names)} from edge_rows order by {order}", path)
    connection.unregister("edge_rows")


def write_parquet(connection: duckdb.DuckDBPyConnection, schema: TableSchema, rows: pa.Table, path: Path) -> None:
    """Write rows with inside names as Parquet, in the order in which they were kept; numbers keep their types."""
    connection.register("edge_rows", rows)
    cells = ", ".join(f"{_typed(column, column.inside_name in rows.column_names)} as \"{column.name}\""
                      for column in schema.columns)
    target = str(path).replace("'", "''")
    connection.execute(f"copy (select {cells} from edge_rows) to '{target}' "
                       "(format parquet, compression zstd)")
    connection.unregister("edge_rows")


def _cell(column: Column, there: bool) -> str:
    if not there:
        return "null"
    name = f'"{column.inside_name}"'
    if column.kind in DIGITS:
        return f"cast({_decimal(name, column.kind)} as varchar)"
    if column.kind is Kind.HOURS:
        return f"cast(cast({name} * 1000000 // 3600 as decimal(19, 0)) * cast('0.000001' as decimal(7, 6)) as varchar)"
    if column.kind in (Kind.TIMESTAMP, Kind.DATE_OR_TIMESTAMP):
        return f"strftime(cast({name} as timestamp), '%Y-%m-%dT%H:%M:%SZ')"
    if column.kind is Kind.TEXTS:
        return f"array_to_string({name}, ';')"
    if column.kind is Kind.FACTOR:
        return f"cast({name} as decimal(38, 6))"
    return name


def _typed(column: Column, there: bool) -> str:
    if not there:
        return "cast(null as varchar)"
    name = f'"{column.inside_name}"'
    if column.kind in DIGITS:
        return _decimal(name, column.kind)
    if column.kind is Kind.FACTOR:
        return f"cast({name} as decimal(18, 6))"
    return name


def _decimal(name: str, kind: Kind) -> str:
    """A whole number as a decimal of the edge's unit: exact to six places, rounded once where it has more."""
    digits = DIGITS[kind]
    unit = f"cast('{10 ** -digits:.{digits}f}' as decimal({digits + 1}, {digits}))"
    return f"cast(cast({name} as decimal(19, 0)) * {unit} as decimal(18, 6))"
