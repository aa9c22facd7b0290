"""The report as a document: headings, figures, charts and tables, told once and rendered as HTML and as PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from ..table import Column, Kind, TableSchema
from .fleet_audit import FLEET_AUDIT as FLEET_AUDIT

PROBLEMS = TableSchema(
    name="problems",
    meaning="What the run found in its inputs.",
    columns=(
        Column(name="severity", kind=Kind.TEXT, choices=("error", "warning"), meaning="how bad it is"),
        Column(name="file", kind=Kind.TEXT, meaning="where it stands"),
        Column(name="row", kind=Kind.INTEGER, meaning="the line or row; blank = the whole file"),
        Column(name="column", kind=Kind.TEXT, meaning="the column"),
        Column(name="value", kind=Kind.TEXT, meaning="the cell"),
        Column(name="reason", kind=Kind.TEXT, meaning="why it matters"),
        Column(name="what_to_do", kind=Kind.TEXT, meaning="what to do about it"),
    ),
)

Spec: TypeAlias = dict[str, Any]
"""A Vega-Lite specification as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the report is about: the tariff, the span of days and the moment of knowledge."""

    tariff_title: str
    tariff_hash: str
    authority: str
    currency: str
    timezone: str
    period_start: date
    period_end: date
    """The day after the last."""
    as_of: datetime
    synthetic: bool
    assumptions: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; `anchor` is its id on the page."""

    level: int
    text: str
    anchor: str
    new_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of plain text; a quiet one is a note."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One headline figure with its label and the sentence that says what it counts."""

    label: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """The headline row."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart in two widths: `wide` for paper and desks, `narrow` for phones.

    `title` says what one sees; `alt` says it to those who cannot see it.
    """

    key: str
    title: str
    alt: str
    wide: Spec
    narrow: Spec


class Align(StrEnum):
    """How a table column stands: figures to the right, all else to the left; ids and prose may break anywhere."""

    WORDS = "words"
    PROSE = "prose"
    FIGURES = "figures"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """The head of a column; `share` is its part of the width on paper (0 = as wide as its text)."""

    head: str
    align: Align = Align.WORDS
    share: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: the first cell of a row is the row's head; the total, when given, closes it."""

    caption: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()


Block: TypeAlias = Heading | Paragraph | Tiles | Chart | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report."""

    run: Run
    title: str
    subtitle: str
    status: str
    """final or provisional, in a sentence"""
    marks: tuple[str, ...]
    """What stands on every page, such as "Synthetic readings"."""
    blocks: tuple[Block, ...]
