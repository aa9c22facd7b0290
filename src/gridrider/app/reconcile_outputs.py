"""Write the tables of a reconciliation: sorted by key, in pieces, all together or not at all."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from .. import __version__
from ..interval import DateSpan
from ..problem import Problem
from ..tariff.load import canonical, tariff_hash
from ..tariff.model import Tariff
from .outputs import MARK, copy_csv, replacing, sha256_of, write_problems
from .sql_text import sql

ROWS_AT_A_TIME = 2_000_000
NARROW_MWH = 10**12
"""Below this an energy has at most twelve digits, and is written without numbers of 128 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a run wrote, in numbers that its caller may print."""

    out: Path
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    exceptions: dict[str, int]


def publish(connection: duckdb.DuckDBPyConnection, out: Path, tariff: Tariff, tariff_file: Path, period: DateSpan,
            problems: Sequence[Problem], *, clauses: Mapping[str, str], inputs: Path, threads: int) -> Reconciled:
    """Write every table into a new folder beside `out` and put it in its place when all are there."""
    _make_texts(connection, clauses)
    with replacing(out) as folder:
        _copy_at_once(connection, sql("reconcile_retail"), _by_premise(connection), folder / "retail.csv", threads)
        for name in ("demand", "exceptions", "wholesale"):
            copy_csv(connection, sql(f"reconcile_{name}"), folder / f"{name}.csv")
        write_problems(folder / "problems.csv", problems)
        counts = {name: int(_one(connection, f"select count(*) from {table}")) for name, table in (
            ("resources", "resource"), ("premises", "premise"), ("retail", "slot_row"), ("demand", "demand_row"),
            ("exceptions", "exception"))}
        kinds = {str(kind): int(count) for kind, count in connection.execute(
            "select kind, count(*) from exception group by kind order by kind").fetchall()}
        _write_run(folder, tariff, tariff_file, period, inputs, counts, {
            "exceptions": kinds, "invariants": _invariants(connection)})
    return Reconciled(out=out, problems=tuple(problems), counts=counts, exceptions=kinds)


def _make_texts(connection: duckdb.DuckDBPyConnection, clauses: Mapping[str, str]) -> None:
    """The instants and clauses as texts, and how an energy is written."""
    # Readings last a quarter, half or whole hour, so their starts are among the quarter hours of the days.
    connection.execute("create or replace table instant as select start_s, instant_text(make_timestamp("
                       "start_s * 1000000)) as said from (select unnest(range(midnight_s, midnight_s + day_s, 900)) "
                       "as start_s from calendar)")
    connection.execute("create or replace temp table clause (kind varchar, clause varchar)")
    for kind, clause in sorted(clauses.items()):
        connection.execute("insert into clause values (?, ?)", [kind, clause])
    widest = _one(connection, "select coalesce(greatest(max(abs(master_mwh)), max(abs(generation_mwh)), "
                              "max(abs(billed_mwh)), 0), 0) from slot_row")
    narrow = "cast(mwh as decimal(12, 0)) * cast('0.000001' as decimal(6, 6))"
    wide = "cast(mwh as decimal(38, 0)) * cast('0.000001' as decimal(7, 6))"
    connection.execute(f"create or replace macro energy_text(mwh) as {narrow if widest < NARROW_MWH else wide}")


def _copy_at_once(connection: duckdb.DuckDBPyConnection, query: str, pieces: Sequence[str], file: Path,
                  threads: int) -> None:
    """Write a query as CSV piece by piece, several pieces at a time: writing one is work for one core.

    What the query reads must be no temporary table, for each thread has a connection of its own.
    """
    def write(number: int) -> Path:
        part = file.with_suffix(f".piece-{number}")
        with connection.cursor() as own:
            copy_csv(own, query.replace("$which", pieces[number]), part)
        return part

    with ThreadPoolExecutor(threads) as pool, file.open("wb") as whole:
        for number, part in enumerate(pool.map(write, range(len(pieces)))):
            with part.open("rb") as stream:
                if number:
                    stream.readline()
                shutil.copyfileobj(stream, whole, 1 << 20)
            part.unlink()


def _by_premise(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Pieces of so many premises; they are numbered in the order of their ids."""
    rows, premises = (_one(connection, f"select count(*) from {name}") for name in ("slot_row", "premise"))
    step = max(1, ROWS_AT_A_TIME * premises // max(rows, 1))
    return [f"s.premise_no between {first} and {first + step - 1}" for first in range(1, max(premises, 1) + 1, step)]


def _invariants(connection: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """What must hold of the rows whatever the data: a false one is a fault of ours."""
    return {name: _one(connection, f"select count(*) from slot_row where {breach}") == 0 for name, breach in (
        ("addback is at most generation", "addback_mwh > generation_mwh"),
        ("no addback outside award hours", "not award and addback_mwh <> 0"),
        ("award hours show no retail peak shaving", "award and backed_out_mwh is null and billed_mwh < master_mwh"),
        ("outside award hours the meter is billed", "not award and billed_mwh <> master_mwh"))}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((only,),) = connection.sql(query).fetchall()
    return only


def _write_run(folder: Path, tariff: Tariff, tariff_file: Path, period: DateSpan, inputs: Path, counts: dict[str, int],
               found: dict[str, Any]) -> None:
    marked = inputs / "synthetic.json"
    synthetic = json.loads(marked.read_text(encoding="utf-8")) if marked.is_file() else {}
    write_mark(folder, tariff, tariff_file, {
        "period_start": period.first.isoformat(), "period_end": period.end.isoformat(), "counts": counts,
        "synthetic": bool(synthetic.get("synthetic")), **found,
        "assumptions": [*tariff.assumptions, *synthetic.get("assumptions", [])]})


def write_mark(folder: Path, tariff: Tariff, tariff_file: Path,
               found: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Write run.json: tariff, versions, the hash of every table, and what else was found."""
    document = {
        "tariff": canonical(tariff), "tariff_hash": tariff_hash(tariff), "tariff_path": str(tariff_file),
        "gridrider_version": __version__, "assumptions": list(tariff.assumptions), **found,
        "python": platform.python_version(), "duckdb": duckdb.__version__,
        "sha256": {file.name: sha256_of(file) for file in sorted(folder.glob("*.csv"))},
    }
    (folder / MARK).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                               encoding="utf-8")
