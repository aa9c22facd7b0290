"""How a state counts days and years, and on which day a period ends that would end on a weekend or holiday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from .holidays import nth_weekday

_DAY = timedelta(days=1)
_MONDAY, _TUESDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 1, 3, 5, 6


def _election_day(year: int) -> date:
    """The Tuesday after the first Monday in November."""
    return nth_weekday(year, 11, _MONDAY, 1) + _DAY


def _moving(year: int) -> list[date]:
    """The holidays that both states keep on a day of the week."""
    return [nth_weekday(year, 1, _MONDAY, 3), nth_weekday(year, 2, _MONDAY, 3), nth_weekday(year, 5, _MONDAY, -1),
            nth_weekday(year, 9, _MONDAY, 1), nth_weekday(year, 10, _MONDAY, 2), nth_weekday(year, 11, _THURSDAY, 4)]


def new_york_holidays(year: int) -> frozenset[date]:
    """The public holidays of New York; one that falls on a Sunday is kept on the Monday, on a Saturday it stays.

    Source: General Construction Law § 24. Flag day is always a Sunday and moves nothing. Days that the President or
    the Governor appoints for a single year are not foreseen.
    """
    fixed = [date(year, 1, 1), date(year, 2, 12), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11),
             date(year, 12, 25)]
    next_days = [day + _DAY for day in fixed if day.weekday() == _SUNDAY]
    return frozenset({*fixed, *next_days, *_moving(year), nth_weekday(year, 6, _SUNDAY, 2), _election_day(year)})


def virginia_holidays(year: int) -> frozenset[date]:
    """The legal holidays of Virginia; one on a Saturday is also kept on the Friday, one on a Sunday on the Monday.

    Source: Code of Virginia § 2.2-3300.
    """
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25),
             date(year + 1, 1, 1)]
    kept = [day - _DAY if day.weekday() == _SATURDAY else day + _DAY if day.weekday() == _SUNDAY else day
            for day in fixed]
    day_after_thanksgiving = nth_weekday(year, 11, _THURSDAY, 4) + _DAY
    days = {*fixed, *kept, *_moving(year), day_after_thanksgiving, _election_day(year)}
    return frozenset(day for day in days if day.year == year)


HOLIDAYS: dict[str, Callable[[int], frozenset[date]]] = {"new_york": new_york_holidays, "virginia": virginia_holidays}
"""The holidays on which a period of time does not end; a computation that is not here rolls nothing."""


def is_business_day(day: date, computation: str) -> bool:
    """Whether an act that is due may be put off from this day; every day is one where no state is named.

    >>> is_business_day(date(2027, 7, 5), "new_york"), is_business_day(date(2027, 7, 5), "none")
    (False, True)
    """
    if computation not in HOLIDAYS:
        return True
    return day.weekday() < _SATURDAY and day not in HOLIDAYS[computation](day.year)


def rolled(day: date, computation: str) -> date:
    """The day itself, or the next business day when it falls on a Saturday, a Sunday or a holiday.

    Sources: General Construction Law § 25-a (New York); Code of Virginia § 1-210 E.
    """
    while not is_business_day(day, computation):
        day += _DAY
    return day


def counted_days(start: date, days: int) -> date:
    """The last day of a period of so many days; the day from which it is reckoned does not count.

    Sources: General Construction Law § 20; Code of Virginia § 1-210 A.

    >>> counted_days(date(2027, 1, 4), 90)
    datetime.date(2027, 4, 4)
    """
    return start + timedelta(days=days)


def counted_years(start: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28 February in a year that has none.

    Interpretation: General Construction Law § 58 counts 28 and 29 February as one day. A period that began on 28
    February then ends on 28 or 29 February of a leap year; the earlier day is taken, which keeps a deadline safe.
    """
    year = start.year + years
    leaps = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    return date(year, 2, 28) if (start.month, start.day) == (2, 29) and not leaps else start.replace(year=year)


def business_days_before(day: date, number: int, computation: str) -> tuple[date, ...]:
    """The last so many business days before a day, in order."""
    found: list[date] = []
    while len(found) < number:
        day -= _DAY
        if is_business_day(day, computation):
            found.append(day)
    return tuple(reversed(found))
