"""Readings from their files as plain integer columns, batch by batch, whatever the file's form.

Parquet of the types that we and most others write is taken over as it stands, without a look at each cell;
anything else goes through the same conversion as every other table, which names each fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...problem import Problem, error
from ...telemetry.model import QUALITIES, READINGS
from .blocks import convert_block, converted_blocks, parquet_batches, raw_block, unreadable_from
from .columns import Match
from .findings import Findings
from .locate import TableFile, find_files

BATCH_ROWS = 1 << 18
MWH_PLACES = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US_PER = {"s": 1_000_000, "ms": 1_000, "us": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpan:
    """What a Parquet file's own statistics say of its readings: how many, and the earliest and latest start."""

    rows: int
    first_us: int
    last_us: int


def find_reading_files(inputs: Path) -> tuple[tuple[TableFile, ...], list[Problem]]:
    """The files of the readings; none is an error."""
    files, problems = find_files(inputs, READINGS.name)
    if not files and not problems:
        problems = [error("readings.csv", "the table is missing",
                          "Give readings.csv, readings.parquet or a folder readings/ of Parquet files.")]
    return files, problems


def file_span(file: TableFile) -> FileSpan | None:
    """The span of starts that a Parquet file's statistics promise, in microseconds from 1970; None if unknown."""
    if file.is_csv:
        return None
    try:
        with pq.ParquetFile(file.path) as source:
            metadata = source.metadata
            place = source.schema_arrow.names.index("start")
            groups = [metadata.row_group(group).column(place) for group in range(metadata.num_row_groups)]
            if not groups or any(group.path_in_schema != "start" for group in groups):
                return None
            bounds = [(group.statistics.min, group.statistics.max) for group in groups
                      if group.statistics is not None and group.statistics.has_min_max]
    except (pa.ArrowException, OSError, ValueError):
        return None
    instants = [edge for pair in bounds for edge in pair if isinstance(edge, datetime) and edge.tzinfo is not None]
    if len(bounds) != len(groups) or len(instants) != 2 * len(groups):
        return None
    return FileSpan(rows=metadata.num_rows, first_us=_us(min(instants)), last_us=_us(max(instants)))


def _us(instant: datetime) -> int:
    elapsed = instant - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def reading_batches(connection: duckdb.DuckDBPyConnection, file: TableFile, zone: ZoneInfo,
                    findings: Findings) -> Iterator[pa.Table]:
    """A file's readings in its own order: point_id, start_us (UTC, from 1970), seconds, import_mwh and
    export_mwh (null = blank), quality (code), revision, source_row.

    Rows that name no point, start or length are Problems and left out.
    """
    if file.is_csv:
        for block in converted_blocks(connection, file, READINGS, READINGS.columns, zone, findings):
            yield _canonical(block)
        return
    ids = ("point_id", "quality")
    wanted = READINGS.columns
    for matches, batch, row in parquet_batches(file, READINGS, wanted, findings, BATCH_ROWS, ids):
        try:
            quick = _quick(matches, batch, row)
            raw = raw_block(matches, batch, row) if quick is None else None
        except pa.ArrowException as fault:
            findings.add(unreadable_from(file, row, fault))
            return
        if quick is not None:
            yield quick
            continue
        yield _canonical(convert_block(connection, raw, matches, wanted, zone, file.label, findings))


def _canonical(block: pa.Table) -> pa.Table:
    """The converter's columns with codes and defaults filled in, without the rows that cannot be placed."""
    whole = pc.and_(pc.and_(block["point_id"].is_valid(), block["start"].is_valid()), block["seconds"].is_valid())
    if not pc.all(whole).as_py():
        block = block.filter(whole)
    quality = pc.index_in(block["quality"], value_set=pa.array(QUALITIES)).fill_null(0).cast(pa.int8())
    return pa.table({
        "point_id": block["point_id"], "start_us": block["start"].cast(pa.int64()), "seconds": block["seconds"],
        "import_mwh": block["import_mwh"], "export_mwh": block["export_mwh"], "quality": quality,
        "revision": block["revision"].fill_null(1), "source_row": block["source_row"]})


def _quick(matches: tuple[Match, ...], batch: pa.RecordBatch, row: int) -> pa.Table | None:
    """The same columns straight from well-typed Parquet; None when a cell needs a closer look."""
    columns = {match.column.name: batch.column(place) for place, match in enumerate(matches)}
    if not {"point_id", "start", "seconds", "import_kwh", "export_kwh"} <= columns.keys():
        return None
    parts = {
        "point_id": _quick_ids(columns["point_id"]), "start_us": _quick_start(columns["start"]),
        "seconds": _quick_whole(columns["seconds"]),
        "import_mwh": _quick_energy(columns["import_kwh"]), "export_mwh": _quick_energy(columns["export_kwh"]),
        "quality": _quick_quality(columns.get("quality"), batch.num_rows),
        "revision": _quick_revision(columns.get("revision"), batch.num_rows)}
    if any(part is None for part in parts.values()):
        return None
    return pa.table({**parts, "source_row": pa.array(np.arange(row, row + batch.num_rows, dtype=np.int64))})


def _quick_ids(ids: pa.Array) -> pa.Array | None:
    if not pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_encode() if pa.types.is_string(ids.type) else None
    if ids is None or ids.null_count or ids.dictionary.null_count or not pa.types.is_string(ids.dictionary.type):
        return None
    ids.dictionary.validate(full=True)
    unfit = pc.or_(pc.match_substring_regex(ids.dictionary, r"^\s|\s$|[[:cntrl:]]"), pc.equal(ids.dictionary, ""))
    return None if pc.any(unfit).as_py() else ids


def _quick_start(start: pa.Array) -> pa.Array | None:
    if not pa.types.is_timestamp(start.type) or start.type.tz is None or start.type.unit == "ns" or start.null_count:
        return None
    ticks = start.cast(pa.int64())
    per = _US_PER[start.type.unit]
    return ticks if per == 1 else pc.multiply_checked(ticks, per)


def _quick_whole(column: pa.Array) -> pa.Array | None:
    if not pa.types.is_integer(column.type) or column.null_count or column.type == pa.uint64():
        return None
    return column.cast(pa.int64())


def _quick_revision(column: pa.Array | None, count: int) -> pa.Array | None:
    if column is None:
        return pa.array(np.ones(count, np.int64))
    return _quick_whole(column.fill_null(1)) if pa.types.is_integer(column.type) else None


def _quick_quality(column: pa.Array | None, count: int) -> pa.Array | None:
    if column is None:
        return pa.array(np.zeros(count, np.int8))
    if not pa.types.is_dictionary(column.type):
        return None
    codes = pc.index_in(column.dictionary, value_set=pa.array(QUALITIES).cast(column.dictionary.type))
    blank = pc.equal(column.dictionary, "")
    if not pc.all(pc.or_(codes.is_valid(), blank.fill_null(True))).as_py():
        return None
    return codes.fill_null(0).cast(pa.int8()).take(column.indices).fill_null(0)


def _quick_energy(column: pa.Array) -> pa.Array | None:
    kind = column.type
    if pa.types.is_float64(kind):
        return _quick_double(column)
    if not pa.types.is_decimal128(kind) or kind.precision > 18 or not 0 <= kind.scale <= MWH_PLACES:
        return None
    if kind.precision + MWH_PLACES - kind.scale > 18:
        return None
    # Up to 18 digits a decimal fits the low one of its two 64-bit words, sign and all.
    begin, end = column.offset, column.offset + len(column)
    words = np.frombuffer(column.buffers()[1], np.int64)[2 * begin: 2 * end: 2]
    energy_mwh = words * 10 ** (MWH_PLACES - kind.scale) if kind.scale < MWH_PLACES else np.ascontiguousarray(words)
    return _with_blanks(energy_mwh, column)


def _quick_double(column: pa.Array) -> pa.Array | None:
    """Doubles that are the nearest to a number of whole milliwatt-hours; anything else needs its digits."""
    energy_kwh = column.fill_null(0.0).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(energy_kwh * 1e6)
        # Below 10^15 a double names one decimal number of that many digits, so the division gives it back.
        if not bool(((np.abs(scaled) < 1e15) & (scaled / 1e6 == energy_kwh)).all()):
            return None
    return _with_blanks(scaled.astype(np.int64), column)


def _with_blanks(energy_mwh: npt.NDArray[np.int64], column: pa.Array) -> pa.Array:
    if not column.null_count:
        return pa.array(energy_mwh)
    return pa.array(energy_mwh, mask=column.is_null().to_numpy(zero_copy_only=False))
