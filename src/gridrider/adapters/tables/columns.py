"""Which column of a file is which column of the schema, and what is said about the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...problem import error, warning
from ...table import Column, Kind, TableSchema
from .cells import ATTRIBUTE
from .findings import Findings, shown

SOURCE_ROW = "source_row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A column of the file and what it is to us."""

    place: int
    column: Column
    inside_name: str


def declared_columns(schema: TableSchema, extra_columns: Mapping[str, Kind]) -> tuple[Column, ...]:
    """The schema's columns, then those attributes to which the tariff gives a kind."""
    declared = set(schema.names)
    extra = (Column(name=name, kind=kind) for name, kind in extra_columns.items() if name not in declared)
    return (*schema.columns, *extra)


def match_columns(schema: TableSchema, declared: Sequence[Column], names: Sequence[str], label: str,
                  findings: Findings) -> tuple[Match, ...]:
    """Match a file's column names with the declared ones; missing, doubled and unknown ones go to findings.

    In an open schema an undeclared column is kept as text under its own name.
    """
    _refuse_doubles(names, label, findings)
    known = {column.name: column for column in declared}
    for column in declared:
        if column.required and column.name not in names:
            findings.add(error(label, "the column is missing", "Add it; the header must hold its exact name.",
                               column=column.name))
    taken = {column.inside_name.casefold() for column in declared} | {SOURCE_ROW}
    taken |= {column.name.casefold() for column in declared}
    matches: list[Match] = []
    unknown: list[str] = []
    for place, name in enumerate(names):
        if name in known:
            matches.append(Match(place=place, column=known[name], inside_name=known[name].inside_name))
        elif not schema.open:
            unknown.append(name)
        elif name.casefold() in taken:
            findings.add(error(label, "the column's name differs from a known one only in case, or is one that we use "
                               "ourselves", "Give it the exact name of the table's page, or another name.",
                               row=1, column=shown(name)))
        else:
            column = Column(name=name, kind=Kind.TEXT, meaning=ATTRIBUTE)
            matches.append(Match(place=place, column=column, inside_name=name))
    if unknown:
        findings.add(warning(label, f"{len(unknown)} unknown column{'s' if len(unknown) > 1 else ''} not used",
                             "Remove it, or correct its name if it is one of " + ", ".join(schema.names) + ".",
                             row=1, column=shown(";".join(unknown))))
    return tuple(matches)


def _refuse_doubles(names: Sequence[str], label: str, findings: Findings) -> None:
    for name, count in Counter(name.casefold() for name in names).items():
        if count > 1:
            findings.add(error(label, "the header names the column more than once (capitals do not tell names apart)",
                               "Keep one of them.", row=1, column=shown(name)))
        elif not name.strip():
            findings.add(error(label, "a column has no name", "Name it or remove it.", row=1))
