"""Three kinds of no: a Problem is a finding about data, a Refusal is the tariff's word, an exception is a bug.

Problems are collected and returned all at once; `DataRefused` carries them out of a shell function
when at least one is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops the run before anything is written; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One finding: what it is about, where it stands, why it matters, what to do.

    `row` counts as a person sees it: the line of a text file (a CSV's header is 1), the row of a
    Parquet file from 1. It is None when the finding concerns the whole file.
    """

    severity: Severity
    file: str
    row: int | None = None
    column: str = ""
    value: str = ""
    reason: str
    what_to_do: str = ""

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        about = f" {self.column}" if self.column else ""
        seen = f" {self.value!r}" if self.value else ""
        advice = f" {self.what_to_do}" if self.what_to_do else ""
        return f"{place}: {self.severity}:{about}{seen} {self.reason}.{advice}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The tariff says no, and by which clause."""

    clause: str
    reason: str


class DataRefused(Exception):
    """The data or the tariff holds errors; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def error(file: str, reason: str, what_to_do: str, *, row: int | None = None, column: str = "",
          value: str = "") -> Problem:
    """A finding that stops the run."""
    return Problem(severity=Severity.ERROR, file=file, row=row, column=column, value=value,
                   reason=reason, what_to_do=what_to_do)


def warning(file: str, reason: str, what_to_do: str = "", *, row: int | None = None, column: str = "",
            value: str = "") -> Problem:
    """A finding that the run goes on with."""
    return Problem(severity=Severity.WARNING, file=file, row=row, column=column, value=value,
                   reason=reason, what_to_do=what_to_do)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Only the findings that stop a run."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def refuse_on_error(problems: Sequence[Problem]) -> None:
    """Raise DataRefused with every finding when one of them is an error."""
    if errors(problems):
        raise DataRefused(problems)
