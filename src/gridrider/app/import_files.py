"""Other people's files to our tables: `gridrider import`.

Adapters read and hand on channels (one direction of one interval) or prices; here they are joined into rows, identical
duplicates are removed and told, and the table is written whole or not at all.
"""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..adapters import green_button, interval_files, market_caiso
from ..market.model import PRICES
from ..problem import DataRefused, Problem, error, refuse_on_error, warning
from ..table import TableSchema
from ..telemetry.model import MISSING, QUALITIES, READINGS

KINDS: Mapping[str, str] = MappingProxyType({
    "green-button": "Green Button (ESPI) XML files to readings",
    "intervals": "a utility's interval files (CSV), as a mapping describes them, to readings",
    "caiso-prices": "California ISO prices, from OASIS downloads or by a mapping, to prices",
})
"""Each kind of import with its sentence."""

_BLANK = -(2**63)
_DIRECTIONS = ("import", "export")
_QUALITY_CODES = {quality: code for code, quality in enumerate(QUALITIES)}
_ROW = ("name", "direction", "start_s", "seconds", "units", "quality", "file", "row")
_PROBLEM_COLUMNS = ("severity", "file", "row", "column", "value", "reason", "what_to_do")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did: its warnings, the files it wrote, and the rows of the table."""

    problems: tuple[Problem, ...]
    written: tuple[Path, ...]
    rows: int


@dataclass(slots=True, kw_only=True)
class _Rows:
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


def kind_named(kind: str) -> str | None:
    """The kind that a user means; underscores count as hyphens. None when there is no such kind."""
    plain = kind.strip().lower().replace("_", "-")
    return plain if plain in KINDS else None


def import_files(kind: str, files: Sequence[Path], out: Path, *, mapping: Path | None = None,
                 output_format: str = "csv", progress: Progress = lambda _: None) -> ImportReport:
    """Read files of one kind and write `readings` or `prices`, with problems.csv beside it, into `out`.

    `mapping` is a path or the name of a shipped mapping (NAME or NAME@ZONE). `output_format` is csv or parquet.
    Raises DataRefused when a finding is an error; then only problems.csv is written.
    """
    problems: list[Problem] = []
    try:
        schema, table = _read(kind_named(kind), kind, files, mapping, problems, progress)
        problems += _other_table(out, schema, output_format)
        refuse_on_error(problems)
        written = _write(out, schema, table, output_format, problems)
    except DataRefused as refusal:
        _write_problems(out, refusal.problems)
        raise
    progress(f"wrote {table.num_rows} rows to {written[0]}")
    return ImportReport(problems=tuple(problems), written=written, rows=table.num_rows)


def _read(kind: str | None, given: str, files: Sequence[Path], mapping: Path | None, problems: list[Problem],
          progress: Progress) -> tuple[TableSchema, pa.Table]:
    if kind is None:
        raise DataRefused([error(given, "is not a kind of import", f"Use one of: {', '.join(KINDS)}.")])
    if not files:
        raise DataRefused([error(kind, "was given no files", "Name at least one file.")])
    rows = _Rows()
    names = [str(path) for path in files]
    if kind == "green-button":
        options = _options(mapping, problems)
        channels = green_button.Channels()
        for number, path in _told(files, progress):
            rows.file = number
            problems += green_button.read_green_button(path, options, channels, add_reading=rows.add_reading)
        refuse_on_error(problems)
        return READINGS, _readings(rows, green_button.described_channels(channels, options), names, problems)
    if kind == "caiso-prices" and mapping is None:
        for number, path in _told(files, progress):
            rows.file = number
            problems += market_caiso.read_oasis(path, add_price=rows.add_price)
        refuse_on_error(problems)
        return PRICES, _prices(rows, names, problems)
    layout = _layout(kind, mapping, problems)
    for number, path in _told(files, progress):
        rows.file = number
        problems += interval_files.read_interval_file(path, layout, add_reading=rows.add_reading,
                                                      add_price=rows.add_price)
    refuse_on_error(problems)
    if layout.table == PRICES.name:
        return PRICES, _prices(rows, names, problems)
    zero = frozenset(_DIRECTIONS) if layout.absent_is_zero else frozenset()
    return READINGS, _readings(rows, dict.fromkeys(rows.names, zero), names, problems)


def _told(files: Sequence[Path], progress: Progress) -> Iterable[tuple[int, Path]]:
    for number, path in enumerate(files):
        progress(f"reading {path}")
        yield number, path


def _options(mapping: Path | None, problems: list[Problem]) -> green_button.Options:
    if mapping is None:
        return green_button.Options()
    section = interval_files.load_section(mapping, problems)
    options = None if section is None else green_button.read_options(section)
    refuse_on_error(problems)
    return options or green_button.Options()


def _layout(kind: str, mapping: Path | None, problems: list[Problem]) -> interval_files.Layout:
    if mapping is None:
        raise DataRefused([error(kind, "needs --map: nothing else says what the columns mean",
                                 f"Give a mapping, or one of: {', '.join(interval_files.shipped_mappings())}.")])
    layout = interval_files.find_layout(mapping, problems)
    if layout is None:
        raise DataRefused(problems)
    wanted = PRICES.name if kind == "caiso-prices" else READINGS.name
    if layout.table != wanted:
        raise DataRefused([error(str(mapping), f"is a mapping of {layout.table}", f"{kind} needs one of {wanted}.")])
    return layout


# --- joining ---------------------------------------------------------------------------------------------------------

_DISTINCT = """
CREATE TEMP TABLE kept AS
SELECT name, direction, start_s, seconds, units, quality, min(file) AS file,
       arg_min(row, (file::HUGEINT << 40) + row) AS row
FROM came GROUP BY ALL;
"""

_READINGS_SQL = f"""
SELECT names.label AS point_id, make_timestamp(keys.start_s * 1000000) AS start, keys.seconds,
       CASE WHEN i.units IS NOT NULL THEN nullif(i.units, {_BLANK}) WHEN names.zero_import THEN 0 END AS import_mwh,
       CASE WHEN e.units IS NOT NULL THEN nullif(e.units, {_BLANK}) WHEN names.zero_export THEN 0 END AS export_mwh,
       greatest(coalesce(i.quality, CASE WHEN names.zero_import THEN 0 ELSE {MISSING} END),
                coalesce(e.quality, CASE WHEN names.zero_export THEN 0 ELSE {MISSING} END)) AS quality
FROM (SELECT DISTINCT name, start_s, seconds FROM kept) AS keys
JOIN names ON names.number = keys.name
LEFT JOIN (FROM kept WHERE direction = 0) AS i USING (name, start_s, seconds)
LEFT JOIN (FROM kept WHERE direction = 1) AS e USING (name, start_s, seconds)
ORDER BY point_id, start, keys.seconds, import_mwh, export_mwh, quality
"""
"""One row per point and interval. Where two values of one channel differ, each stays as its own row."""

_PRICES_SQL = """
SELECT names.label AS series, make_timestamp(start_s * 1000000) AS start, seconds, units AS micro
FROM kept JOIN names ON names.number = kept.name ORDER BY series, start, seconds, micro
"""


def _joined(rows: _Rows, zero: Mapping[str, frozenset[str]], names: Sequence[str],
            problems: list[Problem]) -> duckdb.DuckDBPyConnection:
    """A connection with the tables `kept` and `names`; duplicates are told. Refuses when nothing was read."""
    if not rows.numbers:
        raise DataRefused([*problems, error(names[0] if len(names) == 1 else f"{len(names)} files", "hold no rows",
                                            "Check that these are the right files.")])
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.register("came", rows.table())
    connection.register("names_given", pa.table({
        "number": pa.array(rows.names.values(), pa.int64()), "label": pa.array(rows.names, pa.string()),
        "zero_import": pa.array(("import" in zero.get(name, ()) for name in rows.names), pa.bool_()),
        "zero_export": pa.array(("export" in zero.get(name, ()) for name in rows.names), pa.bool_())}))
    connection.execute("CREATE TEMP TABLE names AS FROM names_given")
    connection.execute(_DISTINCT)
    for file, row, times in connection.execute(
            "SELECT file, min(row), count(*) FROM came ANTI JOIN kept USING "
            "(name, direction, start_s, seconds, units, quality, file, row) GROUP BY file ORDER BY file").fetchall():
        problems.append(warning(names[file], f"identical duplicates were removed, {times} in all",
                                "The first is on this row.", row=row))
    for file, row, times in connection.execute(
            "SELECT file, min(row), count(*) FROM (SELECT file, row, row_number() OVER (PARTITION BY name, direction, "
            "start_s, seconds ORDER BY file, row) AS place FROM kept) WHERE place > 1 GROUP BY file ORDER BY file"
            ).fetchall():
        problems.append(warning(names[file], f"values that differ from others for the same interval are kept beside "
                                f"them, {times} in all", "Settlement will refuse them: correct the files, or give the "
                                "better rows a higher revision. The first is on this row.", row=row))
    return connection


def _readings(rows: _Rows, zero: Mapping[str, frozenset[str]], names: Sequence[str],
              problems: list[Problem]) -> pa.Table:
    with _joined(rows, zero, names, problems) as connection:
        for direction, word in enumerate(_DIRECTIONS):
            count, example = connection.execute(
                f"SELECT count(*), min(label) FROM names WHERE NOT zero_{word} AND number NOT IN "
                "(SELECT name FROM kept WHERE direction = ?)", [direction]).fetchall()[0]
            if count:
                problems.append(warning(
                    names[0] if len(names) == 1 else f"{len(names)} files",
                    f"no {word} channel for {count} point(s); its cells stay blank and the readings count as missing",
                    "When there is none, say `absent_direction: zero` in the mapping.", value=str(example)))
            else:
                _tell_zero(connection, direction, word, names, problems)
        return _arrow(connection, _READINGS_SQL)


def _tell_zero(connection: duckdb.DuckDBPyConnection, direction: int, word: str, names: Sequence[str],
               problems: list[Problem]) -> None:
    count, example = connection.execute(
        f"SELECT count(*), min(label) FROM names WHERE zero_{word} AND number NOT IN "
        "(SELECT name FROM kept WHERE direction = ?)", [direction]).fetchall()[0]
    if count:
        problems.append(warning(names[0] if len(names) == 1 else f"{len(names)} files",
                                f"{word} is taken as zero for {count} point(s), which have no such channel",
                                "When the channel was only left out, say `absent_direction: missing` in the mapping.",
                                value=str(example)))


def _prices(rows: _Rows, names: Sequence[str], problems: list[Problem]) -> pa.Table:
    with _joined(rows, {}, names, problems) as connection:
        return _arrow(connection, _PRICES_SQL)


def _arrow(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """The rows of a query as an Arrow table."""
    relation = connection.sql(query)
    if relation is None:
        raise ValueError("only a query that gives rows can become a table")
    return relation.to_arrow_table()


# --- writing ---------------------------------------------------------------------------------------------------------

def _decimal_text(column: str) -> str:
    """SQL for a whole number of millionths with its six decimals; nothing passes through a double."""
    return (f"CASE WHEN {column} IS NOT NULL THEN (CASE WHEN {column} < 0 THEN '-' ELSE '' END) || "
            f"(abs({column}) // 1000000) || '.' || lpad((abs({column}) % 1000000)::VARCHAR, 6, '0') END")


def _selected(schema: TableSchema, *, text: bool) -> str:
    """SQL that turns the joined rows into the columns of the file."""
    def number(column: str) -> str:
        return _decimal_text(column) if text else (
            f"({column}::DECIMAL(18, 0) * 0.000001::DECIMAL(6, 6))::DECIMAL(18, 6)")

    start = "strftime(start, '%Y-%m-%dT%H:%M:%SZ') AS start" if text else "start"
    if schema is PRICES:
        return f"SELECT series, {start}, seconds, {number('micro')} AS usd_per_mwh FROM joined"
    words = ", ".join(f"'{quality}'" for quality in QUALITIES)
    return (f"SELECT point_id, {start}, seconds, {number('import_mwh')} AS import_kwh, "
            f"{number('export_mwh')} AS export_kwh, [{words}][quality + 1] AS quality FROM joined")


def _other_table(out: Path, schema: TableSchema, output_format: str) -> list[Problem]:
    """Errors when the result could not be told from a table that stands there already."""
    if output_format not in ("csv", "parquet"):
        return [error(output_format, "is not a format of tables", "Use csv or parquet.")]
    others = (out / f"{schema.name}.{'parquet' if output_format == 'csv' else 'csv'}", out / schema.name)
    return [error(str(other), f"stands there already, and {schema.name} would be given twice",
                  "Remove it, or choose another --out.") for other in others if other.exists()]


def _write(out: Path, schema: TableSchema, table: pa.Table, output_format: str,
           problems: Sequence[Problem]) -> tuple[Path, ...]:
    """Write the table and problems.csv beside it; both exist in full before either takes its name."""
    goal, found = out / f"{schema.name}.{output_format}", out / "problems.csv"
    half, half_found = _half(goal), _half(found)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.register("joined", table)
            selected = _selected(schema, text=output_format == "csv")
            if output_format == "csv":
                connection.execute(f"COPY ({selected}) TO '{_quoted(half)}' (FORMAT csv, HEADER, DELIMITER ',')")
            else:
                whole = _arrow(connection, selected)
                place = whole.schema.get_field_index("start")
                stamps = whole.column("start").cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
                pq.write_table(whole.set_column(place, "start", stamps), half, compression="zstd")
        _dump_problems(half_found, problems)
        half_found.replace(found)
        half.replace(goal)
    except OSError as refusal:
        raise DataRefused([*problems, _cannot_write(out, refusal)]) from refusal
    finally:
        half.unlink(missing_ok=True)
        half_found.unlink(missing_ok=True)
    return goal, found


def _write_problems(out: Path, problems: Sequence[Problem]) -> None:
    """problems.csv alone; when even that cannot be written, the caller still raises what was found."""
    half = _half(out / "problems.csv")
    try:
        out.mkdir(parents=True, exist_ok=True)
        _dump_problems(half, problems)
        half.replace(out / "problems.csv")
    except OSError:
        half.unlink(missing_ok=True) if out.is_dir() else None


def _dump_problems(path: Path, problems: Iterable[Problem]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_PROBLEM_COLUMNS)
        for found in problems:
            writer.writerow("" if (cell := getattr(found, name)) is None else str(cell).encode(
                "utf-8", "replace").decode() for name in _PROBLEM_COLUMNS)


def _half(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _cannot_write(out: Path, refusal: OSError) -> Problem:
    return error(str(out), f"cannot be written ({refusal.strerror or refusal})", "Choose a folder you may write to.")
