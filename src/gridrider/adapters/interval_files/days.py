"""The intervals of a local day by wall clock and by elapsed time, with the hours that daylight saving adds or takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ...interval import day_seconds, local_midnight

_DAY_S = 86_400
_LABEL = re.compile(r"(?:HE|HB|H|HOUR)?\s*0*(\d{1,3})\s*([X*])?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00(?:\.0*)?)?\s*([X*])?", re.IGNORECASE)
_FOUR = re.compile(r"(\d{2})(\d{2})\s*([X*])?", re.IGNORECASE)


def wall_time(cell: str, written_as: str) -> datetime:
    """A wall-clock time as written, without zone; '24:00' is the midnight that ends its date. Raises ValueError.

    >>> wall_time("07/01/2025 24:00", "%m/%d/%Y %H:%M").isoformat()
    '2025-07-02T00:00:00'
    """
    ends_day = "%H" in written_as and "24:00" in cell
    text = cell.replace("24:00", "00:00", 1) if ends_day else cell
    found = datetime.strptime(text, written_as)  # noqa: DTZ007 (a wall clock; its zone is the mapping's)
    return found + timedelta(days=1) if ends_day else found


def wall_date(cell: str, written_as: str) -> date | None:
    """A date as written, or None when it is not written so, or is of a year that no meter has seen."""
    try:
        day = wall_time(cell, written_as).date()
    except ValueError:
        return None
    return day if 1970 < day.year < 2200 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGrid:
    """One local day cut into equal intervals; starts in epoch seconds UTC."""

    elapsed: tuple[int, ...]
    """Starts in order: 23, 24 or 25 hours of them."""
    first: dict[int, int]
    """Start by wall-clock second, first passing."""
    second: dict[int, int]
    """Start by wall-clock second, for the hour that is passed twice."""


@lru_cache(maxsize=4096)
def day_grid(day: date, zone: ZoneInfo, seconds: int) -> DayGrid:
    """The intervals of a local day.

    >>> grid = day_grid(date(2025, 11, 2), ZoneInfo("America/Los_Angeles"), 3600)
    >>> len(grid.elapsed), len(grid.first), sorted(grid.second)
    (25, 24, [3600])
    """
    midnight_s = int(local_midnight(day, zone).timestamp())
    elapsed = tuple(range(midnight_s, midnight_s + day_seconds(day, zone), seconds))
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    for start_s in elapsed:
        local = datetime.fromtimestamp(start_s, zone)
        wall_s = local.hour * 3600 + local.minute * 60 + local.second
        (second if wall_s in first else first)[wall_s] = start_s
    return DayGrid(elapsed=elapsed, first=first, second=second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label as read: a wall-clock second or else a count of intervals, and whether it is marked as repeated."""

    count: int = 0
    wall_s: int | None = None
    repeated: bool = False


@lru_cache(maxsize=4096)
def read_label(cell: str) -> Label | None:
    """The meaning of an interval label: 7, HE07, 07:00, 0700, 24:00, 02X (X or * marks the repeated hour).

    >>> read_label("HE02X")
    Label(count=2, wall_s=None, repeated=True)
    >>> read_label("24:00")
    Label(count=0, wall_s=86400, repeated=False)
    """
    text = cell.strip()
    clock = _CLOCK.fullmatch(text) or _FOUR.fullmatch(text)
    if clock is not None:
        wall_s = int(clock[1]) * 3600 + int(clock[2]) * 60
        if int(clock[2]) > 59 or wall_s > _DAY_S:
            return None
        return Label(wall_s=wall_s, repeated=clock[3] is not None)
    count = _LABEL.fullmatch(text)
    return None if count is None else Label(count=int(count[1]), repeated=count[2] is not None)


def label_start(label: Label, day: date, *, seconds: int, ending: bool, midnight: str) -> tuple[date, int] | str:
    """The wall-clock day and second at which a clock label's interval starts, or why it has none.

    Ending labels are stepped back on the wall clock: HE02 is 01:00 to 02:00, also when that hour is passed twice.
    """
    if ending and label.wall_s is None and label.count == 0:
        return "counts from 0 although labels are ending, where the first is 1"
    wall_s = label.count * seconds if label.wall_s is None else label.wall_s
    if not ending:
        return (day, wall_s) if wall_s < _DAY_S else "starts after the end of the day"
    if wall_s == 0:
        if midnight == "previous_day":
            return day - timedelta(days=1), _DAY_S - seconds
        if midnight == "this_date":
            return day, _DAY_S - seconds
        return "ends at 00:00, which may mean the end of this date or of the day before"
    if wall_s < seconds:
        return "ends before a whole interval has passed since midnight"
    return (day, wall_s - seconds) if wall_s <= _DAY_S else "ends after the end of the day"
