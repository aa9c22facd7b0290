"""Run the SQL of one family of methods on one bucket of customers: exact whole numbers in, exact whole numbers out."""

from __future__ import annotations

import re
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

FAMILY_SQL = {
    "direct": ("metered_row", "direct"), "prescriptive": ("metered_row", "direct"),
    "export_from_storage": ("metered_row", "direct"), "day_matching": ("day_matching",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """The SQL texts that measure one group of calls; plain text, so that any engine can ship it."""

    load: str
    """load_hours, load_slots or load_storage."""
    zero_exports: bool
    family: str
    crosses_midnight: bool
    one_step_rows: bool
    """True when every row of an event is one step of a day's list."""

    @property
    def result(self) -> pa.Schema:
        """The columns of what `run` returns."""
        return RESULT

    @property
    def day_columns(self) -> tuple[str, ...]:
        """The columns of the table of days that the loads are read from."""
        loads = ("net_hour_mwh",) if self.load == "load_hours" else ("import_mwh", "export_mwh")
        return ("point_id", "local_date", "slot_seconds", "quality", *loads)

    def run(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> pa.Table:
        """Measure the calls among `tables`; `day` must already stand in the connection."""
        with self.loads(connection, tables):
            for text in ("one_step" if self.one_step_rows else "several_steps", "metered", *FAMILY_SQL[self.family]):
                connection.execute(written_out(sql_text(text), tables, 3600 if self.load == "load_hours" else 900))
            return connection.sql(f"select {', '.join(RESULT.names)} from measured_row").to_arrow_table().cast(RESULT)

    def _clock_changes(self, tables: Mapping[str, pa.Table]) -> bool:
        """True if a day that may be read has 23 or 25 hours."""
        if self.crosses_midnight:
            return True
        read = {*tables["call"].column("local_date").unique().to_pylist(),
                *tables["candidate"].column("local_date").unique().to_pylist()}
        return any(day in read for day in tables["clock_change"].column("local_date").to_pylist())

    @contextmanager
    def loads(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
        """While the block lasts, `load` holds the loads of every series and day among `tables`."""
        given = {**tables, "load_choice": pa.table({"zero_exports": [self.zero_exports]})}
        for name, table in given.items():
            connection.register(name, table)
        shared = ["load_shared"] if tables["shared_day"].num_rows else []
        around = ["load_around"] if self.crosses_midnight else []
        clock = "load" if self._clock_changes(tables) else "load_same_clock"
        for text in ("macros", self.load, *shared, clock, *around):
            connection.execute(sql_text(text))
        yield
        connection.execute("drop table load" if around else "drop view load")
        connection.execute("drop view load_of_day")
        for name in given:
            connection.unregister(name)


JOINED_BY = {"each": ", ", "and": " and ", "plus": " + ", "case": " ", "window": " + "}
_FOR_EACH = re.compile(r"\{(each|and|plus|case|window): ([^}]*)\}")


def written_out(text: str, tables: Mapping[str, pa.Table], step_seconds_min: int) -> str:
    """A text with what it says once written out for every row of an event and every step of a window.

    `{each: sum(r#) as s#}` becomes a sum for each of the columns p1, p2, ... of `window_pick`, `{window: …}` a term
    for each step of the longest window that loads of that step have, and `{event_days}` the dates of the calls, so
    that no other day is even read.
    """
    picks = tables["window_pick"]
    rows = sum(name[0] == "p" and name[1:].isdigit() for name in picks.column_names)
    steps = max((len(places) for places, step in zip(picks.column("window_picks").to_pylist(),
                                                     picks.column("step_seconds").to_pylist(), strict=True)
                 if step >= step_seconds_min), default=0)
    days = ", ".join(f"date '{day}'" for day in sorted(tables["call"].column("local_date").unique().to_pylist()))
    return for_rows(text, rows, steps).replace("{event_days}", days)


def for_rows(text: str, rows: int, window_steps: int = 0) -> str:
    """Write out what a text says once for all rows of an event, or for all steps of its adjustment window.

    >>> for_rows("select {each: r#}, case n {case: r#} end where {and: r# > 0} and {window: w#} = 0", 2)
    'select r1, r2, case n when 1 then r1 when 2 then r2 end where r1 > 0 and r2 > 0 and 0 = 0'
    """
    def several(found: re.Match[str]) -> str:
        how, piece = found.groups()
        count = window_steps if how == "window" else rows
        pieces = [piece.replace("#", str(number)) for number in range(1, count + 1)]
        if how == "case":
            pieces = [f"when {number} then {made}" for number, made in enumerate(pieces, start=1)]
        return JOINED_BY[how].join(pieces) or "0"

    return _FOR_EACH.sub(several, text)


@cache
def sql_text(name: str) -> str:
    """The text of one SQL file of the method families."""
    return resources.files(__package__).joinpath("baselines", f"{name}.sql").read_text(encoding="utf-8")
