"""Settle one line again from the inputs: the same use cases, on its own enrollments and their readings alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from ..engine.buckets import open_worker, run_on_files
from ..event.service_events import service_events
from ..interval import DateSpan, Interval
from ..measurement.kernel import Kernel
from ..problem import DataRefused, Problem, error, refuse_on_error
from ..tariff.load import parse_text
from ..tariff.model import Tariff
from .attribute import attribute
from .explain_readings import KeptReadings, keep_readings, slots_of_days
from .mart import Days, days_needed, open_days
from .measure import buckets_of, measure_calls
from .outputs import MARK
from .prior import read_prior
from .settle import SettleRequest
from .settle_calls import make_calls
from .settle_inputs import problems_block, read_inputs
from .settle_lines import make_amounts, make_statements
from .settle_plan import SettlePlan, make_plan
from .sql_text import sql

MEMORY_MB = 400
POINTS_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a folder of outputs says of its run."""

    tariff: Tariff
    tariff_hash: str
    tariff_path: str
    period: DateSpan
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A series' net load on one local day, in mWh by elapsed steps and by the wall clock; None = missing."""

    step_seconds: int
    elapsed_mwh: list[int | None]
    clock_mwh: list[int | None]


@dataclass(slots=True, kw_only=True)
class Rerun:
    """The tables of a settlement of few enrollments, still open for questions."""

    connection: duckdb.DuckDBPyConnection
    plan: SettlePlan
    readings: KeptReadings
    loads: dict[tuple[int, int], dict[date, Load]] = field(default_factory=dict)
    """By group of kernels and series: what the day-matching methods saw."""
    picks: dict[tuple[str, int, int], Mapping[str, Any]] = field(default_factory=dict)
    """By table (shape or window_pick), number and step: where rows and window stand in a load."""

    def ask(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query as records."""
        answer = self.connection.execute(query, list(parameters))
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def points_on(self, enrollment_no: int, day: date, *, with_premise: bool = False) -> list[str]:
        """The metering points that stand for an enrollment on a local day, the later one first."""
        series = [enrollment_no * 2, *([enrollment_no * 2 + 1] if with_premise else [])]
        rows = self.ask("select point_id from series_day where list_contains(?, series_no) and ? between from_date and "
                        "to_date and point_id is not null order by series_no, starts desc, point_id", series, day)
        return list(dict.fromkeys(row["point_id"] for row in rows))

    def local(self, instant: datetime) -> datetime:
        """An instant of a table (UTC, marked or not) on the tariff's clock."""
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(self.plan.zone)

    def local_text(self, instant: datetime) -> str:
        """An instant on the tariff's clock, with its offset."""
        return self.local(instant).isoformat()

    def clock_span(self, span: Interval, *, with_day: bool = True) -> str:
        """A span on the tariff's clock: 2025-08-21, 16:00 to 21:00 PDT."""
        start, end = self.local(span.start), self.local(span.end)
        last = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%H:%M on %Y-%m-%d}"
        return f"{f'{start:%Y-%m-%d}, ' if with_day else ''}{start:%H:%M} to {last} {start.tzname()}"


def read_run(out: Path) -> Run:
    """The run that wrote a folder. Raises DataRefused when the folder holds none."""
    try:
        said = json.loads((out / MARK).read_text(encoding="utf-8"))
        tariff, problems = parse_text(json.dumps(said["tariff"], indent=1, ensure_ascii=False), str(out / MARK))
        refuse_on_error(problems)
        period = DateSpan(first=date.fromisoformat(said["period_start"]), end=date.fromisoformat(said["period_end"]))
        as_of = datetime.fromisoformat(said["as_of"])
        names = str(said["tariff_hash"]), str(said["tariff_path"])
    except (OSError, ValueError, KeyError, TypeError, DataRefused) as fault:
        raise DataRefused([error(str(out), f"is not the folder of a run ({MARK}: {type(fault).__name__})",
                                 "Give the folder that gridrider settle wrote.")]) from None
    if tariff is None:
        raise DataRefused([error(str(out / MARK), "holds no tariff", "Settle again.")])
    return Run(tariff=tariff, tariff_hash=names[0], tariff_path=names[1], period=period, as_of=as_of)


def settle_again(run: Run, line: Mapping[str, str], request: SettleRequest, connection: duckdb.DuckDBPyConnection,
                 work: Path) -> Rerun:
    """Settle the enrollments behind a line: every table of a settlement, nothing written.

    An aggregation's line has all of its members behind it. Raises DataRefused when the inputs hold errors.
    """
    zone = ZoneInfo(run.tariff.timezone)
    inputs = read_inputs(connection, request.inputs, run.tariff)
    problems = list(inputs.problems)
    _stop_on_error(problems)
    _only_behind(connection, line)
    settled = [event.start.astimezone(zone).date() in run.period and event.end <= run.as_of for event in inputs.events]
    made, found = service_events(run.tariff, inputs.events, settled, run.as_of)
    read_prior(connection, None, run.period)
    _stop_on_error([*problems, *found])
    plan = make_plan(run.tariff, inputs.events, made, run.period, run.as_of)
    _stop_on_error(make_calls(connection, plan))
    kept, days = _own_readings(connection, plan, request, work)
    _stop_on_error(list(days.problems))
    measure_calls(connection, request, plan, days, work)
    attribute(connection, plan)
    _stop_on_error(make_amounts(connection, plan, run.tariff, run.tariff_path))
    make_statements(connection, plan)
    again = Rerun(connection=connection, plan=plan, readings=kept)
    _note_loads(again, days)
    return again


def _stop_on_error(problems: Sequence[Problem]) -> None:
    if problems_block(list(problems)):
        refuse_on_error(problems)


def _only_behind(connection: duckdb.DuckDBPyConnection, line: Mapping[str, str]) -> None:
    """Leave only the enrollments that a line speaks of, with those that share a meter with them."""
    for statement in connection.extract_statements(sql("explain_behind")):
        named = {name: line[name] for name in ("enrollment_id", "participant_id", "aggregation_id", "component")
                 if name in statement.named_parameters}
        connection.execute(statement, named)


def _own_readings(connection: duckdb.DuckDBPyConnection, plan: SettlePlan, request: SettleRequest,
                  work: Path) -> tuple[KeptReadings, Days]:
    """The readings of the enrollments' points, and the days that are folded from them."""
    points = [row[0] for row in connection.execute(
        "select distinct point_id from series where point_id is not null order by 1").fetchall()]
    if (request.inputs / "days").is_dir():
        days = open_days(connection, request, plan, work)
        return slots_of_days(connection, days.files, points, plan.zone), days
    kept = keep_readings(request.inputs, work / "kept", points=points, days=days_needed(plan), zone=plan.zone)
    return kept, open_days(connection, replace(request, inputs=work / "kept"), plan, work)


def _note_loads(again: Rerun, days: Days) -> None:
    """Keep the loads that day matching looked at, and where the rows of its events stand in them."""
    plan = again.plan
    tables = plan.measurement.tables(days.span.first, days.span.end)
    for name, key in (("shape", "shape_no"), ("window_pick", "window_no")):
        for row in tables[name].to_pylist():
            again.picks[name, row[key], row["step_seconds"]] = row
    kernels = list(dict.fromkeys(window.kernel for window in plan.measurement.windows))
    with open_worker(MEMORY_MB, None, None) as worker:
        for bucket in buckets_of(again.connection, kernels, POINTS_MAX):
            kernel = kernels[bucket.group]
            if kernel.family != "day_matching":
                continue
            loads = run_on_files(worker, replace(bucket, kernel=_LoadsOnly(kernel=kernel)), days.files, tables)
            for row in loads.to_pylist():
                again.loads.setdefault((bucket.group, row["series_no"]), {})[row["local_date"]] = Load(
                    step_seconds=row["step_seconds"], elapsed_mwh=row["elapsed_mwh"], clock_mwh=row["clock_mwh"])


LOADS = pa.schema([
    ("series_no", pa.int64()), ("local_date", pa.date32()), ("step_seconds", pa.int64()),
    ("elapsed_mwh", pa.list_(pa.int64())), ("clock_mwh", pa.list_(pa.int64()))])


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoadsOnly:
    """The first half of a kernel: the loads that it measures from, by the same SQL."""

    kernel: Kernel

    @property
    def result(self) -> pa.Schema:
        """The columns of what `run` returns."""
        return LOADS

    @property
    def day_columns(self) -> tuple[str, ...]:
        """The columns of the table of days that the loads are read from."""
        return self.kernel.day_columns

    def run(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The loads of a bucket's series, day by day."""
        with self.kernel.loads(connection, tables):
            return connection.sql(f"select {', '.join(LOADS.names)} from load").to_arrow_table().cast(LOADS)
