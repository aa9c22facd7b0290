"""Where in the year, the week and the day a service may call, and which twelve months its limits count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..interval import DAY, DateSpan, Interval
from ..money import plain
from ..problem import Refusal
from ..tariff.model import WEEKDAYS, Calls, Dated, Season, in_force, value_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the rules of a tariff are read with: its clock, the day by which values were filed, its holidays."""

    zone: ZoneInfo
    known_by: date
    holidays: frozenset[date] = frozenset()

    def day(self, instant: datetime) -> date:
        """The local day of an instant."""
        return instant.astimezone(self.zone).date()


def month_of(day: date) -> DateSpan:
    """The calendar month of a day.

    >>> str(month_of(date(2025, 12, 5)).end)
    '2026-01-01'
    """
    first = day.replace(day=1)
    return DateSpan(first=first, end=(first.replace(day=28) + 4 * DAY).replace(day=1))


def program_year(day: date, season: Season | None) -> DateSpan:
    """The program year that holds a day: twelve months from the season's first day; no season, the calendar year.

    So all of a season is in one program year, also one that runs over New Year, and an event outside of the
    season uses the limits of the season before it.

    >>> winter = Season(from_="11-01", to="03-31")
    >>> span = program_year(date(2026, 2, 1), winter)
    >>> str(span.first), str(span.end)
    ('2025-11-01', '2026-11-01')
    """
    first = "01-01" if season is None else season.from_
    begins = _on(day.year, first)
    year = day.year if day >= begins else day.year - 1
    return DateSpan(first=_on(year, first), end=_on(year + 1, first))


def season_end(day: date, season: Season | None) -> date:
    """The day after the last day of the season of the program year that holds a day.

    >>> str(season_end(date(2022, 6, 1), Season(from_="05-01", to="10-31")))
    '2022-11-01'
    """
    year = program_year(day, season)
    if season is None:
        return year.end
    over_new_year = season.from_ > season.to
    return _on(year.first.year + over_new_year, season.to) + DAY


def _on(year: int, month_day: str) -> date:
    month, day = (int(part) for part in month_day.split("-"))
    if (month, day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        return date(year, 2, 28)
    return date(year, month, day)


def why_outside(calls: Calls, season: Season | None, span: Interval, reading: Reading) -> Iterator[Refusal]:
    """Every rule on season, weekday, holiday and hours that a span would break; the day is that of its start."""
    day, by = reading.day(span.start), reading.known_by
    if season is not None and not season.covers(day):
        yield Refusal(clause=f"season {calls.season}",
                      reason=f"{day} is outside of the season, {season.from_} to {season.to}")
    days = in_force(calls.days, day, by)
    if days is not None and WEEKDAYS[day.weekday()] not in days.value:
        yield Refusal(clause=days.cite, reason=f"{day} is a {day:%A}, on which the service does not call")
    holidays = in_force(calls.holidays, day, by)
    if holidays is not None and holidays.value == "excluded" and day in reading.holidays:
        yield Refusal(clause=holidays.cite, reason=f"{day} is a holiday")
    yield from _why_outside_hours(calls, span, reading)


def _why_outside_hours(calls: Calls, span: Interval, reading: Reading) -> Iterator[Refusal]:
    day = reading.day(span.start)
    opens, closes = window_of(calls, day, reading)
    if span.start < opens.start or span.end > opens.end:
        start, end = (instant.astimezone(reading.zone) for instant in (span.start, span.end))
        yield Refusal(clause=closes, reason=f"{start:%H:%M} to {end:%H:%M} is not inside the hours of the service, "
                      f"{opens.start.astimezone(reading.zone):%H:%M} to {opens.end.astimezone(reading.zone):%H:%M}")


def window_of(calls: Calls, day: date, reading: Reading) -> tuple[Interval, str]:
    """The hours of a day in which a service may call, and their clause; a service without hours: the whole day.

    The day's own length is that of the clock: 23 or 25 hours when it changes.
    """
    from_ = in_force(calls.hours.from_, day, reading.known_by) if calls.hours else None
    to = in_force(calls.hours.to, day, reading.known_by) if calls.hours else None
    first, last = from_.value if from_ else time(), to.value if to else time()
    ends_on = day if last != time() else day + DAY
    span = Interval(start=datetime.combine(day, first, reading.zone).astimezone(UTC),
                    end=datetime.combine(ends_on, last, reading.zone).astimezone(UTC))
    named = from_ or to
    return span, named.cite if named else "hours of the service"


def why_wrong_length(calls: Calls, span: Interval, reading: Reading) -> Iterator[Refusal]:
    """The bounds on the length of one event that a span would break."""
    least, most = length_bounds(calls, reading.day(span.start), reading)
    if least is not None and span.seconds < least.value * 3600:
        yield Refusal(clause=least.cite, reason=f"{_hours(span)} h is shorter than {plain(least.value)} h")
    if most is not None and span.seconds > most.value * 3600:
        yield Refusal(clause=most.cite, reason=f"{_hours(span)} h is longer than {plain(most.value)} h")


def length_bounds(calls: Calls, day: date, reading: Reading) -> tuple[Dated[Decimal] | None, Dated[Decimal] | None]:
    """The least and the most hours of one event in force on a day. [h]"""
    if calls.duration_h is None:
        return None, None
    return (in_force(calls.duration_h.min, day, reading.known_by),
            in_force(calls.duration_h.max, day, reading.known_by))


def _hours(span: Interval) -> str:
    return plain(Decimal(span.seconds) / 3600)


def excludes_days_in_a_row(calls: Calls, day: date, reading: Reading) -> bool:
    """True if the service may not call on two days in a row."""
    return value_on(calls.consecutive_days, day, reading.known_by, "allowed") == "excluded"
