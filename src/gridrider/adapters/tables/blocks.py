"""The files of a table as blocks of converted rows: CSV and Parquet alike, bounded memory, Problems aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...interval import local_midnight
from ...problem import Problem, Severity, error
from ...table import SQL_TYPES, Column, Kind, TableSchema
from .cells import ATTRIBUTE, CellSql, cell_sql, day_pattern, literal, midnight_macro, why_unreadable
from .columns import SOURCE_ROW, Match, match_columns
from .csv_scan import read_header, scan_csv
from .findings import Findings, shown
from .locate import TableFile

PARQUET_BATCH_ROWS = 1 << 18

DAY_FLAG = "_is_date"
"""Ends the name of the boolean column beside a date-or-timestamp one: true when the cell was a date."""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make a connection safe for foreign tables: UTC, and nothing is fetched from anywhere."""
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")


def converted_blocks(connection: duckdb.DuckDBPyConnection, file: TableFile, schema: TableSchema,
                     declared: Sequence[Column], zone: ZoneInfo, findings: Findings) -> Iterator[pa.Table]:
    """One file's rows as Arrow tables with the declared columns' inside names and `source_row`.

    A cell that cannot be read is null and a Problem. A missing column is all null.
    """
    raw_blocks = _csv_blocks if file.is_csv else _parquet_blocks
    for matches, raw in raw_blocks(file, schema, declared, findings):
        yield convert_block(connection, raw, matches, declared, zone, file.label, findings)


RawBlock = tuple[tuple[Match, ...], pa.Table]


def _csv_blocks(file: TableFile, schema: TableSchema, declared: Sequence[Column],
                findings: Findings) -> Iterator[RawBlock]:
    names = read_header(file.path, file.label, findings)
    if names is None:
        return
    matches = match_columns(schema, declared, names, file.label, findings)
    for block in scan_csv(file.path, file.label, names, findings):
        yield matches, _raw_table(matches, [block.cells.column(match.place) for match in matches], block.lines)


def _parquet_blocks(file: TableFile, schema: TableSchema, declared: Sequence[Column],
                    findings: Findings) -> Iterator[RawBlock]:
    for matches, batch, row in parquet_batches(file, schema, declared, findings, PARQUET_BATCH_ROWS):
        try:
            raw = raw_block(matches, batch, row)
        except pa.ArrowException as fault:
            findings.add(unreadable_from(file, row, fault))
            return
        yield matches, raw


def unreadable_from(file: TableFile, row: int, fault: Exception) -> Problem:
    """The error for a Parquet file whose rows from `row` on do not hold together."""
    said = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
    return error(file.label, f"the Parquet file cannot be read ({shown(said)})", "Write it again.",
                 row=row if row > 1 else None)


def parquet_batches(file: TableFile, schema: TableSchema, declared: Sequence[Column], findings: Findings,
                    batch_rows: int, as_dictionary: Sequence[str] = ()) \
        -> Iterator[tuple[tuple[Match, ...], pa.RecordBatch, int]]:
    """A Parquet file's matched columns batch by batch, each with the number of its first row."""
    row = 1
    try:
        with pq.ParquetFile(file.path, pre_buffer=False, buffer_size=1 << 20, read_dictionary=list(as_dictionary),
                            page_checksum_verification=True) as source:
            fields = source.schema_arrow
            matches = match_columns(schema, declared, fields.names, file.label, findings)
            if len({name.casefold() for name in fields.names}) < len(fields.names):
                return
            matches = tuple(match for match in matches if _type_fits(match, fields, file.label, findings))
            names = [fields.names[match.place] for match in matches]
            for batch in source.iter_batches(batch_rows, columns=names, use_threads=True):
                yield matches, batch.select(names), row
                row += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError, ValueError, MemoryError) as fault:
        findings.add(unreadable_from(file, row, fault))


def raw_block(matches: Sequence[Match], batch: pa.RecordBatch, row: int) -> pa.Table:
    """A Parquet batch as the converter takes it; raises ArrowInvalid where its text is not UTF-8."""
    rows = np.arange(row, row + batch.num_rows, dtype=np.int64)
    return _raw_table(matches, [_plain(batch.column(place)) for place in range(len(matches))], rows)


def _raw_table(matches: Sequence[Match], columns: Sequence[pa.Array | pa.ChunkedArray], rows: np.ndarray) -> pa.Table:
    names = [f"c{place}" for place in range(len(matches))]
    return pa.Table.from_arrays([*columns, pa.array(rows)], names=[*names, SOURCE_ROW])


def _plain(column: pa.Array) -> pa.Array:
    """A column without dictionary, its text proven to be UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        # Raises when a clock is finer than microseconds, where DuckDB would cut silently.
        column = column.cast(pa.timestamp("us", column.type.tz))
    column.validate(full=True)
    return column


def _type_fits(match: Match, fields: pa.Schema, label: str, findings: Findings) -> bool:
    """Whether a Parquet type can hold the column's kind; else a Problem."""
    found = fields.field(match.place).type
    if pa.types.is_dictionary(found):
        found = found.value_type
    kind = match.column.kind
    is_text = pa.types.is_string(found) or pa.types.is_large_string(found) or (
        match.column.meaning == ATTRIBUTE and _typed_attribute(found))
    if is_text or pa.types.is_null(found) or _typed(kind, found):
        return True
    reason, advice = f"the Parquet type {shown(found)} cannot be read as {kind}", "Write the table's type, or text."
    if pa.types.is_timestamp(found) and found.tz is None and kind in (Kind.TIMESTAMP, Kind.DATE_OR_TIMESTAMP):
        reason, advice = "the Parquet timestamps have no time zone", "Write them as instants (adjusted to UTC)."
    findings.add(error(label, reason, advice, column=match.column.name))
    return False


def _typed(kind: Kind, found: pa.DataType) -> bool:
    if kind in (Kind.TIMESTAMP, Kind.DATE_OR_TIMESTAMP) and pa.types.is_timestamp(found):
        return found.tz is not None
    if kind in (Kind.DATE, Kind.DATE_OR_TIMESTAMP):
        return bool(pa.types.is_date(found))
    if kind is Kind.BOOLEAN:
        return bool(pa.types.is_boolean(found))
    if kind is Kind.TEXTS:
        return bool(pa.types.is_list(found) and pa.types.is_string(found.value_type))
    if kind is Kind.TEXT:
        return bool(pa.types.is_integer(found))
    return bool(pa.types.is_integer(found) or pa.types.is_decimal(found) or pa.types.is_floating(found))


def _typed_attribute(found: pa.DataType) -> bool:
    """Types whose text says the same as their value: a yes, a day, a number."""
    return bool(pa.types.is_boolean(found) or pa.types.is_date(found) or pa.types.is_decimal(found))


def _cell_text(name: str, found: pa.DataType) -> str:
    """SQL that gives a raw cell's text; blank is null."""
    if pa.types.is_list(found):
        return f"nullif(array_to_string({name}, ';'), '')"
    if pa.types.is_null(found):
        return "cast(null as varchar)"
    return f"nullif(cast({name} as varchar), '')"


def convert_block(connection: duckdb.DuckDBPyConnection, raw: pa.Table, matches: Sequence[Match],
                  declared: Sequence[Column], zone: ZoneInfo, label: str, findings: Findings) -> pa.Table:
    """Turn raw cells into the declared columns inside; what cannot be read is null and a Problem."""
    connection.register("raw_block", raw)
    try:
        texts = ", ".join([f"{_cell_text(f'c{place}', raw.schema.field(place).type)} as t{place}"
                           for place in range(len(matches))] + [SOURCE_ROW])
        _set_midnights(connection, matches, texts, zone)
        sqls = [cell_sql(match.column, f"t{place}") for place, match in enumerate(matches)]
        select = ", ".join([SOURCE_ROW] + [part for place, (match, sql) in enumerate(zip(matches, sqls, strict=True))
                                           for part in _parts(match, place, sql)])
        shaped = connection.sql(f"select {select} from (select {texts} from raw_block)").to_arrow_table()
        for place, match in enumerate(matches):
            _report(shaped.column(f"f{place}"), raw, place, match.column, label, findings)
        return _shape(shaped, matches, declared)
    finally:
        connection.unregister("raw_block")


def _parts(match: Match, place: int, sql: CellSql) -> tuple[str, ...]:
    """What is selected for one column: value, fault code and, where both are possible, whether it was a date."""
    parts = (f"{sql.inside} as v{place}", f"({_fault(match, place, sql)}) as f{place}")
    if match.column.kind is Kind.DATE_OR_TIMESTAMP:
        return (*parts, f"(t{place} is not null and length(t{place}) = 10) as d{place}")
    return parts


def _fault(match: Match, place: int, sql: CellSql) -> str:
    """SQL of what is wrong with a cell: 1 blank, 2 unreadable, 3 rounded, 0 nothing."""
    blank = f"when t{place} is null then {1 if match.column.filled else 0}"
    rounded = f"when {sql.rounded} then 3" if sql.rounded else ""
    return f"case {blank} when ({sql.inside}) is null then 2 {rounded} else 0 end"


def _report(faults: pa.ChunkedArray, raw: pa.Table, place: int, column: Column, label: str,
            findings: Findings) -> None:
    codes = faults.to_numpy()
    if not codes.any():
        return
    rows = raw.column(SOURCE_ROW).to_numpy()
    wrong = np.flatnonzero((codes == 1) | (codes == 2))
    listed = wrong[: findings.room(label)]
    cells = raw.column(place).take(pa.array(listed)).to_pylist()
    for index, cell in zip(listed.tolist(), cells, strict=True):
        if codes[index] == 1:
            reason, advice = "is blank", "Every row needs it."
        else:
            reason, advice = why_unreadable(column, shown(cell))
        findings.add(error(label, reason, advice, row=int(rows[index]), column=column.name, value=shown(cell)))
    findings.add_more(label, Severity.ERROR, len(wrong) - len(listed))
    rounded = np.flatnonzero(codes == 3)
    if rounded.size:
        first = int(rounded[0])
        first_cell = shown(raw.column(place)[first].as_py())
        findings.add_rounded(label, column.name, int(rounded.size), int(rows[first]), first_cell)


def _set_midnights(connection: duckdb.DuckDBPyConnection, matches: Sequence[Match], texts: str, zone: ZoneInfo) -> None:
    """Give `midnight_of` the dates of this block, when a column may hold dates or times."""
    places = [place for place, match in enumerate(matches) if match.column.kind is Kind.DATE_OR_TIMESTAMP]
    if not places:
        return
    union = " union ".join(
        f"select t{place} as day from (select {texts} from raw_block) where regexp_full_match(t{place}, "
        f"{literal(day_pattern())}) and try_cast(t{place} as date) is not null" for place in places)
    days = [str(day) for (day,) in connection.execute(union).fetchall() if "0002" <= day <= "9998"]
    midnights = [local_midnight(date.fromisoformat(day), zone).replace(tzinfo=None) for day in days]
    table = pa.table({"day": pa.array(days, pa.string()), "midnight": pa.array(midnights, pa.timestamp("us"))})
    connection.register("zone_days_arrow", table)
    connection.execute("create or replace temp table zone_days as select * from zone_days_arrow")
    connection.unregister("zone_days_arrow")
    connection.execute(midnight_macro("zone_days"))


def _shape(shaped: pa.Table, matches: Sequence[Match], declared: Sequence[Column]) -> pa.Table:
    """The columns under their inside names; declared ones that the file lacks are null."""
    found = {match.inside_name: shaped.column(f"v{place}") for place, match in enumerate(matches)}
    for place, match in enumerate(matches):
        if match.column.kind is Kind.DATE_OR_TIMESTAMP:
            found[match.inside_name + DAY_FLAG] = shaped.column(f"d{place}")
    for column in declared:
        for name, sql_type in inside_columns(column):
            if name not in found:
                found[name] = pa.nulls(shaped.num_rows, ARROW_TYPES[sql_type])
    return pa.table({**found, SOURCE_ROW: shaped.column(SOURCE_ROW)})


def inside_columns(column: Column) -> tuple[tuple[str, str], ...]:
    """The columns, name and SQL type, that a declared column becomes inside."""
    own = (column.inside_name, SQL_TYPES[column.kind])
    return (own, (column.inside_name + DAY_FLAG, "BOOLEAN")) if column.kind is Kind.DATE_OR_TIMESTAMP else (own,)


ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(), "VARCHAR[]": pa.list_(pa.string()), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "DECIMAL(38,12)": pa.decimal128(38, 12),
}
