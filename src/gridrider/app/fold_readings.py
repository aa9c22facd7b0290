"""Fold the readings of a run into days: the table that all settlement reads."""

from __future__ import annotations

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..adapters.tables.ahead import ahead
from ..adapters.tables.blocks import prepare
from ..adapters.tables.findings import Findings
from ..adapters.tables.locate import TableFile
from ..adapters.tables.mart import DayFile
from ..adapters.tables.readings import file_span, find_reading_files, reading_batches
from ..adapters.tables.stage import Stage
from ..interval import DAY, DateSpan
from ..problem import Problem, error, errors, warning
from ..telemetry.chunk import (
    END_DAY,
    FIRST_DAY,
    Chunk,
    ascending,
    chunk_of,
    day_numbers,
    join,
    midnights_us,
    only_listed,
    reaching_over,
    split_last,
    with_reaching,
)
from ..telemetry.clean import MICROSECONDS, clean
from ..telemetry.fold import DAYS_ARROW, fold_day
from ..telemetry.model import MISSING
from ..telemetry.say import LISTED_MAX, Observed

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldReport:
    """What a fold wrote and found."""

    problems: tuple[Problem, ...]
    dates: tuple[date, ...]
    """The local dates of which there is a file; empty when there were errors, for then nothing is written."""
    readings: int
    """Readings seen, before anything was left out."""
    readings_outside: int
    """Readings of local dates that were not asked for."""
    readings_unlisted: int
    """Readings of points that no enrollment names."""
    point_days: int
    point_days_with_gaps: int


class _NotInOrder(Exception):
    """A file is not ordered by point within its one local date; it has to be sorted first."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the steps of one fold share."""

    zone: ZoneInfo
    points: pa.Array | None
    dates: DateSpan | None
    out: Path
    files: Sequence[TableFile]
    threads: int
    memory_limit_mb: int
    progress: Progress
    connection: duckdb.DuckDBPyConnection
    pool: Executor | None
    findings: Findings = field(default_factory=Findings)
    observed: Observed = field(default_factory=Observed)
    unlisted: Counter[int] = field(default_factory=Counter)
    readings: int = 0
    outside: int = 0
    point_days: int = 0
    gap_days: int = 0
    over: dict[int, Chunk] = field(default_factory=dict)
    """By day: readings of the day before that reach into it."""
    written: set[int] = field(default_factory=set)

    def mark(self) -> tuple[object, ...]:
        """The state to which a day that has to be folded again goes back."""
        return (self.findings.copy(), self.observed.copy(), self.unlisted.copy(), self.readings, self.point_days,
                self.gap_days, dict(self.over))

    def back_to(self, mark: tuple[object, ...]) -> None:
        """Forget what came after the mark."""
        (self.findings, self.observed, self.unlisted, self.readings, self.point_days, self.gap_days,
         self.over) = mark  # type: ignore[assignment]

    def wants(self, day: int) -> bool:
        return self.dates is None or (FIRST_DAY + DAY * day) in self.dates


def fold_readings(inputs: Path, out: Path, *, zone: ZoneInfo, points: pa.Array | None, dates: DateSpan | None,
                  progress: Progress, threads: int | None = None, memory_limit_mb: int = 700) -> FoldReport:
    """Write `out/<YYYY-MM-DD>.parquet`, the table of days, from the readings in `inputs`.

    `points` are the ids that enrollments name (None: all), `dates` the local dates wanted (None: all). Files
    of an earlier fold in `out` are replaced. With an error among the Problems nothing is written. Memory does
    not grow with the number of readings.
    """
    files, problems = find_reading_files(inputs)
    threads_used = threads or os.cpu_count() or 1
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".folding-", dir=out)))
        connection = stack.enter_context(duckdb.connect())
        prepare(connection)
        connection.execute(f"set memory_limit = '{memory_limit_mb}MB'")
        connection.execute(f"set threads = {threads_used}")
        listed = None if points is None else _ascending_ids(points)
        run = _Run(zone=zone, points=listed, dates=dates, out=work, files=files, progress=progress,
                   threads=threads_used, memory_limit_mb=memory_limit_mb, connection=connection,
                   pool=stack.enter_context(ThreadPoolExecutor(1)) if threads_used > 1 else None)
        run.findings.extend(problems)
        if files:
            _fold(run)
        said = _said(run)
        if not errors(said):
            _publish(work, out)
    days = () if errors(said) else tuple(FIRST_DAY + DAY * day for day in sorted(run.written))
    return FoldReport(problems=tuple(said), dates=days, readings=run.readings, readings_outside=run.outside,
                      readings_unlisted=sum(run.unlisted.values()), point_days=run.point_days,
                      point_days_with_gaps=run.gap_days)


def _ascending_ids(points: pa.Array) -> pa.Array:
    ids = pc.unique(points.cast(pa.string()).drop_null())
    return ids.take(pc.array_sort_indices(ids))


def _publish(work: Path, out: Path) -> None:
    """Put the finished files in the place of an earlier fold's."""
    for path in out.glob("????-??-??.parquet"):
        path.unlink()
    for path in sorted(work.glob("*.parquet")):
        path.replace(out / path.name)


def _fold(run: _Run) -> None:
    """Fold files of one local date each as they stand, everything else by way of a sort; days ascend."""
    direct = _direct_files(run)
    loose = [number for number in range(len(run.files)) if number not in direct.values()]
    with Stage(run.out / "stage", memory_limit_mb=run.memory_limit_mb) as stage:
        staged = set(_deal(run, stage, loose))
        days = sorted(staged | direct.keys())
        for place, day in enumerate(days):
            if day in staged:
                _fold_day(run, day, _staged_chunks(run, stage, day))
            else:
                _fold_direct(run, day, direct[day])
            run.progress("folding", place + 1, len(days))


def _direct_files(run: _Run) -> dict[int, int]:
    """The days that one file holds alone, and which: by the files' own statistics."""
    spans = [file_span(file) for file in run.files]
    touched: dict[int, list[int]] = defaultdict(list)
    wide: list[tuple[int, int]] = []
    for number, span in enumerate(spans):
        if span is None:
            return {}
        first, last = day_numbers(np.array([span.first_us, span.last_us]), run.zone).tolist()
        if first == last:
            touched[first].append(number)
        else:
            wide.append((first, last))
    return {day: numbers[0] for day, numbers in touched.items()
            if len(numbers) == 1 and not any(first <= day <= last for first, last in wide)}


def _deal(run: _Run, stage: Stage, numbers: Sequence[int]) -> list[int]:
    """Bring the readings of some files to the stage; returns the days that it then has."""
    for place, number in enumerate(numbers):
        for batch in reading_batches(run.connection, run.files[number], run.zone, run.findings):
            run.readings += batch.num_rows
            stage.append(_placed(run, _possible(run, batch, number), number))
        run.progress("sorting", place + 1, len(numbers))
    return stage.finish()


def _possible(run: _Run, batch: pa.Table, number: int) -> pa.Table:
    """The batch without rows that no meter can have sent; those are errors."""
    seconds, start_us = batch["seconds"].to_numpy(), batch["start_us"].to_numpy()
    edges = midnights_us(run.zone)
    faults = (("seconds", seconds <= 0, "is not more than zero", "Give the interval's length in seconds."),
              ("start", (start_us < edges[0]) | (start_us >= edges[-1]),
               f"is not between {FIRST_DAY} and {END_DAY}", "Correct the time."))
    bad = np.zeros(batch.num_rows, np.bool_)
    for column, where, reason, advice in faults:
        for row in np.flatnonzero(where)[:LISTED_MAX].tolist():
            run.findings.add(error(run.files[number].label, f"the reading's {column} {reason}", advice,
                                   row=batch["source_row"][row].as_py(), column=column))
        bad |= where
    return batch.filter(pa.array(~bad)) if bad.any() else batch


def _placed(run: _Run, batch: pa.Table, number: int) -> pa.Table:
    """The batch's rows that are wanted, with their local day and file."""
    day = day_numbers(batch["start_us"].to_numpy(), run.zone)
    batch = batch.append_column("day", pa.array(day.astype(np.int32)))
    batch = batch.append_column("file", pa.array(np.full(len(day), number, np.int32)))
    if run.dates is not None:
        first, end = ((edge - FIRST_DAY).days for edge in (run.dates.first, run.dates.end))
        inside = (day >= first) & (day < end)
        run.outside += int((~inside).sum())
        batch = batch.filter(pa.array(inside))
    if run.points is not None:
        named = _named(batch["point_id"].combine_chunks(), run.points)
        run.unlisted[number] += batch.num_rows - int(pc.sum(named).as_py() or 0)
        batch = batch.filter(named)
    return batch


def _named(ids: pa.Array, points: pa.Array) -> pa.Array:
    """Whether each id is listed; ids in dictionary form are looked up once each."""
    if isinstance(ids, pa.ChunkedArray):
        ids = pa.concat_arrays(ids.chunks) if ids.num_chunks else pa.array([], pa.string())
    if not pa.types.is_dictionary(ids.type):
        return pc.is_in(ids, value_set=points)
    return pc.is_in(ids.dictionary.cast(pa.string()), value_set=points).take(ids.indices)


def _staged_chunks(run: _Run, stage: Stage, day: int) -> Iterator[Chunk]:
    midnight_us = int(midnights_us(run.zone)[day])
    for table in stage.sorted_tables(day):
        yield chunk_of(table, midnight_us, table["file"].to_numpy())


def _fold_direct(run: _Run, day: int, number: int) -> None:
    """Fold the file that holds one day; if its rows are in no good order, sort them first."""
    if not run.wants(day):
        span = file_span(run.files[number])
        run.readings += span.rows if span else 0
        run.outside += span.rows if span else 0
        return
    mark = run.mark()
    try:
        _fold_day(run, day, _direct_chunks(run, day, number))
    except _NotInOrder:
        run.back_to(mark)
        with Stage(run.out / f"stage-{number}", memory_limit_mb=run.memory_limit_mb) as stage:
            for found in _deal(run, stage, [number]):
                _fold_day(run, found, _staged_chunks(run, stage, found))


def _direct_chunks(run: _Run, day: int, number: int) -> Iterator[Chunk]:
    """A file's batches as chunks of its one day; raises when a row is of another day or a point comes back."""
    first_us, end_us = (int(edge) for edge in midnights_us(run.zone)[day: day + 2])
    for batch in reading_batches(run.connection, run.files[number], run.zone, run.findings):
        run.readings += batch.num_rows
        batch = _possible(run, batch, number)
        if not batch.num_rows:
            continue
        chunk = chunk_of(batch, first_us, file_number=number)
        start_us = chunk.readings.start_us
        if not ascending(chunk.ids) or start_us.min() < 0 or start_us.max() >= end_us - first_us:
            raise _NotInOrder
        if run.points is not None:
            chunk, left_out = only_listed(chunk, run.points)
            run.unlisted[number] += left_out
        yield chunk


def _fold_day(run: _Run, day: int, chunks: Iterable[Chunk]) -> None:
    """Fold one day's chunks, in the order of their points, into its file."""
    edges = midnights_us(run.zone)
    day_us = int(edges[day + 1] - edges[day])
    over = run.over.pop(day, None)
    path = run.out / f"{FIRST_DAY + DAY * day}.parquet"
    rows = 0
    with DayFile(path, DAYS_ARROW, run.pool) as file:
        carry: Chunk | None = None
        for chunk in ahead(iter(chunks), run.threads):
            held = chunk if carry is None else join(carry, chunk)
            if not ascending(held.ids):
                raise _NotInOrder
            whole, carry = split_last(held)
            rows += _fold_chunk(run, whole, day, day_us, over, file)
        if carry is not None:
            rows += _fold_chunk(run, carry, day, day_us, over, file)
    if rows:
        run.written.add(day)
    else:
        path.unlink()


def _fold_chunk(run: _Run, chunk: Chunk, day: int, day_us: int, over: Chunk | None, file: DayFile) -> int:
    if not len(chunk.ids):
        return 0
    reaching = reaching_over(chunk, day_us)
    if len(reaching.ids):
        run.over[day + 1] = join(run.over[day + 1], reaching) if day + 1 in run.over else reaching
    if over is not None:
        chunk = with_reaching(chunk, over)
    cleaned = clean(chunk.readings, day_us, conflicts_max=LISTED_MAX)
    run.observed.add(chunk.ids, cleaned)
    days = fold_day(chunk.ids, cleaned, (FIRST_DAY - date(1970, 1, 1)).days + day, day_us // MICROSECONDS)
    run.point_days += days.num_rows
    run.gap_days += int(pc.sum(pc.equal(days["quality_worst"], MISSING)).as_py() or 0)
    file.add(days)
    return int(days.num_rows)


def _said(run: _Run) -> list[Problem]:
    """Everything found, file by file."""
    labels = [file.label for file in run.files]
    said = run.findings.problems() + run.observed.problems(labels)
    for number, count in sorted(run.unlisted.items()):
        if count:
            said.append(warning(labels[number], f"{count} readings are of points that no enrollment names and were "
                                "not used", "Check the point ids if they should count.", column="point_id"))
    if run.gap_days:
        said.append(warning("readings", f"{run.gap_days} of {run.point_days} point-days have gaps: slots that no "
                            "reading with a value covers wholly", "They matter only where the method reads."))
    return said
