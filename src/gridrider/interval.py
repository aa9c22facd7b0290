"""Spans of time: half-open, aware, measured in UTC so that daylight saving never bends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A span of time, start <= t < end. Both ends are aware."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """Elapsed seconds; same-zone subtraction would ignore a daylight-saving change."""
        return int((self.end.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds())

    def overlaps(self, other: Interval) -> bool:
        """True if the two spans share an instant."""
        return self.start < other.end and other.start < self.end


    def without(self, holes: Iterable[Interval]) -> tuple[Interval, ...]:
        """What remains of the span when holes are taken out, in order."""
        pieces: tuple[Interval, ...] = (self,)
        for hole in holes:
            pieces = tuple(part for piece in pieces for part in piece._less(hole))
        return pieces

    def _less(self, hole: Interval) -> tuple[Interval, ...]:
        if not self.overlaps(hole):
            return (self,)
        ends = ((self.start, min(self.end, hole.start)), (max(self.start, hole.end), self.end))
        return tuple(Interval(start=start, end=end) for start, end in ends if start < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSpan:
    """A span of local calendar days, first <= day < end."""

    first: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.end

    def intersect(self, other: DateSpan) -> DateSpan | None:
        """The days in both spans, or None when there is none."""
        first, end = max(self.first, other.first), min(self.end, other.end)
        return DateSpan(first=first, end=end) if first < end else None

    def days(self) -> Iterator[date]:
        """Every day of the span in order."""
        day = self.first
        while day < self.end:
            yield day
            day += DAY


def date_span(text: str) -> DateSpan:
    """START/END (dates, END exclusive), a month or a year as a span of days; raises ValueError for another text.

    >>> span = date_span("2025-12")
    >>> str(span.first), str(span.end)
    ('2025-12-01', '2026-01-01')
    """
    if "/" in text:
        first, end = (date.fromisoformat(part) for part in text.split("/"))
    elif len(text) == 7:
        first = date.fromisoformat(f"{text}-01")
        end = (first.replace(day=28) + 4 * DAY).replace(day=1)
    elif len(text) == 4:
        first, end = date(int(text), 1, 1), date(int(text) + 1, 1, 1)
    else:
        raise ValueError(text)
    if first >= end:
        raise ValueError(text)
    return DateSpan(first=first, end=end)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins, in UTC.

    >>> local_midnight(date(2025, 8, 21), ZoneInfo("America/Los_Angeles")).isoformat()
    '2025-08-21T07:00:00+00:00'
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_seconds(day: date, zone: ZoneInfo) -> int:
    """Elapsed seconds of a local day: 23, 24 or 25 hours.

    >>> new_york = ZoneInfo("America/New_York")
    >>> [day_seconds(day, new_york) // 3600 for day in (date(2027, 3, 14), date(2027, 11, 7))]
    [23, 25]
    """
    return Interval(start=local_midnight(day, zone), end=local_midnight(day + DAY, zone)).seconds


def utc_text(instant: datetime) -> str:
    """An instant as the tables write it.

    >>> utc_text(datetime(2025, 8, 22, 2, tzinfo=UTC))
    '2025-08-22T02:00:00Z'
    """
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
