"""The SQL of the use cases and of the stages, as text."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def sql(name: str) -> str:
    """A use case's own SQL: `app/sql/<name>.sql`."""
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@cache
def stage_sql(stage: str, name: str) -> str:
    """A stage's SQL: `<stage>/<name>.sql`; the stage may be a dotted path."""
    return resources.files(f"gridrider.{stage}").joinpath(f"{name}.sql").read_text(encoding="utf-8")
