"""A chunk: whole points of one local day, cut from a stream of readings ordered by point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..interval import DAY, local_midnight
from .clean import MICROSECONDS, Bools, Int64s, Readings

FIRST_DAY, END_DAY = date(1970, 1, 2), date(2100, 1, 1)
"""Readings outside these local days are taken for a broken clock."""

_REACH_S_MAX = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Readings and the ids that their point numbers stand for."""

    ids: pa.Array
    readings: Readings


@lru_cache(maxsize=8)
def midnights_us(zone: ZoneInfo) -> Int64s:
    """The instants, in microseconds from 1970, at which the local days FIRST_DAY to END_DAY begin."""
    days = (FIRST_DAY + DAY * number for number in range((END_DAY - FIRST_DAY).days + 1))
    return np.array([int(local_midnight(day, zone).timestamp()) * MICROSECONDS for day in days], np.int64)


def day_numbers(start_us: Int64s, zone: ZoneInfo) -> Int64s:
    """The local day of each instant, counted from FIRST_DAY; -1 before it, and too large from END_DAY on."""
    return np.searchsorted(midnights_us(zone), start_us, side="right") - 1


def chunk_of(batch: pa.Table, midnight_us: int, file: npt.NDArray[np.int32] | None = None,
             file_number: int = 0) -> Chunk:
    """A batch of reading columns as a chunk; equal ids that do not stand together become two points."""
    batch = batch.combine_chunks()
    ids, begins = _runs(batch["point_id"].chunk(0) if batch.num_rows else pa.array([], pa.string()))
    lengths = np.diff(np.concatenate([begins, [batch.num_rows]]))
    readings = Readings(
        point=np.repeat(np.arange(begins.size), lengths),
        start_us=_whole(batch, "start_us") - midnight_us,
        seconds=_whole(batch, "seconds"),
        import_mwh=_whole(batch, "import_mwh"),
        export_mwh=_whole(batch, "export_mwh"),
        import_known=_known(batch["import_mwh"]),
        export_known=_known(batch["export_mwh"]),
        quality=batch["quality"].to_numpy(),
        revision=_whole(batch, "revision"),
        file=np.full(batch.num_rows, file_number, np.int32) if file is None else file,
        source_row=_whole(batch, "source_row"))
    return Chunk(ids=ids, readings=readings)


def _whole(batch: pa.Table, name: str) -> Int64s:
    column = batch[name]
    return (column.fill_null(0) if column.null_count else column).to_numpy()  # type: ignore[no-any-return]


def _known(column: pa.ChunkedArray) -> Bools:
    if not column.null_count:
        return np.ones(len(column), np.bool_)
    return column.is_valid().to_numpy()  # type: ignore[no-any-return]


def _runs(ids: pa.Array) -> tuple[pa.Array, Int64s]:
    """The stretches of equal ids: the id of each, and the row at which it begins."""
    if not len(ids):
        return pa.array([], pa.string()), np.zeros(0, np.int64)
    if pa.types.is_dictionary(ids.type):
        codes = ids.indices.to_numpy(zero_copy_only=False)
        changes = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    else:
        changes = np.flatnonzero(pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)) + 1
    begins = np.concatenate([[0], changes]).astype(np.int64)
    picked = ids.take(pa.array(begins))
    if pa.types.is_dictionary(picked.type):
        picked = picked.dictionary_decode()
    return picked.cast(pa.string()), begins


def ascending(ids: pa.Array) -> bool:
    """True when each id comes after the one before it, by its UTF-8 bytes."""
    return len(ids) < 2 or bool(pc.all(pc.less(ids[:-1], ids[1:])).as_py())


def join(first: Chunk, second: Chunk) -> Chunk:
    """One chunk after another; a point that both share is one point."""
    if not len(first.ids):
        return second
    if not len(second.ids):
        return first
    shared = first.ids[-1] == second.ids[0]
    shift = len(first.ids) - (1 if shared else 0)
    moved = replace(second.readings, point=second.readings.point + shift)
    return Chunk(ids=pa.concat_arrays([first.ids, second.ids[1:] if shared else second.ids]),
                 readings=Readings.concat([first.readings, moved]))


def split_last(chunk: Chunk) -> tuple[Chunk, Chunk]:
    """The chunk without its last point, which may go on in the next batch, and that point alone."""
    if not len(chunk.ids):
        return chunk, chunk
    last = len(chunk.ids) - 1
    cut = int(np.searchsorted(chunk.readings.point, last))
    rest = chunk.readings.take(slice(cut, None))
    # Copies, so that one point does not keep its whole batch in memory.
    rest = rest.take(np.arange(len(rest)))
    last_id = pa.array(chunk.ids[last:].to_pylist(), pa.string())
    return (Chunk(ids=chunk.ids[:last], readings=chunk.readings.take(slice(0, cut))),
            Chunk(ids=last_id, readings=replace(rest, point=rest.point - last)))


def only_listed(chunk: Chunk, listed: pa.Array) -> tuple[Chunk, int]:
    """The chunk without points that `listed` (ascending) does not name, and how many readings that left out."""
    if not len(chunk.ids):
        return chunk, 0
    begin, end = _place(listed, chunk.ids[0].as_py()), _place(listed, chunk.ids[-1].as_py() + "\0")
    keep = pc.is_in(chunk.ids, value_set=listed[begin:end]).to_numpy(zero_copy_only=False)
    if keep.all():
        return chunk, 0
    rows = keep[chunk.readings.point]
    number = np.cumsum(keep) - 1
    readings = chunk.readings.take(rows)
    return (Chunk(ids=chunk.ids.filter(pa.array(keep)), readings=replace(readings, point=number[readings.point])),
            int((~rows).sum()))


def _place(listed: pa.Array, point_id: str) -> int:
    """Where `point_id` would stand among ascending ids, compared by their UTF-8 bytes."""
    low, high, wanted = 0, len(listed), point_id.encode()
    while low < high:
        middle = (low + high) // 2
        if listed[middle].as_py().encode() < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def reaching_over(chunk: Chunk, day_us: int) -> Chunk:
    """The readings that last beyond the day's end, in the next day's time."""
    readings = chunk.readings
    if not len(readings) or readings.start_us.max() + _longest_s(readings) * MICROSECONDS <= day_us:
        return Chunk(ids=chunk.ids[:0], readings=readings.take(slice(0, 0)))
    end_us = readings.start_us + np.clip(readings.seconds, 0, _REACH_S_MAX) * MICROSECONDS
    over = readings.take(end_us > day_us)
    points, numbers = np.unique(over.point, return_inverse=True)
    return Chunk(ids=chunk.ids.take(pa.array(points)),
                 readings=replace(over, point=numbers.astype(np.int64), start_us=over.start_us - day_us))


def _longest_s(readings: Readings) -> int:
    return int(min(readings.seconds.max(), _REACH_S_MAX))


def with_reaching(chunk: Chunk, over: Chunk) -> Chunk:
    """The chunk and those readings of the day before that reach into it, for points that it holds."""
    if not len(over.ids) or not len(chunk.ids):
        return chunk
    number = pc.index_in(over.ids, value_set=chunk.ids).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    point = number[over.readings.point]
    if not (point >= 0).any():
        return chunk
    added = replace(over.readings, point=point).take(point >= 0)
    readings = Readings.concat([added, chunk.readings])
    return Chunk(ids=chunk.ids, readings=readings.take(np.lexsort((readings.start_us, readings.point))))
