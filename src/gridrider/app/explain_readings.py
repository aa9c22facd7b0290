"""The readings of a few points out of many files: only the parts of a Parquet file that may hold them are read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..adapters.tables.findings import Findings
from ..adapters.tables.locate import TableFile
from ..adapters.tables.readings import file_span, find_reading_files, reading_batches
from ..interval import DAY, Interval, local_midnight
from ..problem import refuse_on_error
from ..telemetry.model import MISSING, QUALITIES

MARGIN_DAYS = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = pa.schema([
    ("point_id", pa.string()), ("start_us", pa.int64()), ("seconds", pa.int64()), ("import_mwh", pa.int64()),
    ("export_mwh", pa.int64()), ("quality", pa.int8()), ("revision", pa.int64()), ("source", pa.string())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading as it came. Energies in mWh, None = blank; the start is in UTC."""

    point_id: str
    start: datetime
    seconds: int
    import_mwh: int | None
    export_mwh: int | None
    quality: str
    revision: int
    source: str

    @property
    def end(self) -> datetime:
        """When its interval ends."""
        return self.start + timedelta(seconds=self.seconds)

    @property
    def has_value(self) -> bool:
        """False for what counts as missing: said to be, blank, or a negative register."""
        energies = (self.import_mwh, self.export_mwh)
        return self.quality != "missing" and all(energy is not None and energy >= 0 for energy in energies)

    @property
    def net_mwh(self) -> int:
        """Import less export, a blank as nothing."""
        return (self.import_mwh or 0) - (self.export_mwh or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReadings:
    """The readings of a few points, ordered by point, start and revision."""

    table: pa.Table

    def within(self, points: Sequence[str], spans: Sequence[Interval]) -> list[Reading]:
        """The readings of some points that touch any of the spans."""
        if not points or not spans:
            return []
        rows = self.table.filter(pc.is_in(self.table["point_id"], value_set=pa.array(points, pa.string())))
        first, last = _us(min(span.start for span in spans)), _us(max(span.end for span in spans))
        start_us = rows["start_us"]
        rows = rows.filter(pc.and_(pc.less(start_us, last), pc.greater_equal(start_us, first - _DAY_US)))
        readings = [_reading(row) for row in rows.to_pylist()]
        return [reading for reading in readings
                if any(reading.start < span.end and reading.end > span.start for span in spans)]


_DAY_US = 86_400_000_000


STANDS, OVERRULED, DUPLICATE, NO_VALUE, OTHER_METER = (
    "stands", "overruled by a higher revision", "identical duplicate", "without a value", "the later meter has it")
"""What becomes of a reading."""


def states(readings: Sequence[Reading], meters: Sequence[str]) -> list[str]:
    """What becomes of each reading: it stands, or why not.

    `meters` share one series, the later one first: where two of them have a slot, the later one's counts.
    """
    made: list[str] = []
    for number, reading in enumerate(readings):
        beside = [other for other in readings if other.start < reading.end and other.end > reading.start]
        rank = meters.index(reading.point_id) if reading.point_id in meters else 0
        if any(other.point_id == reading.point_id and other.revision > reading.revision for other in beside):
            made.append(OVERRULED)
        elif any(replace(other, source="") == replace(reading, source="") for other in readings[:number]):
            made.append(DUPLICATE)
        elif not reading.has_value:
            made.append(NO_VALUE)
        elif any(other.point_id in meters[:rank] and other.has_value for other in beside):
            made.append(OTHER_METER)
        else:
            made.append(STANDS)
    return made


def keep_readings(inputs: Path, out: Path, *, points: Sequence[str], days: Collection[date],
                  zone: ZoneInfo) -> KeptReadings:
    """Write the readings of some points around some local days to `out/readings.parquet` and return them.

    Points ascend. Raises DataRefused when a file cannot be read.
    """
    files, problems = find_reading_files(inputs)
    findings = Findings()
    findings.extend(problems)
    out.mkdir(parents=True)
    around = Interval(start=local_midnight(min(days) - MARGIN_DAYS * DAY, zone),
                      end=local_midnight(max(days) + MARGIN_DAYS * DAY, zone))
    with duckdb.connect() as connection:
        parts = [part for file in files
                 for part in _kept_of(connection, file, points, around, zone, findings, out / "part.parquet")]
    refuse_on_error(findings.problems())
    kept = pa.concat_tables([_FORM.empty_table(), *parts])
    kept = kept.sort_by([("point_id", "ascending"), ("start_us", "ascending"), ("revision", "ascending")])
    pq.write_table(_as_input(kept), out / "readings.parquet")
    return KeptReadings(table=kept)


def _kept_of(connection: duckdb.DuckDBPyConnection, file: TableFile, points: Sequence[str], around: Interval,
             zone: ZoneInfo, findings: Findings, part: Path) -> Iterator[pa.Table]:
    """One file's readings of the points."""
    first_us, end_us = _us(around.start), _us(around.end)
    promised = file_span(file)
    if promised is not None and (promised.last_us < first_us or promised.first_us >= end_us):
        return
    picked = None if file.is_csv else _picked(file.path, points)
    if picked is not None:
        if not picked.num_rows:
            return
        pq.write_table(picked, part)
    source = file if picked is None else TableFile(path=part, label=file.label)
    wanted = pa.array(points, pa.string())
    for batch in reading_batches(connection, source, zone, findings):
        batch = batch.filter(pc.and_(
            pc.is_in(batch["point_id"].cast(pa.string()), value_set=wanted),
            pc.and_(pc.greater_equal(batch["start_us"], first_us), pc.less(batch["start_us"], end_us))))
        places = [file.label] * batch.num_rows if picked is not None else [
            f"{file.label}:{row}" for row in batch["source_row"].to_pylist()]
        yield batch.drop_columns("source_row").append_column("source", pa.array(places, pa.string())).cast(_FORM)


def _picked(path: Path, points: Sequence[str]) -> pa.Table | None:
    """A Parquet file's rows of the points, from those row groups whose statistics admit them.

    None when the file must be looked at whole, for its columns are not what we need to tell.
    """
    try:
        with pq.ParquetFile(path, read_dictionary=["point_id"]) as source:
            place = source.schema_arrow.names.index("point_id")
            groups = [number for number in range(source.metadata.num_row_groups)
                      if _may_hold(source.metadata.row_group(number).column(place), points)]
            wanted = pa.array(points, pa.string())
            parts = [source.schema_arrow.empty_table()]
            for number in groups:
                ids = source.read_row_group(number, columns=["point_id"])["point_id"].cast(pa.string())
                mine = pc.is_in(ids, value_set=wanted)
                if pc.any(mine).as_py():
                    parts.append(source.read_row_group(number).filter(mine))
            return pa.concat_tables(parts)
    except (pa.ArrowException, OSError, ValueError):
        return None


def _may_hold(column: Any, points: Sequence[str]) -> bool:
    bounds = column.statistics
    if bounds is None or not bounds.has_min_max or not isinstance(bounds.min, str):
        return True
    place = bisect_left(points, bounds.min)
    return place < len(points) and points[place] <= bounds.max


def _as_input(kept: pa.Table) -> pa.Table:
    """Kept readings as the readings table of a settlement."""
    milli = pa.scalar(Decimal("0.000001"), pa.decimal128(7, 6))
    import_kwh, export_kwh = (pc.multiply(kept[name].cast(pa.decimal128(19, 0)), milli).cast(pa.decimal128(18, 6))
                              for name in ("import_mwh", "export_mwh"))
    quality = pa.array(QUALITIES).take(kept["quality"].combine_chunks().cast(pa.int64()))
    return pa.table({
        "point_id": kept["point_id"], "start": kept["start_us"].cast(pa.timestamp("us", tz="UTC")),
        "seconds": kept["seconds"], "import_kwh": import_kwh, "export_kwh": export_kwh,
        "quality": quality.dictionary_encode(), "revision": kept["revision"]})


def slots_of_days(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], points: Sequence[str],
                  zone: ZoneInfo) -> KeptReadings:
    """The slots of a table of days in the form of readings, where the inputs hold days instead of readings."""
    if not files:
        return KeptReadings(table=_FORM.empty_table())
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    connection.register("kept_point", pa.table({"point_id": pa.array(points, pa.string())}))
    days = connection.sql(f"""
        select point_id, local_date, slot_seconds, unnest(range(len(import_mwh))) as place,
               unnest(import_mwh) as import_mwh, unnest(export_mwh) as export_mwh, unnest(quality) as quality
        from read_parquet([{names}])
        where point_id >= ? and point_id <= ? and point_id in (select point_id from kept_point)
        order by point_id, local_date, place""", params=[points[0], points[-1]]).to_arrow_table()
    local: list[date] = days["local_date"].unique().to_pylist()
    starts = {day: _us(local_midnight(day, zone)) for day in local}
    first_us = pa.array([starts[day] for day in days["local_date"].to_pylist()], pa.int64())
    after_s = pc.multiply(days["place"], days["slot_seconds"].cast(pa.int64()))
    start_us = pc.add(first_us, pc.multiply(after_s, 1_000_000))
    source = pa.array([f"days/{day}.parquet" for day in days["local_date"].to_pylist()], pa.string())
    return KeptReadings(table=pa.table({
        "point_id": days["point_id"], "start_us": start_us, "seconds": days["slot_seconds"].cast(pa.int64()),
        "import_mwh": days["import_mwh"], "export_mwh": days["export_mwh"],
        # A day on which nothing is odd may name no qualities.
        "quality": pc.coalesce(days["quality"].cast(pa.int8()), pc.if_else(
            days["import_mwh"].is_null(), pa.scalar(MISSING, pa.int8()), pa.scalar(0, pa.int8()))),
        "revision": pa.array([1] * days.num_rows, pa.int64()), "source": source}).cast(_FORM))


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _reading(row: dict[str, Any]) -> Reading:
    return Reading(point_id=row["point_id"], start=_EPOCH + timedelta(microseconds=row["start_us"]),
                   seconds=row["seconds"], import_mwh=row["import_mwh"], export_mwh=row["export_mwh"],
                   quality=QUALITIES[row["quality"]], revision=row["revision"], source=row["source"])
