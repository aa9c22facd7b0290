"""Numbers of a text file as exact whole units: no binary fraction anywhere, one rounding, counted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from ...quantity import divide_half_away

UNITS_MAX = 10**17
"""No cell may exceed this many smallest units (100 GWh in mWh), so that sums of a day stay within int64."""

CACHE_MAX = 200_000
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,2})?")


class Unreadable(ValueError):
    """A cell that is no number; the text says why."""


@dataclass(slots=True, kw_only=True)
class Scale:
    """Turns cells into whole smallest units by one exact factor, and counts what had to be rounded.

    `factor` is smallest units per one of the file's units. Ties are rounded away from zero.
    """

    factor: Fraction
    decimal_mark: str = "."
    rounded: int = 0
    known: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def units(self, cell: str) -> int:
        """Whole smallest units of a cell; raises Unreadable."""
        found = self.known.get(cell)
        if found is None:
            found = self._convert(cell)
            if len(self.known) < CACHE_MAX:
                self.known[cell] = found
        if found[1]:
            self.rounded += 1
        return found[0]

    def _convert(self, cell: str) -> tuple[int, bool]:
        text = cell
        if self.decimal_mark == ",":
            if "." in text:
                raise Unreadable("has a point although the mapping's decimal mark is a comma")
            text = text.replace(",", ".")
        if not _NUMBER.fullmatch(text) or not text.isascii():
            raise Unreadable("is not a number")
        exact = Fraction(text) * self.factor
        whole = divide_half_away(exact.numerator, exact.denominator)
        if abs(whole) > UNITS_MAX:
            raise Unreadable("is too large to be a reading")
        return whole, exact.denominator != 1
