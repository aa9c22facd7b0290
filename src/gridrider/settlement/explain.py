"""An amount explained: steps from the cent back to the readings, as a document and as text for people."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..money import usd_from_cents
from ..quantity import divide_half_away, kwh_from_mwh

WIDTH = 100
LAST_CELL_WIDTH_MIN = 12
"""A last cell is wrapped where it has this much room."""
DECIMALS = 6
CENTS_PER_USD = 100
_INDENT = "    "
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_UNITS = {"kwh": "kWh", "kw": "kW", "usd": "USD", "h": "h", "mwh": "MWh"}
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:00)?(:\d\d)?[-+]\d\d:\d\d")
_DEEPER = frozenset({"performance", "attribution", "baseline", "adjustment", "readings", "baseline_readings"})
"""Kinds that belong to the event above them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on the way from an amount to the readings behind it."""

    kind: str
    clause: str
    """The tariff's words that the step follows; blank where it follows none."""
    words: str
    values: Mapping[str, Any]
    """Exact figures as texts with their units in the names; `rows` is a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every step behind a line, and what the line comes to when it is computed again."""

    line: Mapping[str, str]
    """The line as the run wrote it."""
    steps: tuple[Step, ...]
    recomputed_usd: Decimal | None
    """None when the inputs no longer give such a line."""
    equal: bool

    def document(self) -> dict[str, Any]:
        """The explanation as JSON-ready values."""
        return {
            "line": dict(self.line),
            "steps": [{"kind": step.kind, "clause": step.clause, "words": step.words, "values": dict(step.values)}
                      for step in self.steps],
            "recomputed_usd": None if self.recomputed_usd is None else str(self.recomputed_usd), "equal": self.equal}

    def text(self) -> str:
        """The explanation for people, at most 100 columns wide where the ids allow it."""
        blocks = [f"{self.line['line_id']}: {self.line['amount_usd']} USD"]
        blocks += ["\n".join(_step_lines(step)) for step in self.steps]
        return "\n\n".join(blocks) + "\n"


# ---- numbers ------------------------------------------------------------------------------------
def kwh_text(energy_mwh: int | None) -> str | None:
    """Whole milliwatt-hours (or milliwatts, or millionths) with six decimals; None stays None.

    >>> kwh_text(-2560000)
    '-2.560000'
    """
    return None if energy_mwh is None else f"{kwh_from_mwh(energy_mwh):f}"


def fraction_text(exact: Fraction) -> str:
    """An exact fraction with as many decimals as it has, or six and an ellipsis where it has no end.

    >>> fraction_text(Fraction(35, 4)), fraction_text(Fraction(10, 3)), fraction_text(Fraction(5))
    ('8.75', '3.333333…', '5.00')
    """
    rest, places = exact.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = max(places, count)
    if rest == 1 and places <= 12:
        text = f"{Decimal(exact.numerator * 10 ** places // exact.denominator).scaleb(-places):f}"
        whole, _, decimals = text.partition(".")
        return f"{whole}.{decimals.ljust(2, '0')}"
    scaled = divide_half_away(exact.numerator * 10 ** DECIMALS, exact.denominator)
    return f"{kwh_text(scaled)}…"


def cents_of(amount_usd: Fraction) -> int:
    """Whole cents of an exact amount, rounded once, ties away from zero.

    >>> cents_of(Fraction(8775, 1000))
    878
    """
    return divide_half_away(amount_usd.numerator * CENTS_PER_USD, amount_usd.denominator)


def usd_text(amount_cents: int) -> str:
    """An amount with its cents.

    >>> usd_text(-5)
    '-0.05'
    """
    return f"{usd_from_cents(amount_cents):f}"


def plural(count: int, one: str) -> str:
    """A count with its noun.

    >>> plural(1, "event"), plural(3, "event")
    ('1 event', '3 events')
    """
    return f"{count} {one if count == 1 else one + 's'}"


# ---- text ---------------------------------------------------------------------------------------
def _step_lines(step: Step) -> list[str]:
    indent = _INDENT if step.kind in _DEEPER else ""
    clause = f"  [{step.clause}]" if step.clause else ""
    lines = [*_wrapped(f"{step.kind.upper().replace('_', ' ')}{clause}", indent, indent + _INDENT)]
    lines += _wrapped(step.words, indent + "  ", indent + "  ")
    rows = step.values.get("rows") or []
    return [*lines, *table_lines(rows, indent + _INDENT)]


def _wrapped(text: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False,
                         break_on_hyphens=False)


def table_lines(rows: Sequence[Mapping[str, Any]], indent: str) -> list[str]:
    """Rows in aligned columns: numbers to the right with equal decimals, a long last cell wrapped below itself.

    Columns that are blank in every row are left out; a cell that is itself a mapping becomes columns.
    """
    flat = _merged([_flat(row) for row in rows])
    fullest = sorted(flat, key=len, reverse=True)
    names = [name for name in dict.fromkeys(name for row in fullest for name in row)
             if any(row.get(name) not in (None, "") for row in flat) and not _said_already(name, flat)]
    if not names:
        return []
    columns = [_column([row.get(name) for row in flat]) for name in names]
    heads = [_head(name, max(map(len, cells))) for name, cells in zip(names, columns, strict=True)]
    widths = [max(map(len, [*head, *cells])) for head, cells in zip(heads, columns, strict=True)]
    right = [all(not cell or _NUMBER.fullmatch(cell) for cell in cells) for cells in columns]
    height = max(map(len, heads))
    stacked = [[""] * (height - len(head)) + head for head in heads]
    lines = [*zip(*stacked, strict=True), *zip(*columns, strict=True)]
    return [text for cells in lines for text in _table_row(cells, widths, right, indent)]


def _said_already(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """True for a column that says the same of each row what the step's words say, or that nothing is odd."""
    cells = {str(row.get(name)) for row in rows}
    return len(cells) == 1 and (name == "point_id" or (name == "state" and cells == {"stands"})
                                or (name == "not_used" and cells == {"0"}))


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, cell in row.items():
        flat.update(cell if isinstance(cell, Mapping) else {name: cell})
    return flat


def _merged(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Days in a row of which there is only one thing to say, said once."""
    merged: list[dict[str, Any]] = []
    last = ""
    for row in rows:
        said = {name: cell for name, cell in row.items() if name not in ("day", "weekday")}
        before = {name: cell for name, cell in merged[-1].items() if name not in ("day", "weekday")} if merged else None
        if said.keys() == {"status"} and said == before:
            merged[-1] = {**said, "day": f"{row['day']} to {last[5:]}", "weekday": ""}
        else:
            merged.append(dict(row))
            last = str(row.get("day", ""))
    return merged


def _column(cells: Iterable[Any]) -> list[str]:
    """A column's cells as texts; numbers lose the zeros that all of them end in, down to two decimals."""
    texts = ["" if cell is None else ("yes" if cell else "no") if isinstance(cell, bool)
             else _INSTANT.sub(r"\1 \2\4", str(cell)) for cell in cells]
    numbers = [text for text in texts if _NUMBER.fullmatch(text) and "." in text]
    if not numbers:
        return texts
    places = max(2, *(len(text.partition(".")[2].rstrip("0")) for text in numbers))
    return [_with_places(text, places) if text in numbers else text for text in texts]


def _with_places(text: str, places: int) -> str:
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals[:places].ljust(places, '0')}"


def _head(name: str, width: int) -> list[str]:
    """A column's name as the lines of its heading, no wider than its cells where its words allow it."""
    words = " ".join(_UNITS.get(word, word) for word in name.split("_"))
    return textwrap.wrap(words, max(width, 1), break_long_words=False)


def _table_row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], indent: str) -> list[str]:
    shown = [cell.rjust(width) if to_right else cell.ljust(width)
             for cell, width, to_right in zip(cells, widths, right, strict=True)]
    line = indent + "  ".join(shown).rstrip()
    if len(line) <= WIDTH or right[-1]:
        return [line]
    before = indent + "  ".join([*shown[:-1], ""])
    if len(before) > WIDTH - LAST_CELL_WIDTH_MIN:
        return [line]
    return _wrapped(cells[-1], before, " " * len(before))
