"""`gridrider tariff check`, `explain` and `compare`: from files to text, one JSON document, or Problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..problem import DataRefused, Problem, Severity, errors
from ..tariff.compare import compare_json
from ..tariff.explain import explain, explain_json
from ..tariff.load import load
from ..tariff.model import Tariff
from ..tariff.redline import compare_text


def check_files(paths: Iterable[Path]) -> list[Problem]:
    """Every Problem of every file at once, file by file in the order given and in each by line."""
    return [problem for path in paths for problem in load(path)[1]]


def check_text(paths: Sequence[Path], problems: Sequence[Problem]) -> str:
    """What `tariff check` prints: a line `file:line: …` for each Problem, then a count."""
    wrong = len(errors(problems))
    warned = sum(problem.severity is Severity.WARNING for problem in problems)
    counts = f"{_count(len(paths), 'file')}, {_count(wrong, 'error')}, {_count(warned, 'warning')}"
    return "\n".join([*map(str, problems), counts]) + "\n"


def explain_file_text(path: Path) -> str:
    """The tariff in plain words with clauses; raises DataRefused when the file holds an error."""
    return explain(_tariff(path))


def explain_file_json(path: Path) -> dict[str, Any]:
    """The canonical form and its hash; raises DataRefused when the file holds an error."""
    return explain_json(_tariff(path))


def compare_files_text(old: Path, new: Path) -> str:
    """What the newer file changes, for whom and from when; raises DataRefused when a file holds an error."""
    return compare_text(*_both(old, new))


def compare_files_json(old: Path, new: Path) -> dict[str, Any]:
    """The same as one JSON document; raises DataRefused when a file holds an error."""
    return compare_json(*_both(old, new))


def _tariff(path: Path) -> Tariff:
    tariff, problems = load(path)
    if tariff is None:
        raise DataRefused(problems)
    return tariff


def _both(old: Path, new: Path) -> tuple[Tariff, Tariff]:
    """Both tariffs, or every Problem of both."""
    (older, older_problems), (newer, newer_problems) = load(old), load(new)
    if older is None or newer is None:
        raise DataRefused([*older_problems, *newer_problems])
    return older, newer


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
