"""Run the SQL of the enrollment stage: statement by statement, each with the parameters that it names."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from .sql_text import sql, stage_sql

_NAMED = re.compile(r"\$([a-z_]+)")


def run_stage(connection: duckdb.DuckDBPyConnection, name: str, **given: Any) -> None:
    """Run the statements of `enrollment/<name>.sql`."""
    run_text(connection, stage_sql("enrollment", name), given)


def run_text(connection: duckdb.DuckDBPyConnection, text: str, given: dict[str, Any]) -> None:
    """Run statements that end in a semicolon at the end of a line."""
    for statement in text.split(";\n"):
        if statement.strip():
            named = set(_NAMED.findall(statement))
            connection.execute(statement, {name: value for name, value in given.items() if name in named})


def filled(name: str, **given: str) -> str:
    """A query of the use case with texts of ours in place of its names."""
    text = sql(name)
    for word, held in given.items():
        text = text.replace(f"${word}", held)
    return text
