"""What a mapping says about a file, as records."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

LEAVE_OUT = "leave_out"
CHANNELS = ("import", "export", "net", LEAVE_OUT)
"""import = delivered to the customer, export = received from the customer, net = import - export."""

MWH_PER_UNIT: dict[str, Fraction] = {
    "Wh": Fraction(10**3), "kWh": Fraction(10**6), "MWh": Fraction(10**9),
    "W": Fraction(10**3), "kW": Fraction(10**6), "MW": Fraction(10**9),
}
"""Milliwatt-hours of one unit; for a unit of power, held for an hour."""

POWER_UNITS = frozenset({"W", "kW", "MW"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A fact that is the same for the whole file (`fixed`) or stands in a column, in the file's own codes."""

    fixed: str = ""
    column: str = ""
    codes: tuple[tuple[str, str], ...] = ()

    def read(self, cell: str) -> str | None:
        """Our word for the file's code, or None when the mapping does not know it."""
        return dict(self.codes).get(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """How the file is written."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    skip_lines: int = 0
    comment: str = ""
    decimal_mark: str = "."
    missing: frozenset[str] = frozenset({""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How a row or column names its interval."""

    seconds: int
    zone: ZoneInfo | None
    labels: str
    """starting: the label names the interval's start; ending: its end."""
    counting: str
    """clock: labels follow the wall clock; elapsed: they count on through a 23- or 25-hour day."""
    date_column: str = ""
    date_format: str = "%Y-%m-%d"
    label_column: str = ""
    stamp_column: str = ""
    stamp_format: str = "iso"
    seconds_column: str = ""
    flag_column: str = ""
    flag_means: str = ""
    """repeated: the flagged row is the second passing of the hour; daylight: it is on daylight time."""
    flag_codes: frozenset[str] = frozenset()
    repeated_by: str = ""
    """How the repeated hour is told: column (the flag), order (the second row in the file), label (an X or * on it)."""
    midnight: str = ""
    """What a label of 00:00 means when labels are ending: this_date (as 24:00) or previous_day."""
    gap_may_be_zero: bool = False
    """True: a zero in the hour that a spring day lacks counts as blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WideColumns:
    """The columns that hold the values of one day, in order, and those of the repeated hour."""

    names: tuple[tuple[str, ...], ...]
    """For each interval of the day the names it may have, the first being the usual one."""
    repeated: tuple[str, ...] = ()
    quality_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueColumn:
    """One column of values in a long file."""

    column: str
    channel: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole mapping. `file` and `line` say where it stands, for Problems about it."""

    name: str
    table: str
    layout: str
    text: TextFile
    clock: Clock
    point: Coded
    channel: Coded
    unit: Coded
    quality: Coded
    multiplier: Decimal
    absent_is_zero: bool
    wide: WideColumns | None = None
    columns: tuple[ValueColumn, ...] = ()
