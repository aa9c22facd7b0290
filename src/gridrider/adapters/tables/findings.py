"""Problems of one run of reading, with a limit per file so that a spoilt file stays readable as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...problem import Problem, Severity, error, warning

LISTED_PER_FILE = 1000
"""How many Problems of one severity are listed for one file; the rest are counted in one more."""

VALUE_LENGTH_MAX = 80


class Findings:
    """Collects Problems in the order found; beyond the limit it only counts."""

    def __init__(self) -> None:
        self._listed: list[Problem] = []
        self._seen: Counter[tuple[str, Severity]] = Counter()
        self._rounded: dict[tuple[str, str], tuple[int, int | None, str]] = {}

    def copy(self) -> Findings:
        """The same findings, to go back to."""
        twin = Findings()
        twin._listed, twin._seen, twin._rounded = list(self._listed), self._seen.copy(), dict(self._rounded)
        return twin

    def add(self, problem: Problem) -> None:
        """Take one Problem."""
        place = (problem.file, problem.severity)
        self._seen[place] += 1
        if self._seen[place] <= LISTED_PER_FILE:
            self._listed.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take several Problems."""
        for problem in problems:
            self.add(problem)

    def add_more(self, file: str, severity: Severity, count: int) -> None:
        """Count findings that nobody needs to see one by one."""
        self._seen[file, severity] += count

    def room(self, file: str, severity: Severity = Severity.ERROR) -> int:
        """How many more Problems of that file would be listed."""
        return max(0, LISTED_PER_FILE - self._seen[file, severity])

    def add_rounded(self, file: str, column: str, count: int, first_row: int | None, first_cell: str) -> None:
        """Note cells finer than the unit kept inside: one warning per file and column at the end."""
        seen, row, cell = self._rounded.get((file, column), (0, first_row, first_cell))
        self._rounded[file, column] = (seen + count, row, cell)

    def has_errors(self) -> bool:
        """True when something found stops the run."""
        return any(severity is Severity.ERROR and count for (_, severity), count in self._seen.items())

    def problems(self) -> list[Problem]:
        """Everything found, with one Problem per file that counts what was not listed."""
        found = list(self._listed)
        for (file, column), (count, row, cell) in sorted(self._rounded.items()):
            found.append(warning(file, f"{count} cells are finer than the smallest unit kept and were rounded, "
                                 "ties away from zero; the first is named", row=row, column=column, value=cell))
        for (file, severity), count in sorted(self._seen.items()):
            if count > LISTED_PER_FILE:
                make = error if severity is Severity.ERROR else warning
                found.append(make(file, f"{count - LISTED_PER_FILE} more findings of this kind are not listed",
                                  "Mend the ones that are listed and run again."))
        return found


def shown(cell: object) -> str:
    """A cell as a Problem shows it: text, cut when long."""
    text = "" if cell is None else str(cell)
    return text if len(text) <= VALUE_LENGTH_MAX else text[: VALUE_LENGTH_MAX - 1] + "…"
