"""Which readings stand: duplicates, revisions, overlaps, and values that count as missing.

All of it is arithmetic on whole columns. A point whose readings simply follow each other costs a few
comparisons per row; only the points where something is odd take the careful way through `resolve`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .model import ESTIMATED, MISSING

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Numbers = TypeVar("Numbers", npt.NDArray[np.int64], npt.NDArray[np.bool_])

MICROSECONDS = 1_000_000
HOUR_S = 3600
SLOT_LENGTHS_S = (900, 1800, 3600)
POWER_KW_MAX = 100_000
"""More than this at one metering point is a fault of the meter or of the unit, not a load."""

_HALF_DAYS_US = 12 * HOUR_S * MICROSECONDS
_SPAN_US = 8 * _HALF_DAYS_US
"""Room for one point on the common time axis of a chunk: a day before and two days after its midnight."""


class Finding(StrEnum):
    """What a reading can be besides plain; the text says what happened to it."""

    DUPLICATE = "identical duplicate readings were removed"
    NEGATIVE = "readings have a negative import or export and count as missing"
    HALF_BLANK = "readings give only one of import and export and count as missing"
    TOO_LARGE = "readings mean more power than a metering point can have and count as missing"
    BAD_LENGTH = "readings last longer than an hour or do not divide it and count as missing"
    OFF_GRID = "readings do not start on the grid of their own length from local midnight and count as missing"
    PARTLY_REPLACED = "readings are replaced by a higher revision that covers them only in part; the rest is missing"
    ESTIMATED = "readings are estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Readings of one local day as columns, all rows of a point together, points ascending.

    `start_us` counts microseconds from local midnight and is negative for a reading of the day before that
    reaches into this one; such rows only replace or contradict others. A blank energy is not `known`.
    """

    point: Int64s
    """Place of the row's point in `point_ids`."""
    start_us: Int64s
    seconds: Int64s
    import_mwh: Int64s
    export_mwh: Int64s
    import_known: Bools
    export_known: Bools
    quality: npt.NDArray[np.int8]
    revision: Int64s
    file: npt.NDArray[np.int32]
    source_row: Int64s

    def __len__(self) -> int:
        return len(self.point)

    def take(self, rows: Int64s | Bools | slice) -> Readings:
        """Some of the rows."""
        return Readings(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @staticmethod
    def concat(parts: list[Readings]) -> Readings:
        """Several blocks of rows, one after the other."""
        return Readings(**{field.name: np.concatenate([getattr(part, field.name) for part in parts])
                           for field in fields(Readings)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many readings of one file share a finding, and the first row that does."""

    finding: Finding
    file: int
    count: int
    first_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two readings of the same revision that overlap and differ."""

    point: int
    file: int
    row: int
    other_file: int
    other_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What is left of a chunk: rows that stand in time order per point, and which of them have a value."""

    readings: Readings
    good: Bools
    on_grid: Bools
    tallies: tuple[Tally, ...]
    conflicts: tuple[Conflict, ...]
    conflict_count: int
    off_grid: tuple[tuple[int, int, int, int], ...]
    """(point, count, file, first row) for each point with readings off their grid."""


def clean(readings: Readings, day_us: int, *, conflicts_max: int = 100,
          power_kw_max: int = POWER_KW_MAX) -> Cleaned:
    """Remove what does not stand and mark what has no value.

    Args are one day's readings, the day's length in microseconds, how many conflicts to list, and the power
    above which a value is impossible. Order of rows within a point is free.
    """
    odd_points = _odd_points(readings)
    tallies: list[Tally] = []
    conflicts: tuple[Conflict, ...] = ()
    conflict_count = 0
    if odd_points.any():
        is_odd = odd_points[readings.point]
        resolved, tallies, conflicts, conflict_count = resolve(readings.take(is_odd), conflicts_max)
        merged = Readings.concat([readings.take(~is_odd), resolved])
        readings = merged.take(np.lexsort((merged.start_us, merged.point)))
    native = readings.start_us >= 0
    if not native.all():
        readings = readings.take(native)
    good, on_grid, value_tallies, off_grid = _judge(readings, day_us, power_kw_max)
    return Cleaned(readings=readings, good=good, on_grid=on_grid, tallies=(*tallies, *value_tallies),
                   conflicts=conflicts, conflict_count=conflict_count, off_grid=off_grid)


def _odd_points(readings: Readings) -> Bools:
    """True for each point whose rows do not simply follow each other in time."""
    count = int(readings.point[-1]) + 1 if len(readings) else 0
    odd = np.zeros(count, np.bool_)
    end_us = readings.start_us + np.minimum(readings.seconds, 2 * 86_400) * MICROSECONDS
    behind = (readings.start_us[1:] < end_us[:-1]) & (readings.point[1:] == readings.point[:-1])
    odd[readings.point[1:][behind]] = True
    return odd


def resolve(rows: Readings, conflicts_max: int) -> tuple[Readings, list[Tally], tuple[Conflict, ...], int]:
    """The careful way: drop identical duplicates, find contradictions, let the highest revision win.

    A reading stands unless one of a higher revision covers any part of it; what of a replaced reading the
    higher revision leaves uncovered is missing.
    """
    order = np.lexsort((rows.source_row, rows.file, rows.quality, rows.export_mwh, rows.import_mwh, rows.export_known,
                        rows.import_known, rows.seconds, rows.start_us, rows.revision, rows.point))
    rows = rows.take(order)
    same = np.zeros(len(rows), np.bool_)
    same[1:] = np.logical_and.reduce([
        getattr(rows, name)[1:] == getattr(rows, name)[:-1]
        for name in ("point", "revision", "start_us", "seconds", "import_known", "export_known", "import_mwh",
                     "export_mwh", "quality")])
    tallies = list(_tally(Finding.DUPLICATE, rows, same & (rows.start_us >= 0)))
    rows = rows.take(~same)
    conflicts, conflict_count = _conflicts(rows, conflicts_max)
    replaced, partly = _replaced(rows)
    tallies += _tally(Finding.PARTLY_REPLACED, rows, partly)
    return rows.take(~replaced), tallies, conflicts, conflict_count


def _span(rows: Readings) -> tuple[Int64s, Int64s]:
    """Start and end of each row on one axis on which every point has its own stretch."""
    base = rows.point * _SPAN_US + 2 * _HALF_DAYS_US
    seconds = np.clip(rows.seconds, 1, 2 * 86_400)
    start = np.clip(rows.start_us, -2 * _HALF_DAYS_US, 5 * _HALF_DAYS_US - 1)
    end = np.minimum(start + seconds * MICROSECONDS, 6 * _HALF_DAYS_US)
    return base + start, base + end


def _conflicts(rows: Readings, conflicts_max: int) -> tuple[tuple[Conflict, ...], int]:
    """Rows, ordered by point, revision and start, that begin before an earlier one of theirs has ended."""
    start, end = _span(rows)
    group = np.zeros(len(rows), np.int64)
    group[1:] = np.cumsum((rows.point[1:] != rows.point[:-1]) | (rows.revision[1:] != rows.revision[:-1]))
    # One axis per group, so that a running maximum never looks back into another group.
    shift = group * _SPAN_US - rows.point * _SPAN_US
    reached = np.maximum.accumulate(end + shift)
    clash = np.flatnonzero((start + shift)[1:] < reached[:-1]) + 1
    listed = tuple(
        Conflict(point=int(rows.point[row]), file=int(rows.file[row]), row=int(rows.source_row[row]),
                 other_file=int(rows.file[row - 1]), other_row=int(rows.source_row[row - 1]))
        for row in clash[:conflicts_max].tolist())
    return listed, int(clash.size)


def _replaced(rows: Readings) -> tuple[Bools, Bools]:
    """Which rows a higher revision touches, and which of those it leaves uncovered in part.

    Time is cut at every start and end; each piece knows its highest revision, and a row asks its pieces.
    """
    replaced, partly = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    mixed = np.zeros(int(rows.point.max(initial=-1)) + 1, np.bool_)
    mixed[rows.point[1:][(rows.point[1:] == rows.point[:-1]) & (rows.revision[1:] != rows.revision[:-1])]] = True
    asked = np.flatnonzero(mixed[rows.point]) if mixed.any() else np.zeros(0, np.int64)
    if not asked.size:
        return replaced, partly
    start, end = (edge[asked] for edge in _span(rows))
    revision = rows.revision[asked]
    edges = np.unique(np.concatenate([start, end]))
    first, last = np.searchsorted(edges, start), np.searchsorted(edges, end)
    pieces = last - first
    begins = np.concatenate([[0], np.cumsum(pieces)[:-1]])
    piece = np.repeat(first - begins, pieces) + np.arange(int(pieces.sum()))
    highest = np.full(edges.size, np.iinfo(np.int64).min)
    np.maximum.at(highest, piece, np.repeat(revision, pieces))
    over = highest[piece]
    replaced[asked] = np.maximum.reduceat(over, begins) > revision
    partly[asked] = replaced[asked] & (np.minimum.reduceat(over, begins) == revision)
    return replaced, partly & (rows.start_us >= 0)


def _judge(rows: Readings, day_us: int, power_kw_max: int) \
        -> tuple[Bools, Bools, list[Tally], tuple[tuple[int, int, int, int], ...]]:
    """Which standing rows have a value and lie on the grid; each other row has one finding or is a gap."""
    tallies: list[Tally] = []
    fitting = fits_hour(rows.seconds)
    on_grid = fitting & _on_grid(rows, day_us)
    given = (rows.quality != MISSING) & (rows.import_known | rows.export_known)
    both = rows.import_known & rows.export_known
    # A blank is kept as 0, so it is never negative.
    negative = np.minimum(rows.import_mwh, rows.export_mwh) < 0
    # 1 kW for 3600 s is 1,000,000 mWh.
    limit_mwh = _by_length(rows.seconds, lambda length: np.clip(length, 0, HOUR_S) * power_kw_max * 1_000_000 // HOUR_S)
    large = np.maximum(rows.import_mwh, rows.export_mwh) > limit_mwh
    good = given & both & ~negative & on_grid & ~large
    if good.all() and not (rows.quality == ESTIMATED).any():
        return good, on_grid, tallies, ()
    tallies += _tally(Finding.BAD_LENGTH, rows, ~fitting)
    tallies += _tally(Finding.OFF_GRID, rows, fitting & ~on_grid)
    tallies += _tally(Finding.NEGATIVE, rows, given & negative)
    tallies += _tally(Finding.HALF_BLANK, rows, given & ~both & ~negative)
    tallies += _tally(Finding.TOO_LARGE, rows, given & both & ~negative & large & fitting)
    tallies += _tally(Finding.ESTIMATED, rows, good & (rows.quality == ESTIMATED))
    return good, on_grid, tallies, tuple(_off_grid_points(rows, fitting & ~on_grid))


def fits_hour(seconds: Int64s) -> Bools:
    """Lengths that we can place: whole seconds from 1 to 3600 that divide the hour."""
    return _by_length(seconds, lambda length: (length >= 1) & (length <= HOUR_S)
                      & (HOUR_S % np.clip(length, 1, HOUR_S) == 0))


def _on_grid(rows: Readings, day_us: int) -> Bools:
    """Rows that start a whole number of their own lengths after midnight and end within the day."""
    length_us = np.maximum(rows.seconds[:1] if one_length(rows.seconds) else rows.seconds, 1) * MICROSECONDS
    fitting: Bools = (rows.start_us % length_us == 0) & (rows.start_us + length_us <= day_us)
    return fitting


def one_length(seconds: Int64s) -> bool:
    """True when all readings last equally long, as most meters' do."""
    return bool(seconds.size) and bool((seconds == seconds[0]).all())


def _by_length(seconds: Int64s, rule: Callable[[Int64s], Numbers]) -> Numbers:
    """A rule for each reading's length, asked once when they are all of one length."""
    if one_length(seconds):
        return np.broadcast_to(rule(seconds[:1]), seconds.shape)
    return rule(seconds)


def _tally(finding: Finding, rows: Readings, where: Bools) -> list[Tally]:
    if not where.any():
        return []
    found, source_row = rows.file[where], rows.source_row[where]
    return [Tally(finding=finding, file=int(file), count=int((found == file).sum()),
                  first_row=int(source_row[found == file].min())) for file in np.unique(found)]


def _off_grid_points(rows: Readings, where: Bools) -> Iterator[tuple[int, int, int, int]]:
    """Each point with readings off their grid, at most a thousand."""
    places = np.flatnonzero(where)
    points, first, counts = np.unique(rows.point[places], return_index=True, return_counts=True)
    for point, index, count in zip(points[:1000].tolist(), first[:1000].tolist(), counts[:1000].tolist(), strict=True):
        place = int(places[index])
        yield point, count, int(rows.file[place]), int(rows.source_row[place])

