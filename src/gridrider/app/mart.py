"""The daily mart of a run: given in the inputs, or folded from their readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ..interval import DAY, DateSpan
from ..problem import Problem, error, warning
from .fold_readings import fold_readings
from .settle_plan import SettlePlan

if TYPE_CHECKING:
    from .settle import SettleRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Where the mart lies and which of its files a run reads."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...]
    span: DateSpan


def open_days(connection: duckdb.DuckDBPyConnection, request: SettleRequest, plan: SettlePlan, work: Path) -> Days:
    """The mart's files for the days that any settled event reads; the readings are folded when there is no mart."""
    needed = days_needed(plan)
    span = DateSpan(first=min(needed), end=max(needed) + DAY)
    given = request.inputs / "days"
    if given.is_dir():
        files = _files(given, needed)
        problems: tuple[Problem, ...] = () if files else (
            error("days", "holds no day that the events of this run read", f"Fold the readings of {span.first} to "
                  f"{span.end - DAY}.",),)
        return Days(files=files, problems=problems, span=span)
    points = connection.sql("select distinct point_id from series order by 1").to_arrow_table().column(0)
    report = fold_readings(request.inputs, work / "days", zone=plan.zone, points=points.combine_chunks(), dates=span,
                           progress=request.progress, threads=request.threads,
                           memory_limit_mb=request.memory_limit_mb)
    return Days(files=_files(work / "days", needed), span=span,
                problems=(*report.problems, *_silent_points(connection, work / "days", plan)))


def days_needed(plan: SettlePlan) -> frozenset[date]:
    """The local days that the rows, windows and baselines of the settled events may touch."""
    read = {each.local_date for each in plan.service_events if each.in_period}
    read |= {day for held in plan.measurement.matchers for day in held}
    if any(window.kernel.crosses_midnight for window in plan.measurement.windows):
        read |= {day + step * DAY for day in read for step in (-1, 1, 2)}
    return frozenset(read or {plan.period.first})


def _files(folder: Path, needed: frozenset[date]) -> tuple[Path, ...]:
    return tuple(sorted(file for file in folder.glob("*.parquet") if _date_of(file) in needed))


def _date_of(file: Path) -> date:
    try:
        return date.fromisoformat(file.stem)
    except ValueError:
        return date.min


def _silent_points(connection: duckdb.DuckDBPyConnection, folder: Path, plan: SettlePlan) -> Sequence[Problem]:
    """One warning per enrollment whose point has no reading at all, although its measurement reads one."""
    deemed = [number for method, number in plan.measurement.methods.items() if method.family == "deemed"]
    files = [str(file) for file in sorted(folder.glob("*.parquet"))]
    heard = "select distinct point_id from read_parquet(?)" if files else "select null as point_id where false"
    rows = connection.execute(f"""
        select e.source_row, e.enrollment_id, e.point_id from enrollment as e
        where e.enrollment_no in (select enrollment_no from call_window where to_measure
                                  and not list_contains(?, method_no))
          and not exists (select 1 from series as s join ({heard}) as d on d.point_id = s.point_id
                          where s.enrollment_no = e.enrollment_no and s.role = 'performance')
        order by e.source_row""", [deemed, files] if files else [deemed]).fetchall()
    return [warning("enrollments", "its point has no readings", "Check the point id, or ask for the readings.", row=row,
                    column="point_id", value=f"{enrollment_id}: {point_id}") for row, enrollment_id, point_id in rows]
