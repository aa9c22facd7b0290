"""Awards and statements of a market's files to our tables: `gridrider import caiso-awards`, `caiso-statement`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.market_caiso.layout import KINDS, find_layout, stage_file
from ..adapters.tables.read import read_table
from ..market.model import AWARDS, MARKET_STATEMENT
from ..problem import DataRefused, Problem, errors
from .outputs import copy_csv, write_problems
from .sql_text import sql, stage_sql

SCHEMAS = {schema.name: schema for schema in (AWARDS, MARKET_STATEMENT)}
PLACE = ZoneInfo("UTC")
"""The files give instants; no local date is read."""


def import_market(kind: str, files: Sequence[Path], out: Path, own_layout: Path | None) \
        -> tuple[list[Problem], tuple[Path, Path], int]:
    """Write the kind's table and problems.csv; returns findings, files and rows. Raises DataRefused on an error."""
    schema, layout = SCHEMAS[KINDS[kind]], find_layout(kind, own_layout)
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="gridrider-") as work, duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number, file in enumerate(files):
            folder = Path(work) / str(number)
            folder.mkdir()
            found = stage_file(connection, file, layout, folder / f"{schema.name}.csv")
            problems += found
            if errors(found):
                continue
            problems += [replace(problem, file=str(file)) for problem in read_table(connection, folder, schema, PLACE)]
            connection.execute(f"create temp table if not exists {schema.name}_all as from {schema.name} limit 0")
            connection.execute(f"insert into {schema.name}_all by name from {schema.name}")
        if errors(problems):
            out.mkdir(parents=True, exist_ok=True)
            write_problems(out / "problems.csv", problems)
            raise DataRefused(problems)
        connection.execute(stage_sql("settlement", "macros"))
        out.mkdir(parents=True, exist_ok=True)
        goal, half = out / f"{schema.name}.csv", Path(work) / "table.csv"
        copy_csv(connection, sql(f"import_{schema.name}"), half)
        ((rows,),) = connection.execute(f"select count(*) from {schema.name}_all").fetchall()
        waiting = out / f".{schema.name}.part"
        waiting.write_bytes(half.read_bytes())
        write_problems(out / "problems.csv", problems)
        waiting.replace(goal)
    return problems, (goal, out / "problems.csv"), int(rows)

