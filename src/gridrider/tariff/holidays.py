"""Holiday calendars that tariffs name."""

from __future__ import annotations

from datetime import date, timedelta

_MONDAY, _THURSDAY = 0, 3
_JUNETEENTH_SINCE = 2021


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth weekday of a month; the last one for nth = -1."""
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _sunday_to_monday(day: date) -> date:
    return day + timedelta(days=1) if day.weekday() == 6 else day


def _observed(day: date) -> date:
    return day - timedelta(days=1) if day.weekday() == 5 else _sunday_to_monday(day)


def nerc(year: int) -> frozenset[date]:
    """The six holidays of NERC's off-peak days; one that falls on a Sunday is kept on the Monday.

    Source: NERC, Additional Off-peak Days.
    """
    fixed = (date(year, 1, 1), date(year, 7, 4), date(year, 12, 25))
    moving = (nth_weekday(year, 5, _MONDAY, -1), nth_weekday(year, 9, _MONDAY, 1), nth_weekday(year, 11, _THURSDAY, 4))
    return frozenset({*map(_sunday_to_monday, fixed), *moving})


def us_federal(year: int) -> frozenset[date]:
    """The federal holidays on the days they are observed, eleven since 2021 and ten before. Source: 5 U.S.C. 6103."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25), date(year + 1, 1, 1)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    moving = (nth_weekday(year, 1, _MONDAY, 3), nth_weekday(year, 2, _MONDAY, 3), nth_weekday(year, 5, _MONDAY, -1),
              nth_weekday(year, 9, _MONDAY, 1), nth_weekday(year, 10, _MONDAY, 2), nth_weekday(year, 11, _THURSDAY, 4))
    return frozenset(day for day in {*map(_observed, fixed), *moving} if day.year == year)


def none(year: int) -> frozenset[date]:
    """No holidays at all."""
    return frozenset()


CALENDARS = {"nerc": nerc, "us_federal": us_federal, "none": none}


def holidays_between(calendar: str, first: date, last: date) -> tuple[date, ...]:
    """The holidays of a named calendar from first to last, both included, in order.

    >>> [str(day) for day in holidays_between("nerc", date(2016, 8, 1), date(2016, 12, 31))]
    ['2016-09-05', '2016-11-24', '2016-12-26']
    """
    days = {day for year in range(first.year, last.year + 1) for day in CALENDARS[calendar](year)}
    return tuple(sorted(day for day in days if first <= day <= last))
