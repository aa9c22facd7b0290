"""Days on which the Federal Reserve settles payments."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_JUNETEENTH_SINCE = 2022


def is_banking_day(day: date) -> bool:
    """True on a weekday that is no holiday of the Federal Reserve Banks.

    A holiday on a Sunday is kept on the Monday; on a Saturday the banks are open the Friday before. Source: Federal
    Reserve Banks, Holiday Schedules. The banks first closed on Juneteenth in 2022 (the Monday, June 20).

    >>> is_banking_day(date(2026, 7, 3)), is_banking_day(date(2027, 7, 5))
    (True, False)
    """
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def next_banking_day(day: date, count: int = 1) -> date:
    """The count-th banking day after a day.

    >>> str(next_banking_day(date(2025, 11, 26)))
    '2025-11-28'
    """
    while count > 0:
        day += _DAY
        count -= is_banking_day(day)
    return day


@cache
def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    moving = (_nth(year, 1, _MONDAY, 3), _nth(year, 2, _MONDAY, 3), _last_monday_of_may(year),
              _nth(year, 9, _MONDAY, 1), _nth(year, 10, _MONDAY, 2), _nth(year, 11, _THURSDAY, 4))
    return frozenset({*(day + _DAY if day.weekday() == _SUNDAY else day for day in fixed), *moving})


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())
