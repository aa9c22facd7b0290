"""Write the tables of a settlement: exact texts, sorted by key, all together or not at all."""

from __future__ import annotations

import csv
import hashlib
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from .. import __version__
from ..interval import utc_text
from ..problem import DataRefused, Problem, error
from ..tariff.load import canonical, tariff_hash
from ..tariff.model import Tariff
from .prior import AMORTIZATION, HEADS
from .settle_plan import SettlePlan
from .sql_text import sql

MARK = "run.json"
"""The file that tells a folder of ours from a stranger's."""
ROWS_AT_A_TIME = 200_000
STATEMENTS_FEW = 64
PROBLEM_COLUMNS = ("severity", "file", "row", "column", "value", "reason", "what_to_do")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was written, in numbers."""

    counts: dict[str, int]
    total_usd: str
    seconds: dict[str, float]


def publish(connection: duckdb.DuckDBPyConnection, out: Path, plan: SettlePlan, tariff: Tariff, tariff_file: Path,
            problems: Sequence[Problem], *, prior: bool, inputs: Path, finish: Callable[[Path], None]) -> Published:
    """Write every table into a new folder beside `out` and put it in its place when all are there.

    `finish` is called with that folder when its tables and run.json stand, for what is made from them.
    """
    began = time.perf_counter()
    connection.register("published", connection.sql(
        f"select '{tariff_hash(tariff)}' as tariff_hash").to_arrow_table())
    connection.execute(sql("point_of"))
    with replacing(out) as folder:
        copy_in_pieces(connection, sql("performance"), by_enrollment(connection, "performance", "c"),
                       folder / "performance.csv")
        copy_in_pieces(connection, sql("participation"), by_enrollment(connection, "result", "r"),
                       folder / "participation.csv")
        copy_in_pieces(connection, sql("lines"), by_statement(connection), folder / "lines.csv")
        copy_csv(connection, sql("statements"), folder / "statements.csv")
        copy_csv(connection, sql("attribution"), folder / "attribution.csv")
        copy_in_pieces(connection, sql("ledger"), by_id(connection, "posting", "entry_id"), folder / "ledger.csv")
        if any(rider.upfront and rider.upfront.amortize_months for rider in tariff.riders.values()):
            copy_csv(connection, sql("amortization"), folder / AMORTIZATION)
        if prior:
            copy_csv(connection, sql("differences"), folder / "differences.csv")
            copy_csv(connection, sql("heads"), folder / HEADS)
        write_problems(folder / "problems.csv", problems)
        counts = _counts(connection)
        total_usd = _one(connection, "select coalesce(amount_text(sum(total_cents)), '0.00') from statement")
        seconds = {"publish": round(time.perf_counter() - began, 3)}
        _write_run(folder, plan, tariff, tariff_file, inputs, counts, total_usd, seconds)
        finish(folder)
    return Published(counts=counts, total_usd=total_usd, seconds=seconds)


def copy_csv(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    """Write a query as CSV: header, LF, quotes only where needed, blank for null."""
    target = str(file).replace("'", "''")
    connection.execute(f"copy ({query}) to '{target}' "
                       "(format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '')")


def copy_in_pieces(connection: duckdb.DuckDBPyConnection, query: str, pieces: Sequence[str], file: Path) -> None:
    """Write a query as CSV piece by piece, so that the memory of a sort does not grow with the table.

    `$which` in the query stands for the condition of a piece; the pieces follow each other in the order of the
    file's key.
    """
    part_file = file.with_suffix(".piece")
    with file.open("wb") as whole:
        for place, piece in enumerate(pieces):
            copy_csv(connection, query.replace("$which", piece), part_file)
            with part_file.open("rb") as part:
                if place:
                    part.readline()
                shutil.copyfileobj(part, whole)
    part_file.unlink()


def by_enrollment(connection: duckdb.DuckDBPyConnection, table: str, alias: str) -> list[str]:
    """Pieces of so many enrollments; they are numbered in the order of their ids."""
    rows, enrollments = (_one(connection, f"select count(*) from {name}") for name in (table, "enrollment"))
    step = max(1, ROWS_AT_A_TIME * enrollments // max(rows, 1))
    return [f"{alias}.enrollment_no between {first} and {first + step - 1}"
            for first in range(1, max(enrollments, 1) + 1, step)]


def by_id(connection: duckdb.DuckDBPyConnection, table: str, column: str, within: str = "true") -> list[str]:
    """Pieces by the first digits of an id, which is a letter and hexadecimal digits."""
    rows = _one(connection, f"select count(*) from {table} where {within}")
    digits = 0 if rows <= ROWS_AT_A_TIME else 1 if rows <= 16 * ROWS_AT_A_TIME else 2
    return [f"{within} and substr({column}, 2, {digits}) = '{number:0{digits}x}'" for number in range(16**digits)] \
        if digits else [within]


def by_statement(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Pieces of the lines: by statement where statements are few and long, else by the digits of their ids."""
    statements = connection.sql("select statement_id from statement order by statement_id").fetchall()
    if len(statements) > STATEMENTS_FEW:
        return by_id(connection, "versioned_line", "statement_id")
    return [piece for (statement_id,) in statements
            for piece in by_id(connection, "versioned_line", "line_id", f"statement_id = '{statement_id}'")] or ["true"]


def write_problems(file: Path, problems: Sequence[Problem]) -> None:
    """Write the findings of a run, sorted, errors first."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(PROBLEM_COLUMNS)
        for problem in sorted(problems, key=_place):
            row = "" if problem.row is None else problem.row
            writer.writerow((problem.severity.value, problem.file, row, problem.column, problem.value, problem.reason,
                             problem.what_to_do))


def _place(problem: Problem) -> tuple[str, str, int, str, str, str]:
    return (problem.severity.value, problem.file, problem.row or 0, problem.column, problem.value, problem.reason)


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {name: int(_one(connection, f"select count(*) from {table}")) for name, table in (
        ("enrollments", "enrollment"), ("events", "(select distinct event_id from service_event where in_period)"),
        ("participation", "result"), ("performance", "performance"), ("lines", "versioned_line"),
        ("statements", "statement"), ("postings", "posting"))}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((only,),) = connection.sql(query).fetchall()
    return only


def _write_run(folder: Path, plan: SettlePlan, tariff: Tariff, tariff_file: Path, inputs: Path, counts: dict[str, int],
               total_usd: str, seconds: dict[str, float]) -> None:
    marked = inputs / "synthetic.json"
    synthetic = json.loads(marked.read_text()) if marked.is_file() else {}
    document = {
        "tariff": canonical(tariff), "tariff_hash": tariff_hash(tariff), "tariff_path": str(tariff_file),
        "period_start": plan.period.first.isoformat(), "period_end": plan.period.end.isoformat(),
        "as_of": utc_text(plan.as_of), "gridrider_version": __version__, "synthetic": bool(synthetic.get("synthetic")),
        "assumptions": [*tariff.assumptions, *synthetic.get("assumptions", [])], "counts": counts,
        "total_usd": total_usd, "events": [
            {"event_id": each.event.event_id, "service": each.service_name, "kind": each.kind,
             "start": utc_text(each.event.start), "end": utc_text(each.event.end)}
            for each in plan.service_events if each.in_period],
        "seconds": seconds, "python": platform.python_version(), "duckdb": duckdb.__version__,
        "sha256": {file.name: sha256_of(file) for file in sorted(folder.glob("*.csv"))},
    }
    (folder / MARK).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                               encoding="utf-8")


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out` when the block ends well; otherwise nothing is left of it.

    Raises DataRefused when `out` holds files that no run of ours has written.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not _ours(out))):
        raise DataRefused([error(str(out), "is not empty and holds no earlier run", "Choose a new or empty folder.")])
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
        folder.chmod(0o755)
        _put_in_place(folder, out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _ours(out: Path) -> bool:
    return (out / MARK).is_file() or [file.name for file in out.iterdir()] == ["problems.csv"]


def _put_in_place(folder: Path, out: Path) -> None:
    """Swap the folders by renames; the old one is deleted only when the new one stands."""
    if not out.exists():
        folder.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent)) / "run"
    out.rename(old)
    folder.rename(out)
    shutil.rmtree(old.parent, ignore_errors=True)


