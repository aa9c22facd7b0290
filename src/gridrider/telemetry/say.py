"""What the fold found, as Problems: one per file and finding, each with a count and a place to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from ..problem import Problem, error, warning
from .clean import Cleaned, Conflict, Finding

LISTED_MAX = 100
"""How many overlaps and drifting clocks are named one by one."""

_ADVICE = {
    Finding.DUPLICATE: "Export each reading once.",
    Finding.NEGATIVE: "Give the two gross registers, both zero or more.",
    Finding.HALF_BLANK: "Give both registers; write 0 where nothing flowed.",
    Finding.TOO_LARGE: "Check the unit: import_kwh and export_kwh are kilowatt-hours of the interval.",
    Finding.BAD_LENGTH: "Give readings of 1 to 3600 seconds that divide the hour.",
    Finding.OFF_GRID: "Check the meter's clock.",
    Finding.PARTLY_REPLACED: "Send the revision for the whole of the old interval.",
    Finding.ESTIMATED: "",
}


@dataclass(slots=True, kw_only=True)
class Observed:
    """Findings of all chunks of a run, added up."""

    tallies: dict[tuple[Finding, int], tuple[int, int]] = field(default_factory=dict)
    """Count and first row for each finding and file."""
    conflicts: list[tuple[str, Conflict]] = field(default_factory=list)
    conflict_count: int = 0
    off_grid: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """For each point off its grid: count, file, first row."""
    off_grid_more: int = 0

    def copy(self) -> Observed:
        """The same findings, to go back to."""
        return Observed(tallies=dict(self.tallies), conflicts=list(self.conflicts), conflict_count=self.conflict_count,
                        off_grid=dict(self.off_grid), off_grid_more=self.off_grid_more)

    def add(self, ids: pa.Array, cleaned: Cleaned) -> None:
        """Take what cleaning one chunk found; `ids` name its points."""
        for tally in cleaned.tallies:
            count, first = self.tallies.get((tally.finding, tally.file), (0, tally.first_row))
            self.tallies[tally.finding, tally.file] = (count + tally.count, min(first, tally.first_row))
        room = LISTED_MAX - len(self.conflicts)
        self.conflicts += [(ids[conflict.point].as_py(), conflict) for conflict in cleaned.conflicts[:room]]
        self.conflict_count += cleaned.conflict_count
        for point, count, file, row in cleaned.off_grid:
            point_id = ids[point].as_py()
            if point_id in self.off_grid:
                seen, *place = self.off_grid[point_id]
                self.off_grid[point_id] = (seen + count, place[0], place[1])
            elif len(self.off_grid) < LISTED_MAX:
                self.off_grid[point_id] = (count, file, row)
            else:
                self.off_grid_more += 1

    def problems(self, labels: Sequence[str]) -> list[Problem]:
        """The Problems, by file and row; `labels` name the files."""
        said = [self._conflict(point_id, conflict, labels) for point_id, conflict in self.conflicts]
        if self.conflict_count > len(self.conflicts):
            said.append(error("readings", f"{self.conflict_count - len(self.conflicts)} more overlapping readings "
                              "are not listed", "Mend the ones that are listed and run again."))
        for (finding, file), (count, first) in sorted(self.tallies.items(), key=lambda item: (item[0][1], item[0][0])):
            said.append(warning(labels[file], f"{count} {finding}; the first is named", _ADVICE[finding], row=first))
        for point_id, (count, file, row) in sorted(self.off_grid.items()):
            said.append(warning(labels[file], f"the clock of this point is off its grid in {count} readings",
                                _ADVICE[Finding.OFF_GRID], row=row, column="start", value=point_id))
        if self.off_grid_more:
            said.append(warning("readings", f"{self.off_grid_more} more point-days with a clock off its grid are not "
                                "listed", _ADVICE[Finding.OFF_GRID]))
        return said

    @staticmethod
    def _conflict(point_id: str, conflict: Conflict, labels: Sequence[str]) -> Problem:
        other = f"{labels[conflict.other_file]}:{conflict.other_row}"
        return error(labels[conflict.file], f"the reading overlaps {other} of the same revision and differs",
                     "Keep one of them, or give the right one a higher revision.", row=conflict.row,
                     column="start", value=point_id)
