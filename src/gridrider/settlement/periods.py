"""Months, seasons and payment periods as spans of local days."""

from __future__ import annotations

from datetime import date

from ..interval import DAY, DateSpan
from ..tariff.model import Season


def month_of(day: date) -> DateSpan:
    """The calendar month of a day.

    >>> str(month_of(date(2025, 12, 5)).end)
    '2026-01-01'
    """
    first = day.replace(day=1)
    return DateSpan(first=first, end=(first.replace(day=28) + 4 * DAY).replace(day=1))


def year_of(day: date) -> DateSpan:
    """The calendar year of a day."""
    return DateSpan(first=date(day.year, 1, 1), end=date(day.year + 1, 1, 1))


def season_of(day: date, season: Season | None) -> DateSpan:
    """The run of the season that holds a day; outside of it, or without a season, the calendar year."""
    if season is None or not season.covers(day):
        return year_of(day)
    return next(span for year in (day.year - 1, day.year) if day in (span := season_in(year, season)))


def season_in(year: int, season: Season) -> DateSpan:
    """The season that begins in a year."""
    first = _day(year, season.from_)
    last = _day(year if season.from_ <= season.to else year + 1, season.to)
    return DateSpan(first=first, end=last + DAY)


def _day(year: int, month_day: str) -> date:
    month, day = (int(part) for part in month_day.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 2, 28)  # February 29 in a year that has none


def months_in(span: DateSpan, season: Season | None) -> list[DateSpan]:
    """The calendar months of a season that share a day with a span, in order."""
    months: list[DateSpan] = []
    month = month_of(span.first)
    while month.first < span.end:
        if season is None or season.covers(month.first) or season.covers(month.end - DAY):
            months.append(month)
        month = month_of(month.end)
    return months


def seasons_in(span: DateSpan, season: Season | None) -> list[DateSpan]:
    """The runs of a season (without one: calendar years) that share a day with a span, in order."""
    years = range(span.first.year - 1, span.end.year + 1)
    runs = [season_in(year, season) if season else year_of(date(year, 1, 1)) for year in years]
    return [run for run in runs if run.intersect(span) is not None]


def payment_period(day: date, schedule: str, season: Season | None) -> DateSpan:
    """The payment period that a line beginning on a day belongs to."""
    if schedule == "month":
        return month_of(day)
    return year_of(day) if schedule == "year" else season_of(day, season)
