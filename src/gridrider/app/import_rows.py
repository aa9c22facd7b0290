"""Imported rows on their way to a table: collected, freed of identical duplicates, and joined into readings or prices.

Everything is whole numbers: milliwatt-hours and micro-dollars per MWh, epoch seconds of UTC.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa

from ..problem import DataRefused, Problem, error, warning
from ..telemetry.model import MISSING, QUALITIES

_BLANK = -(2**63)
_DIRECTIONS = ("import", "export")
_QUALITY_CODES = {quality: code for code, quality in enumerate(QUALITIES)}
_ROW = ("name", "direction", "start_s", "seconds", "units", "quality", "file", "row")


@dataclass(slots=True, kw_only=True)
class Rows:
    """Rows as they come, eight whole numbers each, in one array: a row costs 64 bytes and one call."""

    names: dict[str, int] = field(default_factory=dict)
    file: int = 0
    numbers: array[int] = field(default_factory=lambda: array("q"))

    def add_reading(self, point_id: str, direction: str, start_s: int, seconds: int, energy_mwh: int | None,
                    quality: str, row: int, /) -> None:
        """One channel of one interval."""
        self.numbers.extend((self.names.setdefault(point_id, len(self.names)), _DIRECTIONS.index(direction), start_s,
                             seconds, _BLANK if energy_mwh is None else energy_mwh, _QUALITY_CODES[quality],
                             self.file, row))

    def add_price(self, series: str, start_s: int, seconds: int, micro_usd_per_mwh: int, row: int, /) -> None:
        """One price."""
        self.numbers.extend((self.names.setdefault(series, len(self.names)), 0, start_s, seconds, micro_usd_per_mwh,
                             0, self.file, row))

    def table(self) -> pa.Table:
        """The rows as an Arrow table."""
        columns = np.frombuffer(self.numbers, dtype=np.int64).reshape(-1, len(_ROW)).T
        return pa.table({name: pa.array(column) for name, column in zip(_ROW, columns, strict=True)})


_DISTINCT = """
CREATE TEMP TABLE kept AS
SELECT name, direction, start_s, seconds, units, quality, min(file) AS file,
       arg_min(row, (file::HUGEINT << 40) + row) AS row
FROM came GROUP BY ALL
"""

_REMOVED = """
SELECT file, min(row), count(*) FROM came
ANTI JOIN kept USING (name, direction, start_s, seconds, units, quality, file, row) GROUP BY file ORDER BY file
"""

_DIFFERING = """
SELECT file, min(row), count(*) FROM (
  SELECT file, row, row_number() OVER (PARTITION BY name, direction, start_s, seconds ORDER BY file, row) AS place
  FROM kept) WHERE place > 1 GROUP BY file ORDER BY file
"""

_NAMES = """
CREATE TEMP TABLE names AS
SELECT number, label, no_import, no_export,
       import_may_be_zero AND no_import AS zero_import, export_may_be_zero AND no_export AS zero_export
FROM (SELECT *, number NOT IN (SELECT name FROM kept WHERE direction = 0) AS no_import,
             number NOT IN (SELECT name FROM kept WHERE direction = 1) AS no_export FROM named)
"""

_READINGS = f"""
CREATE TEMP VIEW joined AS
SELECT names.label AS point_id, keys.start_s, keys.seconds,
       CASE WHEN i.units IS NOT NULL THEN nullif(i.units, {_BLANK}) WHEN names.zero_import THEN 0 END AS import_mwh,
       CASE WHEN e.units IS NOT NULL THEN nullif(e.units, {_BLANK}) WHEN names.zero_export THEN 0 END AS export_mwh,
       greatest(coalesce(i.quality, CASE WHEN names.zero_import THEN 0 ELSE {MISSING} END),
                coalesce(e.quality, CASE WHEN names.zero_export THEN 0 ELSE {MISSING} END)) AS quality
FROM (SELECT DISTINCT name, start_s, seconds FROM kept) AS keys
JOIN names ON names.number = keys.name
LEFT JOIN (FROM kept WHERE direction = 0) AS i USING (name, start_s, seconds)
LEFT JOIN (FROM kept WHERE direction = 1) AS e USING (name, start_s, seconds)
"""
"""One row per point and interval. Where two values of one channel differ, each stays as its own row. A direction is
zero only for a point that has no row of it at all; a single absent interval stays blank and is missing."""

_PRICES = """
CREATE TEMP VIEW joined AS
SELECT names.label AS series, start_s, seconds, units AS micro_usd_per_mwh
FROM kept JOIN names ON names.number = kept.name
"""


def join_readings(connection: duckdb.DuckDBPyConnection, rows: Rows, may_be_zero: Mapping[str, frozenset[str]],
                  files: Sequence[str]) -> list[Problem]:
    """Make the view `joined`: point_id, start_s, seconds, import_mwh, export_mwh and quality (a code); tell findings.

    `may_be_zero` says for each point which directions are zero when it has no row of them. `rows` is emptied.
    """
    problems = _keep(connection, rows, may_be_zero, files)
    connection.execute(_READINGS)
    where = files[0] if len(files) == 1 else f"{len(files)} files"
    for word in _DIRECTIONS:
        open_count, open_point, zero_count, zero_point = connection.execute(
            f"SELECT count(*) FILTER (NOT zero_{word}), min(label) FILTER (NOT zero_{word}), "
            f"count(*) FILTER (zero_{word}), min(label) FILTER (zero_{word}) FROM names WHERE no_{word}").fetchall()[0]
        if open_count:
            problems.append(warning(
                where, f"no {word} channel for {open_count} point(s); its cells stay blank and the readings count as "
                "missing", "When there is none, say `absent_direction: zero` in the mapping.", value=open_point))
        if zero_count:
            problems.append(warning(
                where, f"{word} is taken as zero for {zero_count} point(s), which have no such channel",
                "When the channel was only left out, say `absent_direction: missing` in the mapping.",
                value=zero_point))
    return problems


def join_prices(connection: duckdb.DuckDBPyConnection, rows: Rows, files: Sequence[str]) -> list[Problem]:
    """Make the view `joined`: series, start_s, seconds, micro_usd_per_mwh; tell what was found. `rows` is emptied."""
    problems = _keep(connection, rows, {}, files)
    connection.execute(_PRICES)
    return problems


def _keep(connection: duckdb.DuckDBPyConnection, rows: Rows, may_be_zero: Mapping[str, frozenset[str]],
          files: Sequence[str]) -> list[Problem]:
    """Make the tables `kept` (no identical rows) and `names`; tell duplicates. Refuses when nothing was read."""
    if not rows.numbers:
        raise DataRefused([error(files[0] if len(files) == 1 else f"{len(files)} files", "hold no rows",
                                 "Check that these are the right files.")])
    came = len(rows.numbers) // len(_ROW)
    connection.register("came", rows.table())
    rows.numbers = array("q")
    connection.register("named", pa.table({
        "number": pa.array(rows.names.values(), pa.int64()), "label": pa.array(rows.names, pa.string()),
        "import_may_be_zero": pa.array(("import" in may_be_zero.get(name, ()) for name in rows.names), pa.bool_()),
        "export_may_be_zero": pa.array(("export" in may_be_zero.get(name, ()) for name in rows.names), pa.bool_())}))
    connection.execute(_DISTINCT)
    connection.execute(_NAMES)
    problems = _tell_duplicates(connection, came, files)
    connection.unregister("came")
    return problems


def _tell_duplicates(connection: duckdb.DuckDBPyConnection, came: int, files: Sequence[str]) -> list[Problem]:
    """One warning per file for identical rows removed, and one for rows that differ and stay."""
    kept, intervals = connection.execute(
        "SELECT (SELECT count(*) FROM kept), "
        "(SELECT count(*) FROM (SELECT DISTINCT name, direction, start_s, seconds FROM kept))").fetchall()[0]
    problems: list[Problem] = []
    if came > kept:
        problems += [warning(files[file], f"identical duplicates were removed, {times} in all",
                             "The first is on this row.", row=row)
                     for file, row, times in connection.execute(_REMOVED).fetchall()]
    if kept > intervals:
        problems += [warning(files[file], "values that differ from others for the same interval are kept beside them, "
                             f"{times} in all", "Settlement will refuse them: correct the files, or give the better "
                             "rows a higher revision. The first is on this row.", row=row)
                     for file, row, times in connection.execute(_DIFFERING).fetchall()]
    return problems
