"""One cell to one reading of one direction: unit, channel and quality by the mapping's codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, Protocol

from .layout import LEAVE_OUT, MWH_PER_UNIT, POWER_UNITS, Coded, Layout
from .numbers import Scale, Unreadable
from .source import Findings


class AddReading(Protocol):
    """Takes one channel of one interval: energy in milliwatt-hours, None when the file leaves it blank."""

    def __call__(self, point_id: str, direction: str, start_s: int, seconds: int, energy_mwh: int | None,
                 quality: str, row: int, /) -> None: ...


class AddPrice(Protocol):
    """Takes one price: micro-dollars per MWh."""

    def __call__(self, series: str, start_s: int, seconds: int, micro_usd_per_mwh: int, row: int, /) -> None: ...


class Interval(NamedTuple):
    """Whose interval, and when: start in epoch seconds UTC. A tuple, because there is one for each cell."""

    point_id: str
    start_s: int
    seconds: int
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the cells of one row and column mean."""

    column: str
    channel: str
    scale: Scale


@dataclass(slots=True, kw_only=True)
class Cells:
    """Reads cells of one file and hands readings on."""

    layout: Layout
    found: Findings
    add_reading: AddReading
    scales: dict[tuple[str, int], Scale] = field(default_factory=dict)

    def scale(self, unit: str, seconds: int) -> Scale:
        """The scale of a unit; power is average power over the interval."""
        key = (unit, seconds)
        scale = self.scales.get(key)
        if scale is None:
            factor = MWH_PER_UNIT[unit] * Fraction(self.layout.multiplier)
            if unit in POWER_UNITS:
                factor *= Fraction(seconds, 3600)
            scale = Scale(factor=factor, decimal_mark=self.layout.text.decimal_mark)
            self.scales[key] = scale
        return scale

    def read(self, cell: str, where: Interval, meaning: Meaning, quality: str) -> None:
        """One cell: blank becomes a missing reading, net is split into import and export."""
        text, channel = cell.strip(), meaning.channel
        energy_mwh: int | None = None
        if text in self.layout.text.missing:
            quality = "missing"
            self.found.count("a blank value becomes a missing reading", where.row)
        else:
            try:
                energy_mwh = meaning.scale.units(text)
            except Unreadable as reason:
                self.found.error(where.row, meaning.column, text, str(reason), "Correct the cell, or leave it blank.")
                return
        add = self.add_reading
        if channel == "net":
            taken_in = None if energy_mwh is None else max(energy_mwh, 0)
            given_out = None if energy_mwh is None else max(-energy_mwh, 0)
            add(where.point_id, "import", where.start_s, where.seconds, taken_in, quality, where.row)
            add(where.point_id, "export", where.start_s, where.seconds, given_out, quality, where.row)
            return
        if energy_mwh is not None and energy_mwh < 0:
            self.found.count(f"a negative {channel} is kept as it is; settlement counts that interval as missing",
                             where.row)
        add(where.point_id, channel, where.start_s, where.seconds, energy_mwh, quality, where.row)

    def word(self, fact: Coded, place: int | None, cells: list[str], row: int, *, blank: str = "") -> str | None:
        """The mapping's word for this row, or None after noting an unknown code."""
        if fact.fixed or place is None:
            return fact.fixed or blank
        code = cells[place].strip()
        known = fact.read(code)
        if known is None and code == "" and blank:
            return blank
        if known is None:
            self.found.error(row, fact.column, code, "is a code that the mapping does not know",
                             f"Add it to the codes of `{fact.column}` in the mapping, or as {LEAVE_OUT}.")
        return known

    def tell_rounding(self) -> None:
        """One warning for all cells that were finer than a milliwatt-hour."""
        self.found.count("a value finer than 1 mWh is rounded, half away from zero", 1,
                         sum(scale.rounded for scale in self.scales.values()))
