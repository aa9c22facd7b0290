"""Long files: one row per point and interval."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from .cells import AddPrice, Cells, Interval, Meaning
from .days import Label, day_grid, label_start, read_label, wall_date, wall_time
from .layout import LEAVE_OUT, Clock, Layout
from .numbers import Scale, Unreadable
from .source import Header, numbered_rows, read_header, require

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE_MAX = 200_000


class NoTime(ValueError):
    """A row's time cannot be told; `column` is the one at fault."""

    def __init__(self, column: str, cell: str, reason: str, what_to_do: str) -> None:
        super().__init__(reason)
        self.column, self.cell, self.reason, self.what_to_do = column, cell, reason, what_to_do


@dataclass(slots=True, kw_only=True)
class Timer:
    """Finds the start of each row's interval."""

    clock: Clock
    day: int | None
    label: int | None
    stamp: int | None
    seconds: int | None
    flag: int | None
    dates: dict[str, date | None] = field(default_factory=dict)
    stamps: dict[str, datetime | None] = field(default_factory=dict)
    passes: Counter[tuple[str, int]] = field(default_factory=Counter)

    def start(self, row: list[str], who: str) -> tuple[int, int]:
        """Start in epoch seconds UTC and length in seconds; raises NoTime. `who` tells series apart, for row order."""
        seconds = self._seconds(row)
        if self.stamp is not None:
            return self._by_stamp(row, row[self.stamp].strip(), seconds, who), seconds
        return self._by_label(row, seconds, who), seconds

    def _seconds(self, row: list[str]) -> int:
        if self.seconds is None:
            return self.clock.seconds
        cell = row[self.seconds].strip()
        if not cell.isascii() or not cell.isdigit() or not 1 <= int(cell[:9]) <= 31 * 86_400 or len(cell) > 9:
            raise NoTime(self.clock.seconds_column, cell, "is not a length in whole seconds", "Write such as 900.")
        return int(cell)

    def _by_stamp(self, row: list[str], cell: str, seconds: int, who: str) -> int:
        clock = self.clock
        if cell not in self.stamps:
            if len(self.stamps) > _CACHE_MAX:
                self.stamps.clear()
            self.stamps[cell] = _stamp(cell, clock)
        stamp = self.stamps[cell]
        if stamp is None:
            raise NoTime(clock.stamp_column, cell, "is not a time in the mapping's format",
                         "Correct it, or `stamp_format` in the mapping.")
        back = timedelta(seconds=seconds if clock.labels == "ending" else 0)
        if stamp.tzinfo is not None:
            start_s, rest = divmod(stamp - back - _EPOCH, timedelta(seconds=1))
        else:
            wall = stamp - back
            wall_s, rest = divmod(wall - datetime.combine(wall.date(), datetime.min.time()), timedelta(seconds=1))
            start_s = self._on_clock(row, wall.date(), wall_s, seconds, cell, who, marked=False)
        if rest:
            raise NoTime(clock.stamp_column, cell, "does not fall on a whole second", "Intervals start on seconds.")
        return start_s

    def _by_label(self, row: list[str], seconds: int, who: str) -> int:
        clock = self.clock
        written = row[self.day or 0].strip()
        if written not in self.dates:
            self.dates[written] = wall_date(written, clock.date_format)
        day = self.dates[written]
        if day is None:
            raise NoTime(clock.date_column, written, f"is not a date written {clock.date_format}",
                         "Correct the date or `date_format`.")
        cell = row[self.label or 0].strip()
        label = read_label(cell)
        if label is None:
            raise NoTime(clock.label_column, cell, "is not an interval label", "Write such as 7, HE07, 07:00 or 24:00.")
        if clock.counting == "elapsed":
            return self._counted(day, label, cell, seconds)
        found = label_start(label, day, seconds=seconds, ending=clock.labels == "ending", midnight=clock.midnight)
        if isinstance(found, str):
            raise NoTime(clock.label_column, cell, found,
                         "Check `labels`, `seconds` and `midnight` (this_date or previous_day) in the mapping.")
        return self._on_clock(row, found[0], found[1], seconds, cell, who, marked=label.repeated)

    def _counted(self, day: date, label: Label, cell: str, seconds: int) -> int:
        clock = self.clock
        if label.wall_s is not None or clock.zone is None:
            raise NoTime(clock.label_column, cell, "is a clock time where intervals are counted",
                         "Use counting: clock, or a column of counts.")
        starts = day_grid(day, clock.zone, _divides(seconds, clock)).elapsed
        number = label.count - (1 if clock.labels == "ending" else 0)
        if not 0 <= number < len(starts):
            raise NoTime(clock.label_column, cell, f"is not one of the {len(starts)} intervals of {day}",
                         "Check the zone, `labels` and `counting` in the mapping.")
        return starts[number]

    def _on_clock(self, row: list[str], day: date, wall_s: int, seconds: int, cell: str, who: str, *,
                  marked: bool) -> int:
        clock = self.clock
        column = clock.stamp_column or clock.label_column
        if clock.zone is None:
            raise NoTime(column, cell, "is a local time without offset and the mapping names no zone",
                         "Write `zone:` in the mapping.")
        if not 1970 <= day.year <= 2200:
            raise NoTime(column, cell, "is a year that no meter has seen", "Correct the date.")
        grid = day_grid(day, clock.zone, _divides(seconds, clock))
        if wall_s % seconds:
            raise NoTime(column, cell, f"does not start on a multiple of {seconds} s", "Check `seconds` and `labels`.")
        first, second = grid.first.get(wall_s), grid.second.get(wall_s)
        if first is None:
            raise NoTime(column, cell, f"is an hour that {day} does not have, because the clock goes forward",
                         "Check the zone: a file in standard time all year has a zone such as Etc/GMT+8.")
        if second is None:
            if marked or (clock.flag_means == "repeated" and self._flagged(row)):
                raise NoTime(column, cell, f"is marked as the repeated hour, and {day} repeats no such hour",
                             "Check the zone and the mark.")
            return first
        return second if self._is_second(row, day, cell, (who, first), marked=marked) else first

    def _is_second(self, row: list[str], day: date, cell: str, key: tuple[str, int], *, marked: bool) -> bool:
        clock = self.clock
        if marked:
            return True
        if clock.repeated_by == "label":
            return False
        if clock.repeated_by == "order":
            self.passes[key] += 1
            return self.passes[key] > 1
        if clock.repeated_by == "column" and self.flag is not None:
            return self._flagged(row) == (clock.flag_means == "repeated")
        raise NoTime(clock.stamp_column or clock.label_column, cell,
                     f"is an hour that passes twice on {day}, and nothing says which one this is",
                     "Name the mark in `repeated_hour` (a column, `by: label` or `by: order`), or use UTC stamps.")

    def _flagged(self, row: list[str]) -> bool:
        return self.flag is not None and row[self.flag].strip() in self.clock.flag_codes


def read_long(path: Path, layout: Layout, cells: Cells, add_price: AddPrice, price_scale: Scale) -> None:
    """Read a long file; each row is one interval of one point, or one hour of prices."""
    found = cells.found
    rows = numbered_rows(path, layout.text, found)
    header = read_header(rows, found)
    if header is None:
        return
    clock = layout.clock
    needed = [name for name in (layout.point.column, clock.date_column, clock.label_column, clock.stamp_column,
                                clock.seconds_column, layout.channel.column, layout.unit.column, layout.quality.column,
                                *(column.column for column in layout.columns)) if name]
    before = len(found.problems)
    width = 1 + max(require(header, needed, found), default=0)
    if len(found.problems) > before:
        return
    timer = Timer(clock=clock, day=header.place(clock.date_column), label=header.place(clock.label_column),
                  stamp=header.place(clock.stamp_column), seconds=header.place(clock.seconds_column),
                  flag=header.place(clock.flag_column))
    width = max(width, 1 + (timer.flag or 0))
    for line, row in rows:
        if len(row) < width:
            found.error(line, "", "", f"has {len(row)} cells where {width} are due",
                        "Check the delimiter and for a cut-off line.")
            continue
        try:
            if layout.table == "prices":
                _price_row(line, row, header, layout, cells, timer, add_price, price_scale)
            else:
                _reading_row(line, row, header, layout, cells, timer)
        except NoTime as no_time:
            found.error(line, no_time.column, no_time.cell, no_time.reason, no_time.what_to_do)


def _reading_row(line: int, row: list[str], header: Header, layout: Layout, cells: Cells, timer: Timer) -> None:
    found = cells.found
    point_place = header.place(layout.point.column)
    point_id = layout.point.fixed if point_place is None else row[point_place].strip()
    if not point_id:
        found.error(line, layout.point.column, "", "is blank", "Every row needs its metering point.")
        return
    channel = cells.word(layout.channel, header.place(layout.channel.column), row, line)
    unit = cells.word(layout.unit, header.place(layout.unit.column), row, line)
    quality = cells.word(layout.quality, header.place(layout.quality.column), row, line, blank="actual")
    if channel is None or unit is None or quality is None:
        return
    if LEAVE_OUT in (channel, unit):
        found.count("a row is left out, as the mapping says", line)
        return
    start_s, seconds = timer.start(row, f"{point_id}\0{channel}\0{unit}")
    where = Interval(point_id, start_s, seconds, line)
    scale = cells.scale(unit, seconds)
    for column in layout.columns:
        meaning = column.channel or channel
        if meaning != LEAVE_OUT:
            cells.read(row[header.place(column.column) or 0], where,
                       Meaning(column=column.column, channel=meaning, scale=scale), quality)


def _price_row(line: int, row: list[str], header: Header, layout: Layout, cells: Cells, timer: Timer,
               add_price: AddPrice, scale: Scale) -> None:
    start_s, seconds = timer.start(row, "")
    for column in layout.columns:
        text = row[header.place(column.column) or 0].strip()
        if text in layout.text.missing:
            cells.found.count("a blank price is left out", line)
            continue
        try:
            add_price(column.series, start_s, seconds, scale.units(text), line)
        except Unreadable as reason:
            cells.found.error(line, column.column, text, str(reason), "Correct the cell, or leave it blank.")


def _divides(seconds: int, clock: Clock) -> int:
    if seconds < 60 or 86_400 % seconds:
        raise NoTime(clock.seconds_column, str(seconds), "does not divide the day, which local labels need",
                     "Use stamps with offset for such intervals.")
    return seconds


def _stamp(cell: str, clock: Clock) -> datetime | None:
    """A time as written; aware when it has an offset. '24:00' on a date is the next midnight."""
    try:
        if clock.stamp_format == "iso":
            found = datetime.fromisoformat(cell)
        else:
            found = wall_time(cell, clock.stamp_format)
        return found if 1970 < found.year < 2200 else None
    except (ValueError, OverflowError):
        return None
