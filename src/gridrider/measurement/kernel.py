"""Run the SQL of one family of methods on one bucket of customers: exact whole numbers in, exact whole numbers out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources

import duckdb
import pyarrow as pa

RESULT = pa.schema([
    ("call_no", pa.int64()), ("row_no", pa.int32()), ("baseline_unadjusted_mwh", pa.int64()), ("factor_e6", pa.int64()),
    ("baseline_mwh", pa.int64()), ("metered_mwh", pa.int64()), ("delivered_mwh", pa.int64()), ("quality", pa.int8()),
    ("baseline_days", pa.string()), ("note", pa.string()),
])
"""One row per call and row of its event; a null number is a number that could not be had, and `note` says why."""

FAMILY_SQL = {"direct": "direct", "prescriptive": "direct", "export_from_storage": "direct",
              "day_matching": "day_matching"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """The SQL texts that measure one group of calls; plain text, so that any engine can ship it."""

    load: str
    """load_hours, load_slots or load_storage."""
    zero_exports: bool
    family: str
    crosses_midnight: bool

    @property
    def result(self) -> pa.Schema:
        """The columns of what `run` returns."""
        return RESULT

    def run(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> pa.Table:
        """Measure the calls among `tables`; `day` must already stand in the connection."""
        with self.loads(connection, tables):
            connection.execute(sql_text("metered"))
            return connection.sql(sql_text(FAMILY_SQL[self.family])).to_arrow_table().cast(RESULT)

    @contextmanager
    def loads(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
        """While the block lasts, `load` holds the loads of every series and day among `tables`."""
        given = {**tables, "load_choice": pa.table({"zero_exports": [self.zero_exports]})}
        for name, table in given.items():
            connection.register(name, table)
        shared = ["load_shared"] if tables["shared_day"].num_rows else []
        around = ["load_around"] if self.crosses_midnight else []
        for text in ("macros", self.load, *shared, "load", *around):
            connection.execute(sql_text(text))
        yield
        connection.execute("drop table load" if around else "drop view load")
        for name in given:
            connection.unregister(name)


@cache
def sql_text(name: str) -> str:
    """The text of one SQL file of the method families."""
    return resources.files(__package__).joinpath("baselines", f"{name}.sql").read_text(encoding="utf-8")
