"""Protections, storm states and clock times of dispatch in plain words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ..dispatch.model import Protection
from .wording import number, short_day, words

PROTECTION_WORDS: dict[str, str] = {
    Protection.EMERGENCY_STOP: "Program stopped", Protection.NOT_IN_FORCE: "Enrollment not in force",
    Protection.UNSIGNED: "No agreement signed", Protection.UNVERIFIED: "Device not verified",
    Protection.MEDICAL: "Medical exclusion", Protection.SUSPENDED: "Suspended by the customer",
    Protection.OPTED_OUT: "Opted out", Protection.ISLANDED: "Home off the grid",
    Protection.STORM_HOLD: "Held for a storm", Protection.STORM_FEED_LOST: "Storm alerts lost",
    Protection.EVENTS_PER_MONTH: "Events of the month used", Protection.EVENTS_PER_YEAR: "Events of the year used",
    Protection.CYCLES_PER_YEAR: "Cycles of the year used", Protection.OUTSIDE_EVENT: "Outside the event",
    Protection.SILENT: "No report", Protection.STALE: "Last report too old",
    Protection.CONTRADICTORY: "Report contradicts itself", Protection.UNPLUGGED: "Vehicle not plugged in",
    Protection.EV_DEPARTURE: "Kept for the next trip", Protection.RESERVE: "Backup reserve",
    Protection.HIGH_VOLTAGE: "High voltage", Protection.EXPORT_LIMIT: "Export limit",
    Protection.POWER_LIMIT: "Device at its limit", Protection.FULL: "Battery full",
}
STORM_WORDS = {"lock": "Locked for the home", "pre_arm": "Made ready", "feed_lost": "Alerts lost, kept as it was"}
KILO = 1000
CLOCK_STEPS_MIN = (5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)


def protection_words(name: str) -> str:
    """A protection in a few words; one that we do not know by its name.

    >>> protection_words("reserve"), protection_words("moon_phase")
    ('Backup reserve', 'Moon phase')
    """
    return PROTECTION_WORDS.get(name) or words(name)


def power(power_kw: Decimal, *, large: bool) -> str:
    """Power with its unit, in MW where the season is large.

    >>> power(Decimal("1234.5"), large=False), power(Decimal("31234.5"), large=True)
    ('1,234.5 kW', '31.23 MW')
    """
    return f"{number(power_kw / KILO, 2)} MW" if large else f"{number(power_kw, 1)} kW"


def elapsed_min(start: datetime, moment: datetime) -> float:
    """Minutes from one moment to the other, whatever the clocks do between."""
    return (moment.astimezone(UTC) - start.astimezone(UTC)).total_seconds() / 60


def clock_marks(start: datetime, end: datetime, *, most: int) -> dict[float, str]:
    """Where an axis of elapsed minutes is marked, and with which local clock times: `most` marks or fewer.

    Both moments are in the tariff's zone. Where the clocks change between them, each mark names its own time.

    >>> from zoneinfo import ZoneInfo
    >>> zone = ZoneInfo("America/New_York")
    >>> clock_marks(datetime(2027, 11, 7, 0, tzinfo=zone), datetime(2027, 11, 7, 3, tzinfo=zone), most=5)
    {0.0: '12 am EDT', 60.0: '1 am EDT', 120.0: '1 am EST', 180.0: '2 am EST', 240.0: '3 am EST'}
    """
    zone, changes = start.tzinfo, start.tzname() != end.tzname()
    first = start.astimezone(UTC)
    first -= timedelta(minutes=first.minute % 5, seconds=first.second, microseconds=first.microsecond)
    for step_min in CLOCK_STEPS_MIN:
        many = int(elapsed_min(first, end) // 5) + 1
        shown = [moment for moment in ((first + timedelta(minutes=5 * place)).astimezone(zone)
                                       for place in range(many))
                 if _minute_no(moment) % step_min == 0 and moment.astimezone(UTC) >= start.astimezone(UTC)]
        if len(shown) <= most:
            break
    return {elapsed_min(start, moment): _mark(moment, named=changes and step_min < 1440, days=step_min >= 360)
            for moment in shown}


def _minute_no(moment: datetime) -> int:
    """Minutes of local clock time, counted through the days."""
    return moment.toordinal() * 1440 + moment.hour * 60 + moment.minute


def _mark(moment: datetime, *, named: bool, days: bool) -> str:
    if days and (moment.hour, moment.minute) == (0, 0):
        return short_day(moment.date(), with_year=False)
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    clock = f"{(moment.hour - 1) % 12 + 1}{minutes} {'am' if moment.hour < 12 else 'pm'}"
    return f"{clock} {moment.tzname()}" if named else clock
