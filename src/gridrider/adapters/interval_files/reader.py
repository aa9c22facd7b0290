"""One interval file by its layout: every value goes to the caller, every doubt becomes a Problem."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from ...problem import Problem
from .cells import AddPrice, AddReading, Cells
from .layout import Layout
from .long import read_long
from .numbers import Scale
from .source import Findings, TooManyErrors
from .wide import read_wide


def read_interval_file(path: Path, layout: Layout, *, add_reading: AddReading, add_price: AddPrice) -> list[Problem]:
    """Read one file; readings go to `add_reading` in milliwatt-hours, prices to `add_price` in micro-dollars per MWh.

    Returns every finding. When one is an error, what was added must not be used.
    """
    found = Findings(file=str(path))
    cells = Cells(layout=layout, found=found, add_reading=add_reading)
    try:
        if layout.wide is not None:
            read_wide(path, layout, layout.wide, cells)
        else:
            prices = Scale(factor=Fraction(layout.multiplier) * 1_000_000, decimal_mark=layout.text.decimal_mark)
            read_long(path, layout, cells, add_price, prices)
            found.count("price rounded to a micro-dollar", 1, prices.rounded)
    except TooManyErrors:
        pass  # it has noted itself
    cells.tell_rounding()
    return found.told()
