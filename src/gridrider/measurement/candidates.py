"""Which earlier days may make a day-matching baseline, before anybody's readings are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal

from ..tariff.model import WEEKDAYS, DayType, Measurement, Pick, value_on

LOOK_BACK_DAYS_DEFAULT = Decimal(45)


def day_type_of(day: date, as_of: date, measurement: Measurement, holidays: Collection[date]) -> str:
    """The name of a day's type; one name for all days where the tariff tells no types apart."""
    if not measurement.day_types:
        return ""
    stands_for = value_on(measurement.holiday_counts_as, day, as_of, "")
    if day in holidays and stands_for:
        return stands_for
    weekday = WEEKDAYS[day.weekday()]
    for name, day_type in measurement.day_types.items():
        if weekday in value_on(day_type.days, day, as_of, frozenset(WEEKDAYS)):
            return name
    return ""


def pick_for(day_type: str, measurement: Measurement) -> Pick | None:
    """The choice of days for a day type: its own, else the measurement's."""
    own: Mapping[str, DayType] = measurement.day_types
    return (own[day_type].pick if day_type in own else None) or measurement.pick


def candidate_days(event_day: date, as_of: date, measurement: Measurement, pick: Pick,
                   holidays: Collection[date], event_days: Collection[date]) -> tuple[date, ...]:
    """The days that may make the baseline of an event, latest first.

    `event_days` are the days on which the program called in the zone. Days that the enrollment's own
    events or outages exclude are taken out later, where they are known.
    """
    excluded = value_on(measurement.exclude, event_day, as_of, frozenset[str]())
    look_back = int(value_on(pick.look_back_days, event_day, as_of, LOOK_BACK_DAYS_DEFAULT))
    wanted = day_type_of(event_day, as_of, measurement, holidays)
    days = (event_day - timedelta(days=back) for back in range(1, look_back + 1))
    return tuple(day for day in days
                 if day_type_of(day, as_of, measurement, holidays) == wanted
                 and not ("holidays" in excluded and day in holidays)
                 and not ("program_events" in excluded and day in event_days))

