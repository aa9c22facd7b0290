"""The rows of an event: its span cut at clock hours, and where each row stands in a day's list of loads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ..interval import DAY, Interval, local_midnight

HOUR_SECONDS = 3600
QUARTER_SECONDS = 900
SLOT_SECONDS = (900, 1800, 3600)
"""Lengths of the slots that a table of days may hold."""
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of the local calendar around one day, in seconds from that day's local midnight.

    `elapsed_s` counts real seconds; `clock_s` is what a wall clock shows, so that the same time of
    another day can be found although one of the two days has 23 or 25 hours.
    """

    elapsed_s: int
    clock_s: int
    seconds: int


def event_rows(spans: Sequence[Interval], zone: ZoneInfo, step_seconds: int) -> tuple[Interval, ...]:
    """The spans cut at every step counted from local midnight: the rows of a performance table."""
    return tuple(row for span in spans for row in _rows_of(span, zone, step_seconds))


def _rows_of(span: Interval, zone: ZoneInfo, step_seconds: int) -> list[Interval]:
    rows, start = [], span.start.astimezone(UTC)
    end = span.end.astimezone(UTC)
    while start < end:
        midnight = local_midnight(start.astimezone(zone).date(), zone)
        into_step = int((start - midnight).total_seconds()) % step_seconds
        next_midnight = local_midnight(start.astimezone(zone).date() + DAY, zone)
        stop = min(start + timedelta(seconds=step_seconds - into_step), next_midnight, end)
        rows.append(Interval(start=start, end=stop))
        start = stop
    return rows


def place(row: Interval, day: date, zone: ZoneInfo) -> Span:
    """Where a row stands seen from a day's local midnight; before or after that day it counts on."""
    elapsed_s = int((row.start - local_midnight(day, zone)).total_seconds())
    local = row.start.astimezone(zone)
    clock_s = (local.date() - day).days * DAY_SECONDS + local.hour * HOUR_SECONDS + local.minute * 60 + local.second
    return Span(elapsed_s=elapsed_s, clock_s=clock_s, seconds=row.seconds)


def slots_of(start_s: int, seconds: int, slot_seconds: int) -> list[int] | None:
    """Places in a list of slots (from 1, SQL's way) that a span fills; None when its edges miss the slots."""
    if start_s % slot_seconds or seconds % slot_seconds:
        return None
    first = start_s // slot_seconds
    return list(range(first + 1, first + seconds // slot_seconds + 1))


def adjustment_window(start: datetime, hours_before_s: int, gap_s: int) -> Interval:
    """The same-day adjustment window: so long, ending a gap before the event's start."""
    end = start.astimezone(UTC) - timedelta(seconds=gap_s)
    return Interval(start=end - timedelta(seconds=hours_before_s), end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """A day on which the clock is moved: at `elapsed_s` after midnight, by `shift_s` (+ = forward)."""

    local_date: date
    elapsed_s: int
    shift_s: int


def clock_changes(days: Iterable[date], zone: ZoneInfo) -> tuple[ClockChange, ...]:
    """The days among `days` that do not have 24 hours."""
    return tuple(change for day in days if (change := _clock_change(day, zone)) is not None)


def _clock_change(day: date, zone: ZoneInfo) -> ClockChange | None:
    midnight = local_midnight(day, zone)
    length_s = int((local_midnight(day + DAY, zone) - midnight).total_seconds())
    if length_s == DAY_SECONDS:
        return None
    offset = midnight.astimezone(zone).utcoffset()
    elapsed_s = next(second for second in range(0, length_s, QUARTER_SECONDS)
                     if (midnight + timedelta(seconds=second)).astimezone(zone).utcoffset() != offset)
    return ClockChange(local_date=day, elapsed_s=elapsed_s, shift_s=DAY_SECONDS - length_s)
