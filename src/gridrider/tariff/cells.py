"""One cell of a tariff file to the value that its field holds; what cannot be read says why and what to write."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .document import Bare, Block, Items

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")
CUSTOMER_CLASSES = ("residential", "small_commercial", "other")
"""The classes that a value may be limited to; an enrollment names one of them."""

_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,12})?")
_RATIO = re.compile(r"[0-9]{1,9}/[0-9]{1,9}")
_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SHOWN_MAX = 60


class BadCell(ValueError):
    """A cell that cannot be what its field needs: why, and what to write."""

    def __init__(self, reason: str, what_to_do: str) -> None:
        self.reason, self.what_to_do = reason, what_to_do
        super().__init__(f"{reason}. {what_to_do}")


def parse(kind: Any, node: Any, choices: tuple[str, ...] = ()) -> Any:
    """One YAML value as what the field holds; raises BadCell with reason and advice."""
    if node is None:
        raise BadCell("is empty", "Write a value after the colon, or take the line away.")
    if typing.get_origin(kind) in (frozenset, tuple):
        return _several(kind, node, choices)
    parsed = PARSERS[kind](node)
    if choices and parsed not in choices:
        raise BadCell("is not in the closed set", f"Choose one of {', '.join(choices)}.")
    return parsed


def _several(kind: Any, node: Any, choices: tuple[str, ...]) -> Any:
    if node == "any" and choices:
        return frozenset(choices)
    items = node if isinstance(node, Items) else [node]
    if not items:
        raise BadCell("is an empty list", "Name at least one, or take the line away.")
    return typing.get_origin(kind)(parse(typing.get_args(kind)[0], item, choices) for item in items)


def shown(node: Any) -> str:
    """A cell as a message repeats it: short, and a block only by what it is."""
    if node is None:
        return ""
    if isinstance(node, Block):
        return "a block"
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, bool):
        return "true" if node else "false"
    text = str(node)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"


def _decimal(node: Any) -> Decimal:
    if isinstance(node, Bare):
        raise BadCell("is written without quotes, and a bare decimal would be read as a float",
                      f'Write it in quotes: "{shown(node)}".')
    if not isinstance(node, str) or not _DECIMAL.fullmatch(node):
        raise BadCell("is not a number", 'Write digits in quotes, for example "2.00": no unit, no exponent, '
                      "no thousands sign.")
    return Decimal(node)


def _fraction(node: Any) -> Fraction:
    if isinstance(node, Bare):
        raise BadCell("is written without quotes", f'Write it in quotes: "{shown(node)}".')
    if isinstance(node, str) and _RATIO.fullmatch(node) and int(node.partition("/")[2]):
        return Fraction(node)
    if not isinstance(node, str) or not _DECIMAL.fullmatch(node):
        raise BadCell("is not a fraction", 'Write "0.6" or "5/7".')
    return Fraction(node)


def _date(node: Any) -> date:
    if not isinstance(node, str) or not _DATE.fullmatch(node):
        raise BadCell("is not a date", "Write YYYY-MM-DD.")
    try:
        return date.fromisoformat(node)
    except ValueError:
        raise BadCell("is not a day of the calendar", "Correct the day or the month.") from None


def _time(node: Any) -> time:
    if not isinstance(node, str) or not _TIME.fullmatch(node):
        raise BadCell("is not a time of day", 'Write "17:00", in quotes.')
    return time(0) if node == "24:00" else time.fromisoformat(node)


def _boolean(node: Any) -> bool:
    if not isinstance(node, bool):
        raise BadCell("is neither true nor false", "Write true or false, without quotes.")
    return node


def _text(node: Any) -> str:
    if isinstance(node, bool):
        raise BadCell("is not a text", "Put it in quotes if the word itself is meant.")
    if not isinstance(node, str):
        raise BadCell("one word or text is needed here", "Write it after the colon.")
    if not node.strip():
        raise BadCell("is empty", "Write a text, or take the line away.")
    if _CONTROL.search(node):
        raise BadCell("holds a control character", "Write plain text.")
    return str(node)


PARSERS: dict[Any, Callable[[Any], Any]] = {
    Decimal: _decimal, Fraction: _fraction, date: _date, time: _time, bool: _boolean, str: _text,
}
"""How one cell of each type is read."""


def condition(table: str, case: Any) -> dict[str, Any]:
    """The condition that one case of by_month, by_duration_h or by_customer_class states; raises BadCell."""
    if table == "by_month":
        return {"months": frozenset({_month(case)})}
    if table == "by_duration_h":
        duration_h = _decimal(case)
        if duration_h <= 0:
            raise BadCell("is not a length of time", "Write hours above zero.")
        return {"duration_h": duration_h}
    if case not in CUSTOMER_CLASSES:
        raise BadCell("is not a customer class", f"Choose one of {', '.join(CUSTOMER_CLASSES)}.")
    return {"customer_classes": frozenset({str(case)})}


def _month(case: Any) -> int:
    word = str(case).lower()
    for number, month in enumerate(MONTHS, start=1):
        if word in (month, month[:3], str(number)):
            return number
    raise BadCell("is not a month", "Write may or 5.")
