"""Where in the file a finding stands, for checks that look at records and no longer at lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..problem import Problem, error, warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file and the line of each path in it; a path without a line of its own has that of its block."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)

    def line(self, path: str) -> int:
        """The line of a path, or of the nearest block around it; 1 for the file itself."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return 1

    def error(self, path: str, reason: str, what_to_do: str, *, seen: object = "", line: int = 0) -> Problem:
        """A finding that stops the run, at the path's line unless a line is given."""
        return error(self.file, reason, what_to_do, row=line or self.line(path), column=path, value=str(seen))

    def warning(self, path: str, reason: str, what_to_do: str, *, seen: object = "", line: int = 0) -> Problem:
        """A finding that the run goes on with, at the path's line unless a line is given."""
        return warning(self.file, reason, what_to_do, row=line or self.line(path), column=path, value=str(seen))
