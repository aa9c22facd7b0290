"""What a table is: one declared schema each, with the kind, unit and meaning of every column.

The same declaration reads a file, names its Problems, documents it and checks an output.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What one cell holds at the edge, and therefore how it is kept inside."""

    TEXT = "text"
    TEXTS = "texts"  # several, with ';' between them
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    DATE_OR_TIMESTAMP = "date or timestamp"
    KWH = "kWh"
    KW = "kW"
    HOURS = "h"
    MW = "MW"
    MWH = "MWh"
    USD_PER_MWH = "USD/MWh"
    USD = "USD"
    FACTOR = "factor"


SQL_TYPES: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.TEXTS: "VARCHAR[]",
    Kind.INTEGER: "BIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",  # an instant, in UTC
    Kind.DATE_OR_TIMESTAMP: "TIMESTAMP",  # a date is that day's local midnight, as an instant in UTC
    Kind.KWH: "BIGINT",  # milliwatt-hours
    Kind.KW: "BIGINT",  # milliwatts
    Kind.HOURS: "BIGINT",  # seconds
    Kind.MW: "BIGINT",  # milliwatts
    Kind.MWH: "BIGINT",  # milliwatt-hours
    Kind.USD_PER_MWH: "BIGINT",  # micro-dollars per megawatt-hour
    Kind.USD: "BIGINT",  # micro-dollars
    Kind.FACTOR: "DECIMAL(38,12)",
}
"""How a cell of each kind is kept inside: whole numbers of the smallest unit, never a double."""

INSIDE_NAMES: dict[Kind, tuple[str, str]] = {
    Kind.KWH: ("kwh", "mwh"),
    Kind.KW: ("kw", "milliwatt"),
    Kind.HOURS: ("h", "s"),
    Kind.MW: ("mw", "milliwatt"),
    Kind.MWH: ("mwh", "milliwatt_hour"),
    Kind.USD_PER_MWH: ("usd_per_mwh", "micro_usd_per_mwh"),
    Kind.USD: ("usd", "micro_usd"),
}
"""The last words of a column's name at the edge and inside, where the unit changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table as the files show it."""

    name: str
    kind: Kind
    required: bool = False
    """True when the column must be in the file."""
    filled: bool = False
    """True when no cell of it may be blank."""
    choices: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def inside_name(self) -> str:
        """The column's name inside, where its unit may differ: import_kwh becomes import_mwh."""
        outside, inside = INSIDE_NAMES.get(self.kind, ("", ""))
        if outside and (self.name == outside or self.name.endswith("_" + outside)):
            return self.name[: len(self.name) - len(outside)] + inside
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """A table: its name, its columns, and the columns that together name a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    """True when a run cannot do without the table."""
    open: bool = False
    """True when further columns are attributes, not mistakes."""
    meaning: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The column names at the edge, in the order in which we write them."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)
