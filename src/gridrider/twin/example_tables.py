"""The input tables of a worked example in the making: rows of texts, written as the batch contract wants them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ..enrollment.model import ENROLLMENTS, SERVICE_TERMS
from ..event.model import EVENTS, OPT_OUTS, UNAVAILABLE
from ..market.model import MARKET_VALUES, NOMINATIONS, PRICES
from ..measurement.model import ADJUSTMENTS, CLAIMS
from ..telemetry.model import READINGS

Cells = dict[str, str]

SCHEMAS = {schema.name: schema for schema in (
    ENROLLMENTS, EVENTS, READINGS, OPT_OUTS, UNAVAILABLE, PRICES, ADJUSTMENTS, NOMINATIONS, SERVICE_TERMS, CLAIMS,
    MARKET_VALUES)}
"""The tables that an example may fill, by name."""
ALWAYS = (ENROLLMENTS.name, EVENTS.name, READINGS.name)
"""Tables that a settlement asks for even where they hold no row."""
SHOWN = {READINGS.name: frozenset({"quality", "revision"})}
"""Columns that are written though no row fills them, so that who keeps an example can try a revision by hand."""


@dataclass(slots=True)
class ExampleTables:
    """Rows by table; every cell a text, an absent cell blank."""

    rows: dict[str, list[Cells]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, /, **cells: object) -> None:
        """Add a row to a table."""
        self.rows[table].append({name: _text(cell) for name, cell in cells.items()})

    def write(self, folder: Path) -> Path:
        """Write each table as CSV into a folder, which is made where it is lacking; the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in dict.fromkeys((*ALWAYS, *self.rows)):
            held = self.rows.get(table, [])
            with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
                writer = csv.DictWriter(handle, _columns(table, held), restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(held)
        return folder


def _columns(table: str, rows: Iterable[Cells]) -> list[str]:
    """The columns that must be there or that a row fills, in the table's order; after them the tariff's own."""
    said = {name for row in rows for name in row}
    shown = said | SHOWN.get(table, frozenset())
    declared = [column.name for column in SCHEMAS[table].columns if column.required or column.name in shown]
    return [*declared, *sorted(said - set(declared))]


def _text(cell: object) -> str:
    """A cell as the contract writes it."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)
