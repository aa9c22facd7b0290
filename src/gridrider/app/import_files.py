"""Other people's files to our tables: `gridrider import`.

Adapters read and hand on channels (one direction of one interval) or prices; here they are joined into rows, identical
duplicates are removed and told, and the table is written whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb

from ..adapters import green_button, interval_files, market_caiso
from ..market.model import PRICES
from ..problem import DataRefused, Problem, error, refuse_on_error
from ..table import TableSchema
from ..telemetry.model import QUALITIES, READINGS
from .import_market import import_market
from .import_rows import Rows, join_prices, join_readings
from .outputs import copy_csv, write_problems

KINDS: Mapping[str, str] = MappingProxyType({
    "green-button": "Green Button (ESPI) XML files to readings",
    "intervals": "a utility's interval files (CSV), as a mapping describes them, to readings",
    "caiso-prices": "California ISO prices, from OASIS downloads or by a mapping, to prices",
    "caiso-awards": "California ISO awards (CMRI), by a dated layout, to awards",
    "caiso-statement": "California ISO settlement statements, by a dated layout, to market_statement",
})
"""Each kind of import with its sentence."""

MARKET_KINDS = frozenset({"caiso-awards", "caiso-statement"})
_BOTH = frozenset({"import", "export"})
Progress = Callable[[str, int, int], None]
"""Takes the name of a step, how much is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did: its warnings, the files it wrote, and the rows of the table."""

    problems: tuple[Problem, ...]
    written: tuple[Path, ...]
    rows: int


def kind_named(kind: str) -> str | None:
    """The kind that a user means; underscores count as hyphens. None when there is no such kind."""
    plain = kind.strip().lower().replace("_", "-")
    return plain if plain in KINDS else None


def import_files(kind: str, files: Sequence[Path], out: Path, *, mapping: Path | None = None,
                 output_format: str = "csv", progress: Progress = lambda *_: None) -> ImportReport:
    """Read files of one kind and write `readings` or `prices`, with problems.csv beside it, into `out`.

    `mapping` is a path or the name of a shipped mapping (NAME or NAME@ZONE). `output_format` is csv or parquet.
    Raises DataRefused when a finding is an error; then only problems.csv is written.
    """
    if kind_named(kind) in MARKET_KINDS:
        found, written, rows = import_market(str(kind_named(kind)), files, out, mapping)
        return ImportReport(problems=tuple(found), written=written, rows=rows)
    problems: list[Problem] = []
    try:
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            schema = _read(connection, kind, files, mapping, problems, progress)
            problems += _other_table(out, schema, output_format)
            refuse_on_error(problems)
            written, rows = _write(connection, out, schema, output_format, problems)
    except DataRefused as refusal:
        everything = tuple(dict.fromkeys([*problems, *refusal.problems]))
        _write_problems(out, everything)
        raise DataRefused(everything) from refusal
    return ImportReport(problems=tuple(problems), written=written, rows=rows)


def _read(connection: duckdb.DuckDBPyConnection, given: str, files: Sequence[Path], mapping: Path | None,
          problems: list[Problem], progress: Progress) -> TableSchema:
    """Read every file and make the view `joined` of the table whose schema is returned."""
    kind = kind_named(given)
    if kind is None:
        raise DataRefused([error(given, "is not a kind of import", f"Use one of: {', '.join(KINDS)}.")])
    if not files:
        raise DataRefused([error(kind, "was given no files", "Name at least one file.")])
    rows, names = Rows(), [str(path) for path in files]
    schema, may_be_zero = READINGS, dict[str, frozenset[str]]()
    if kind == "green-button":
        options, channels = _options(mapping, problems), green_button.Channels()
        for rows.file, path in _told(files, progress):
            problems += green_button.read_green_button(path, options, channels, add_reading=rows.add_reading)
        may_be_zero = green_button.described_channels(channels, options)
    elif kind == "caiso-prices" and mapping is None:
        schema = PRICES
        for rows.file, path in _told(files, progress):
            problems += market_caiso.read_oasis(path, add_price=rows.add_price)
    else:
        layout = _layout(kind, mapping, problems)
        schema = PRICES if layout.table == PRICES.name else READINGS
        for rows.file, path in _told(files, progress):
            problems += interval_files.read_interval_file(path, layout, add_reading=rows.add_reading,
                                                          add_price=rows.add_price)
        may_be_zero = dict.fromkeys(rows.names, _BOTH if layout.absent_is_zero else frozenset())
    refuse_on_error(problems)
    problems += join_prices(connection, rows, names) if schema is PRICES else join_readings(
        connection, rows, may_be_zero, names)
    return schema


def _told(files: Sequence[Path], progress: Progress) -> Iterator[tuple[int, Path]]:
    for number, path in enumerate(files):
        progress("Reading files", number, len(files))
        yield number, path
    progress("Reading files", len(files), len(files))


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


def _decimal_text(column: str) -> str:
    """SQL for a whole number of millionths with its six decimals; nothing passes through a double."""
    return (f"CASE WHEN {column} IS NOT NULL THEN (CASE WHEN {column} < 0 THEN '-' ELSE '' END) || "
            f"(abs({column}) // 1000000) || '.' || lpad((abs({column}) % 1000000)::VARCHAR, 6, '0') END")


def _selected(schema: TableSchema, *, text: bool) -> str:
    """SQL that turns the joined rows into the columns of the file, in the order of its key."""
    def number(column: str) -> str:
        return _decimal_text(column) if text else (
            f"({column}::DECIMAL(18, 0) * 0.000001::DECIMAL(6, 6))::DECIMAL(18, 6)")

    # A whole number of seconds is exact as the double that to_timestamp takes.
    start = ("strftime(make_timestamp(start_s * 1000000), '%Y-%m-%dT%H:%M:%SZ')" if text else "to_timestamp(start_s)")
    if schema is PRICES:
        return (f"SELECT series, {start} AS start, seconds, {number('micro_usd_per_mwh')} AS usd_per_mwh FROM joined "
                "ORDER BY series, start_s, seconds, micro_usd_per_mwh")
    words = ", ".join(f"'{quality}'" for quality in QUALITIES)
    return (f"SELECT point_id, {start} AS start, seconds, {number('import_mwh')} AS import_kwh, "
            f"{number('export_mwh')} AS export_kwh, [{words}][quality + 1] AS quality FROM joined "
            "ORDER BY point_id, start_s, seconds, import_mwh, export_mwh, quality")


def _other_table(out: Path, schema: TableSchema, output_format: str) -> list[Problem]:
    """Errors when the result could not be told from a table that stands there already."""
    if output_format not in ("csv", "parquet"):
        return [error(output_format, "is not a format of tables", "Use csv or parquet.")]
    others = (out / f"{schema.name}.{'parquet' if output_format == 'csv' else 'csv'}", out / schema.name)
    return [error(str(other), f"stands there already, and {schema.name} would be given twice",
                  "Remove it, or choose another --out.") for other in others if other.exists()]


def _write(connection: duckdb.DuckDBPyConnection, out: Path, schema: TableSchema, output_format: str,
           problems: Sequence[Problem]) -> tuple[tuple[Path, Path], int]:
    """Write the table and problems.csv beside it; both exist in full before either takes its name."""
    goal, found = out / f"{schema.name}.{output_format}", out / "problems.csv"
    half, half_found = _half(goal), _half(found)
    selected = _selected(schema, text=output_format == "csv")
    try:
        out.mkdir(parents=True, exist_ok=True)
        if output_format == "csv":
            copy_csv(connection, selected, half)
        else:
            target = str(half).replace("'", "''")
            connection.execute(f"COPY ({selected}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        rows = int(connection.execute("SELECT count(*) FROM joined").fetchall()[0][0])
        write_problems(half_found, problems)
        half_found.replace(found)
        half.replace(goal)
    except (OSError, duckdb.IOException) as refusal:
        raise DataRefused([*problems, _cannot_write(out, refusal)]) from refusal
    finally:
        half.unlink(missing_ok=True)
        half_found.unlink(missing_ok=True)
    return (goal, found), rows


def _write_problems(out: Path, problems: Sequence[Problem]) -> None:
    """problems.csv alone; when even that cannot be written, the caller still raises what was found."""
    half = _half(out / "problems.csv")
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_problems(half, problems)
        half.replace(out / "problems.csv")
    except OSError:
        half.unlink(missing_ok=True) if out.is_dir() else None


def _half(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _cannot_write(out: Path, refusal: Exception) -> Problem:
    why = getattr(refusal, "strerror", None) or str(refusal).splitlines()[0]
    return error(str(out), f"cannot be written ({why})", "Choose a folder you may write to.")
