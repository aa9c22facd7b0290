"""Readings in any order, put in order on disk: day by day, by point and start, whatever their number.

Rows are dealt into a few hundred files by local day as they come, so that each day can be taken up again
alone; a day too large for memory is dealt out once more by ranges of point ids. Every row is written and
read once or twice, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

STAGED = pa.schema([
    ("day", pa.int32()), ("point_id", pa.string()), ("start_us", pa.int64()), ("seconds", pa.int64()),
    ("import_mwh", pa.int64()), ("export_mwh", pa.int64()), ("quality", pa.int8()), ("revision", pa.int64()),
    ("file", pa.int32()), ("source_row", pa.int64())])
FILES_MAX = 256
FLUSH_ROWS = 1 << 18
ROWS_PER_MB = 1_000
"""Rows that may be sorted at once for each megabyte of the limit: a row costs some 60 bytes, several times over."""

_DAY_SPAN_BITS = 38
"""Bits that hold the microseconds of a local day, with room for its longest."""


class _Files:
    """Arrow stream files by number, opened when first written to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}

    def deal(self, table: pa.Table, numbers: npt.NDArray[np.int64]) -> None:
        """Append each row to the file of its number."""
        order = np.argsort(numbers, kind="stable")
        table = table.take(pa.array(order))
        numbers = numbers[order]
        cuts = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), len(numbers)]
        for begin, end in pairwise(cuts):
            number = int(numbers[begin])
            if number not in self._writers:
                self._writers[number] = pa.ipc.new_stream(self._path(number), STAGED)
            self._writers[number].write_table(table.slice(begin, end - begin))

    def close(self) -> None:
        """End all files."""
        for writer in self._writers.values():
            writer.close()

    def read(self, number: int) -> Iterator[pa.Table]:
        """What was written to a file, lot by lot."""
        if number not in self._writers:
            return
        with pa.OSFile(str(self._path(number))) as source, pa.ipc.open_stream(source) as stream:
            for batch in stream:
                yield pa.Table.from_batches([batch])

    def remove(self, number: int) -> None:
        """Give the disk back."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.arrows"


class Stage:
    """Readings on their way from the order in which they came to the order in which we fold."""

    def __init__(self, folder: Path, *, memory_limit_mb: int) -> None:
        self._folder = folder
        self._files = _Files(folder)
        self._rows_max = memory_limit_mb * ROWS_PER_MB
        self._waiting: list[pa.Table] = []
        self._rows_waiting = 0
        self._rows: Counter[int] = Counter()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._files.close()

    def append(self, batch: pa.Table) -> None:
        """Add rows; the batch has the columns of STAGED, in any order."""
        if not batch.num_rows:
            return
        self._waiting.append(batch.select(STAGED.names).cast(STAGED))
        self._rows_waiting += batch.num_rows
        if self._rows_waiting >= FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting, self._rows_waiting = [], 0
        day = table["day"].to_numpy().astype(np.int64)
        days, counts = np.unique(day, return_counts=True)
        self._rows.update(dict(zip(days.tolist(), counts.tolist(), strict=True)))
        self._files.deal(table, day % FILES_MAX)

    def finish(self) -> list[int]:
        """End the writing; returns the days that have rows, ascending."""
        self._flush()
        self._files.close()
        return sorted(self._rows)

    def sorted_tables(self, day: int) -> Iterator[pa.Table]:
        """One day's rows, ordered by point and start, in tables of bounded size."""
        parts = -(-self._rows[day] // self._rows_max)
        if parts <= 1:
            rows = [_of_day(batch, day) for batch in self._files.read(day % FILES_MAX)]
            yield _sorted(pa.concat_tables(rows))
        else:
            yield from self._sorted_by_ranges(day, parts)
        del self._rows[day]
        if not any(other % FILES_MAX == day % FILES_MAX for other in self._rows):
            self._files.remove(day % FILES_MAX)

    def _sorted_by_ranges(self, day: int, parts: int) -> Iterator[pa.Table]:
        bounds = self._bounds(day, parts)
        ranges = _Files(self._folder / f"day-{day}")
        for batch in self._files.read(day % FILES_MAX):
            own = _of_day(batch, day)
            if own.num_rows:
                ranges.deal(own, _range_numbers(own["point_id"].combine_chunks(), bounds))
        ranges.close()
        for number in range(len(bounds) + 1):
            held = list(ranges.read(number))
            if held:
                yield _sorted(pa.concat_tables(held))
            ranges.remove(number)

    def _bounds(self, day: int, parts: int) -> pa.Array:
        """Ids that cut the day's points into ranges of about equally many rows, from a sample."""
        sample: list[pa.Array] = []
        step = max(1, self._rows[day] // 100_000)
        for batch in self._files.read(day % FILES_MAX):
            ids = _of_day(batch, day)["point_id"].combine_chunks()
            sample.append(ids.take(pa.array(np.arange(0, len(ids), step))))
        ids = pa.concat_arrays(sample)
        ids = ids.take(pc.array_sort_indices(ids))
        cuts = np.unique(np.linspace(0, len(ids), parts, endpoint=False).astype(np.int64)[1:])
        return pc.unique(ids.take(pa.array(cuts)))


def _of_day(batch: pa.Table, day: int) -> pa.Table:
    own = batch["day"].to_numpy() == day
    return batch if own.all() else batch.filter(pa.array(own))


def _range_numbers(ids: pa.Array, bounds: pa.Array) -> npt.NDArray[np.int64]:
    """For each id how many of the ascending bounds are not above it."""
    coded = ids.dictionary_encode()
    both = pa.concat_arrays([bounds, coded.dictionary])
    # A stable sort puts a bound before an equal id, so that the id counts as not below it.
    order = pc.sort_indices(pa.table({"id": both, "place": pa.array(np.arange(len(both)))}),
                            sort_keys=[("id", "ascending"), ("place", "ascending")]).to_numpy()
    passed = np.cumsum(order < len(bounds))
    number = np.empty(len(both), np.int64)
    number[order] = passed
    wanted: npt.NDArray[np.int64] = number[len(bounds):][coded.indices.to_numpy(zero_copy_only=False)]
    return wanted


def _sorted(table: pa.Table) -> pa.Table:
    """The rows ordered by point id (UTF-8 bytes) and start."""
    coded = table["point_id"].combine_chunks().dictionary_encode()
    by_id = pc.array_sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(by_id), np.int64)
    rank[by_id] = np.arange(len(by_id))
    start_us = table["start_us"].to_numpy()
    key = rank[coded.indices.to_numpy(zero_copy_only=False)] << _DAY_SPAN_BITS
    order = pa.array(np.argsort(key + (start_us - start_us.min())))
    table = table.set_column(table.schema.get_field_index("point_id"), "point_id", coded)
    return table.take(order)
