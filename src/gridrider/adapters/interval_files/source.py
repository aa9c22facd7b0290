"""A delimited text file as numbered rows, and the findings about it; bad bytes become Problems, never exceptions."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...problem import Problem, error, warning
from .layout import TextFile

ERRORS_MAX = 1000
"""After so many errors in one file the rest is not read."""

_CELL_MAX = 100_000
_CELLS_MAX = 5_000


class TooManyErrors(Exception):
    """The file holds so many errors that reading on serves nobody."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was found in one file: errors one by one, other things counted and told once."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    first_rows: dict[str, int] = field(default_factory=dict)

    def error(self, row: int | None, column: str, cell: str, reason: str, what_to_do: str) -> None:
        """Note an error; raises TooManyErrors when there are more than ERRORS_MAX."""
        self.problems.append(error(self.file, reason, what_to_do, row=row, column=column, value=cell[:80]))
        if len(self.problems) >= ERRORS_MAX:
            self.problems.append(error(self.file, f"holds {ERRORS_MAX} errors or more; the rest was not read",
                                       "Mend these first; a wrong mapping is the usual cause.", row=row))
            raise TooManyErrors

    def count(self, reason: str, row: int, times: int = 1) -> None:
        """Note something that is told once per file, with its number and its first row."""
        if times:
            self.counts[reason] += times
            self.first_rows.setdefault(reason, row)

    def told(self) -> list[Problem]:
        """Every finding, the counted ones as one warning each."""
        counted = [warning(self.file, f"{reason}, {times} in all", "The first is on this row.",
                           row=self.first_rows[reason]) for reason, times in self.counts.items()]
        return [*self.problems, *counted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where each column stands."""

    places: dict[str, int]
    row: int

    def place(self, name: str) -> int | None:
        """The position of a column, letter case and outer spaces ignored."""
        return self.places.get(name.strip().lower())


def numbered_rows(path: Path, text: TextFile, found: Findings) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file after the skipped lines, each with the line on which it ends; blank lines are passed over."""
    try:
        with path.open(encoding=text.encoding, newline="") as stream:
            for _ in range(text.skip_lines):
                stream.readline(_CELL_MAX)
            csv.field_size_limit(_CELL_MAX)
            reader = csv.reader(_no_nul(stream), delimiter=text.delimiter, strict=True)
            for row in reader:
                if row and not (text.comment and row[0].startswith(text.comment)) and any(row):
                    yield text.skip_lines + reader.line_num, row
    except OSError as refusal:
        found.error(None, "", "", f"cannot be read ({refusal.strerror or refusal})", "Give a readable file.")
    except UnicodeError as mistake:
        found.error(None, "", "", f"is not text in {text.encoding} ({mistake.__class__.__name__})",
                    "Say `file: {encoding: …}` in the mapping: utf-8, utf-16, latin-1 or cp1252.")
    except csv.Error as mistake:
        found.error(None, "", "", f"is not a readable table ({mistake})", "Check the delimiter and the quotes.")


def _no_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise csv.Error("it holds a NUL character")
        yield line


def read_header(rows: Iterator[tuple[int, list[str]]], found: Findings) -> Header | None:
    """The first row as a header, or None with the Problem noted."""
    first = next(rows, None)
    if first is None:
        if not found.problems:
            found.error(None, "", "", "holds no header and no rows", "Give a file with a header row.")
        return None
    line, cells = first
    names = [cell.strip().lower() for cell in cells]
    if len(names) > _CELLS_MAX:
        found.error(line, "", "", f"has more than {_CELLS_MAX} columns", "Check the delimiter.")
        return None
    return Header(places={name: names.index(name) for name in names if names.count(name) == 1}, row=line)


def require(header: Header, names: Sequence[str], found: Findings) -> list[int]:
    """The positions of columns that must be there; each missing or doubled one is an error."""
    places: list[int] = []
    for name in names:
        place = header.place(name)
        if place is None:
            found.error(header.row, name, "", "is not a column of this file, or stands twice",
                        f"The file has: {', '.join(list(header.places)[:12])}. Mend the mapping or the file.")
        else:
            places.append(place)
    return places
