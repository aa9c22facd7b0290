"""Values of a tariff in plain words: numbers, dates, seasons, and a rule's history with its clauses."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .cells import MONTHS
from .dated import Dated
from .model import WEEKDAYS, Season

WIDTH = 92
DAY_NAMES = dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
                     strict=True))


def number_text(number: Decimal) -> str:
    """A number as people read it.

    >>> number_text(Decimal("46000000")), number_text(Decimal("2.50")), number_text(Decimal("400.00"))
    ('46,000,000', '2.5', '400')
    """
    text = format(number, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_text(amount_usd: Decimal) -> str:
    """Dollars, with cents where there are some.

    >>> money_text(Decimal("400.00")), money_text(Decimal("6.75")), money_text(Decimal("-0.5"))
    ('$400', '$6.75', '-$0.50')
    """
    sign = "-" if amount_usd < 0 else ""
    whole, _, decimals = format(abs(amount_usd), ",f").partition(".")
    decimals = decimals.rstrip("0")
    return f"{sign}${whole}.{decimals.ljust(2, '0')}" if decimals else f"{sign}${whole}"


def date_text(day: date) -> str:
    """A date in words.

    >>> date_text(date(2024, 6, 1))
    '1 June 2024'
    """
    return f"{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"


def season_text(season: Season) -> str:
    """A season in words.

    >>> season_text(Season(from_="05-01", to="10-31"))
    '1 May to 31 October'
    """
    return " to ".join(f"{int(day[3:])} {MONTHS[int(day[:2]) - 1].capitalize()}" for day in (season.from_, season.to))


def days_text(days: Iterable[str]) -> str:
    """Days of the week in words.

    >>> days_text(["mon", "tue", "wed", "thu", "fri"]), days_text(["sun", "sat"])
    ('from Monday to Friday', 'on Saturday and Sunday')
    """
    held = [day for day in WEEKDAYS if day in set(days)]
    if len(held) == len(WEEKDAYS):
        return "on any day of the week"
    start = WEEKDAYS.index(held[0])
    if len(held) > 2 and tuple(held) == WEEKDAYS[start: start + len(held)]:
        return f"from {DAY_NAMES[held[0]]} to {DAY_NAMES[held[-1]]}"
    return f"on {listed([DAY_NAMES[day] for day in held])}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Words in a row.

    >>> listed(["a", "b", "c"]), listed(["a", "b"], last="or"), listed(["a"])
    ('a, b and c', 'a or b', 'a')
    """
    return f" {last} ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def spaced(word: str) -> str:
    """A name of the file as words: per_month becomes per month."""
    return word.replace("_", " ").replace("-", " ")


def in_words(texts: Mapping[Any, str]) -> Callable[[Any], str]:
    """How a word of a closed set is told; one that has no sentence yet is told as it is, without underscores.

    >>> in_words({"eft": "bank transfer"})("eft"), in_words({})("gift_card")
    ('bank transfer', 'gift card')
    """
    return lambda held: texts.get(held, spaced(str(held)))


def value_text(held: Any, unit: str = "") -> str:
    """Any value of a rule, with its unit where it has one."""
    if isinstance(held, Decimal) and unit.startswith("USD"):
        return f"{money_text(held)}{' per ' + unit[4:].replace('-', ' and ') if len(unit) > 3 else ''}"
    if isinstance(held, Decimal):
        return f"{number_text(held)}{'' if unit in ('', 'factor') else ' ' + unit}"
    if isinstance(held, bool):
        return "yes" if held else "no"
    if isinstance(held, time):
        return f"{held:%H:%M}"
    if isinstance(held, frozenset):
        return ", ".join(sorted(map(value_text, held), key=_week_order))
    if isinstance(held, tuple):
        return ", ".join(value_text(item) for item in held)
    if isinstance(held, (date, Fraction)):
        return str(held)
    return str(held)


def _week_order(word: str) -> tuple[int, str]:
    """Days of the week in their order, everything else by the alphabet."""
    return (WEEKDAYS.index(word) if word in WEEKDAYS else len(WEEKDAYS)), word


def case_text(dated: Dated[Any]) -> str:
    """The cases that a value is limited to; blank when it holds for all.

    >>> first = Dated(value=1, effective=date(2025, 1, 1), filed=date(2025, 1, 1), cite="c",
    ...               duration_h=Decimal(2), customer_classes=frozenset({"other"}), months=frozenset({5, 6, 7, 9}))
    >>> case_text(first)
    'May to July and September; 2 h; customer class other'
    """
    parts = [months_text(dated.months)] if dated.months else []
    parts += [f"{number_text(dated.duration_h)} h"] if dated.duration_h is not None else []
    classes = spaced(listed(sorted(dated.customer_classes), last="or"))
    parts += [f"customer class {classes}"] if classes else []
    return "; ".join(parts)


def months_text(months: Iterable[int]) -> str:
    """Months in words, those in a row taken together."""
    runs: list[list[int]] = []
    for month in sorted(months):
        if runs and month == runs[-1][-1] + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    names = [MONTHS[month - 1].capitalize() for month in range(1, 13)]
    return listed([names[run[0] - 1] if len(run) == 1 else f"{names[run[0] - 1]} to {names[run[-1] - 1]}"
                   for run in runs])


class Clauses:
    """Numbers the clauses of one explanation in the order in which they are first named."""

    def __init__(self, since: date) -> None:
        self.since = since
        self.numbers: dict[str, int] = {}
        self.told: set[int] = set()

    def mark(self, *values: Dated[Any]) -> str:
        """The numbers behind a sentence, [3], with a question mark where the value is unconfirmed."""
        self.told.update(id(dated) for dated in values)
        marks = dict.fromkeys(
            f"{self.numbers.setdefault(dated.cite, len(self.numbers) + 1)}{'' if dated.confirmed else '?'}"
            for dated in values)
        return f"[{', '.join(marks)}]"

    def has_told(self, dated: Dated[Any]) -> bool:
        """True once a sentence has named the clause of this very value."""
        return id(dated) in self.told

    def phrase(self, history: Sequence[Dated[Any]], say: Callable[[Any], str]) -> str:
        """A rule in words: what holds now, its clause, and what held before; the file may also not say."""
        if not history:
            return "what the tariff does not say"
        ordered = sorted(history, key=lambda dated: (dated.effective, dated.filed), reverse=True)
        told = [self._one(dated, say, since=dated.effective != self.since or len(ordered) > 1) for dated in ordered]
        return told[0] if len(told) == 1 else f"{told[0]} (earlier: {'; '.join(told[1:])})"

    def _one(self, dated: Dated[Any], say: Callable[[Any], str], *, since: bool) -> str:
        case = f" for {case_text(dated)}" if dated.narrowness else ""
        return f"{say(dated.value)}{case}{' since ' + date_text(dated.effective) if since else ''} {self.mark(dated)}"


def wrapped(text: str, indent: str = "  ", first: str = "- ") -> str:
    """One bullet, wrapped, its lines hanging below the first."""
    return textwrap.fill(text, WIDTH, initial_indent=indent + first, subsequent_indent=indent + " " * len(first),
                         break_long_words=False, break_on_hyphens=False)


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "    ") -> list[str]:
    """Rows in columns; columns that are blank in every row are left out."""
    kept = [index for index in range(len(header)) if any(row[index] for row in rows)]
    widths = [max(len(row[index]) for row in [header, *rows]) for index in kept]
    def line(row: Sequence[str]) -> str:
        return indent + "  ".join(row[index].ljust(width) for index, width in zip(kept, widths, strict=True)).rstrip()
    return [line(header), indent + "  ".join("-" * width for width in widths), *map(line, rows)]
