"""Figures and times in the words of the people who read them (US English)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
KWH_PER_MWH = 1000
NONE = "\N{EM DASH}"
NBSP = "\N{NO-BREAK SPACE}"
JOINER = "\N{WORD JOINER}"
"""Both keep a day, or a clock time, on one line."""
_HALVES = ("am", "pm")
_SYMBOLS = {"USD": "$"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(exact: Decimal, decimals: int) -> str:
    """A number with thousands separators and a true minus sign; ties round away from zero.

    >>> number(Decimal("-12345.65"), 1)
    '−12,345.7'
    """
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}"
    return MINUS + text if rounded < 0 else text


def money(amount_usd: Decimal, currency: str) -> str:
    """An amount of the tariff's currency, which need not be the dollar, in cents.

    >>> money(Decimal("-12345.67"), "USD"), money(Decimal("8"), "CAD")
    ('−$12,345.67', '8.00 CAD')
    """
    symbol = _SYMBOLS.get(currency)
    if symbol is None:
        return f"{number(amount_usd, 2)} {currency}"
    text = number(abs(amount_usd), 2)
    return f"{MINUS if amount_usd < 0 else ''}{symbol}{text}"


def kwh(energy_kwh: Decimal) -> str:
    """Energy with its unit.

    >>> kwh(Decimal("1234.5"))
    '1,234.5 kWh'
    """
    return f"{number(energy_kwh, 1)} kWh"


def energy(energy_kwh: Decimal) -> str:
    """Energy in the unit that suits its size.

    >>> energy(Decimal("950")), energy(Decimal("12345"))
    ('950.0 kWh', '12.35 MWh')
    """
    return kwh(energy_kwh) if abs(energy_kwh) < KWH_PER_MWH else f"{number(energy_kwh / KWH_PER_MWH, 2)} MWh"


def percent(part: int, whole: int) -> str:
    """A share, or a dash when there is nothing to take a share of.

    >>> percent(1, 3), percent(0, 0)
    ('33.3%', '—')
    """
    return f"{number(Decimal(100 * part) / whole, 1)}%" if whole else NONE


def count(many: int, one: str, several: str = "") -> str:
    """A count with its noun.

    >>> count(1, "event"), count(1234, "event"), count(2, "enrollment in force", "enrollments in force")
    ('1 event', '1,234 events', '2 enrollments in force')
    """
    return f"{many:,} {one if many == 1 else several or one + 's'}"


def day(when: date) -> str:
    """A day, with no-break spaces.

    >>> day(date(2022, 9, 6)).replace(NBSP, " ")
    'Sep 6, 2022'
    """
    return f"{_MONTHS[when.month - 1]}{NBSP}{when.day},{NBSP}{when.year}"


def moment(when: datetime) -> str:
    """An instant in its own zone; midnight goes without saying.

    >>> from zoneinfo import ZoneInfo
    >>> zone = ZoneInfo("America/Los_Angeles")
    >>> moment(datetime(2022, 9, 6, tzinfo=zone)), moment(datetime(2022, 9, 6, 23, tzinfo=zone))
    ('Sep\xa06,\xa02022', 'Sep\xa06,\xa02022, 11:00\xa0pm\xa0PDT')
    """
    if (when.hour, when.minute) == (0, 0):
        return day(when.date())
    return f"{day(when.date())}, {_clock(when)}{NBSP}{_HALVES[when.hour // 12]}{NBSP}{when.tzname()}"


def short_day(when: date, *, with_year: bool) -> str:
    """A day for the foot of a chart.

    >>> short_day(date(2022, 9, 6), with_year=False), short_day(date(2022, 9, 6), with_year=True)
    ('Sep 6', "Sep 6 '22")
    """
    text = f"{_MONTHS[when.month - 1]} {when.day}"
    return f"{text} '{when.year % 100:02d}" if with_year else text


def span(first: date, last: date) -> str:
    """Days from first to last, both included: a month by its name where it is one.

    >>> span(date(2025, 8, 1), date(2025, 8, 31)), span(date(2025, 6, 1), date(2025, 9, 30))
    ('Aug 2025', 'Jun–Sep 2025')
    >>> span(date(2025, 8, 2), date(2025, 9, 1)).replace(NBSP, " ")
    'Aug 2, 2025 – Sep 1, 2025'
    >>> span(date(2025, 11, 1), date(2026, 1, 31)), span(date(2025, 1, 1), date(2025, 12, 31))
    ('Nov 2025–Jan 2026', '2025')
    """
    if first == last:
        return day(first)
    if first.day != 1 or not _ends_month(last):
        return f"{day(first)} {DASH} {day(last)}"
    if first.year != last.year:
        return f"{_MONTHS[first.month - 1]} {first.year}{DASH}{_MONTHS[last.month - 1]} {last.year}"
    if first.month == last.month:
        return f"{_MONTHS[first.month - 1]} {first.year}"
    if (first.month, last.month) == (1, 12):
        return f"{first.year}"
    return f"{_MONTHS[first.month - 1]}{DASH}{_MONTHS[last.month - 1]} {last.year}"


def _ends_month(when: date) -> bool:
    return date.fromordinal(when.toordinal() + 1).day == 1


def _clock(when: datetime) -> str:
    return f"{(when.hour - 1) % 12 + 1}:{when.minute:02d}"


def hours(start: datetime, end: datetime) -> str:
    """The clock times of an event with the zone's short name; both in the tariff's zone.

    >>> from zoneinfo import ZoneInfo
    >>> zone = ZoneInfo("America/Los_Angeles")
    >>> together = hours(datetime(2022, 9, 6, 16, tzinfo=zone), datetime(2022, 9, 6, 21, tzinfo=zone))
    >>> together.replace(NBSP, " ").replace(JOINER, "")
    '4:00–9:00 pm PDT'
    >>> hours(datetime(2022, 9, 6, 10, 30, tzinfo=zone), datetime(2022, 9, 7, 1, tzinfo=zone)).replace(NBSP, " ")
    '10:30 am – 1:00 am PDT (Sep 7)'
    """
    first, last = _HALVES[start.hour // 12], _HALVES[end.hour // 12]
    name = end.tzname() or ""
    if start.date() == end.date() and first == last and start.tzname() == end.tzname():
        return f"{_clock(start)}{JOINER}{DASH}{JOINER}{_clock(end)}{NBSP}{last}{NBSP}{name}"
    opening = f"{_clock(start)}{NBSP}{first}" + ("" if start.tzname() == end.tzname() else f"{NBSP}{start.tzname()}")
    later = "" if start.date() == end.date() else f" ({short_day(end.date(), with_year=False)})"
    return f"{opening} {DASH} {_clock(end)}{NBSP}{last}{NBSP}{name}{later}"


def words(name: str) -> str:
    """A name from a closed set, in words.

    >>> words("missing_readings")
    'Missing readings'
    """
    return sentence(name.replace("_", " "))


def sentence(text: str) -> str:
    """The same words with a capital at the front; names inside stay as they are.

    >>> sentence("the column point_id is missing")
    'The column point_id is missing'
    """
    return text[:1].upper() + text[1:]


def quantity(exact: Decimal) -> str:
    """A quantity or rate with at least two decimals and no more than it needs, six at most.

    >>> quantity(Decimal("2.000000")), quantity(Decimal("0.107899")), quantity(Decimal("-1234.5"))
    ('2.00', '0.107899', '−1,234.50')
    """
    text = number(exact, 6)
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
