"""Settle a period: from a tariff, enrollments, events and readings to statements, a ledger and their reasons."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..event.service_events import not_ended, service_events
from ..interval import DateSpan, local_midnight
from ..problem import DataRefused, Problem, refuse_on_error
from ..tariff.load import load
from ..tariff.model import Tariff
from .attribute import attribute
from .mart import open_days
from .measure import measure_calls
from .outputs import MARK, Published, publish
from .prior import read_prior
from .settle_calls import make_calls
from .settle_inputs import problems_block, read_inputs, with_file_names
from .settle_lines import make_amounts, make_statements
from .settle_plan import make_plan
from .write_report import write_report

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is."""


def silent(step: str, done: int, total: int) -> None:
    """The progress of nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRequest:
    """What to settle, from where to where."""

    tariff: Path
    inputs: Path
    period: DateSpan
    out: Path
    as_of: datetime | None = None
    """The only "now"; None = the end of the period."""
    prior: Path | None = None
    engine: str = "local"
    report: bool = False
    report_participants: tuple[str, ...] = ()
    threads: int | None = None
    memory_limit_mb: int = 600
    points_per_bucket: int = 10000
    progress: Progress = field(default=silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a run wrote, in numbers that its caller may print."""

    out: Path
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    total_usd: str
    seconds: dict[str, float]


def settle(request: SettleRequest) -> Settled:
    """Settle a period and write every output table, all together or not at all.

    Raises DataRefused with every Problem when the tariff or the data holds an error; then nothing but
    problems.csv is written, and that by the caller.
    """
    tariff, problems = load(request.tariff)
    if tariff is None:
        raise DataRefused(problems)
    with tempfile.TemporaryDirectory(prefix="gridrider-") as work, open_database(Path(work), request) as connection:
        try:
            return _settle(request, tariff, connection, Path(work))
        except DataRefused as refused:
            raise DataRefused(with_file_names(refused.problems, request.inputs)) from None


def open_database(work: Path, request: SettleRequest) -> duckdb.DuckDBPyConnection:
    """An in-process database bounded in memory, that spills into the work folder."""
    connection = duckdb.connect(config={
        "memory_limit": f"{request.memory_limit_mb}MB", "temp_directory": str(work / "spill"),
        "autoinstall_known_extensions": False, "autoload_known_extensions": False,
        "preserve_insertion_order": False,  # every table that is written is sorted by its key
        **({"threads": request.threads} if request.threads else {})})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _settle(request: SettleRequest, tariff: Tariff, connection: duckdb.DuckDBPyConnection, work: Path) -> Settled:
    zone = ZoneInfo(tariff.timezone)
    as_of = request.as_of or local_midnight(request.period.end, zone)
    request.progress("Reading the tables", 0, 1)
    inputs = read_inputs(connection, request.inputs, tariff)
    problems = list(inputs.problems)
    meant = [event.start.astimezone(zone).date() in request.period for event in inputs.events]
    ended = [event.end <= as_of for event in inputs.events]
    problems += [not_ended(event) for event, wanted, over in zip(inputs.events, meant, ended, strict=True)
                 if wanted and not over]
    settled = [wanted and over for wanted, over in zip(meant, ended, strict=True)]
    made, found = service_events(tariff, inputs.events, settled, as_of)
    problems += found
    prior, found = read_prior(connection, request.prior, request.period)
    problems += found
    if problems_block(problems):
        refuse_on_error(problems)
    plan = make_plan(tariff, inputs.events, made, request.period, as_of)
    problems += make_calls(connection, plan)
    refuse_on_error(problems)
    days = open_days(connection, request, plan, work)
    problems += days.problems
    refuse_on_error(problems)
    measure_calls(connection, request, plan, days, work)
    problems += attribute(connection, plan)
    problems += make_amounts(connection, plan, tariff, str(request.tariff))
    refuse_on_error(problems)
    make_statements(connection, plan)
    connection.execute("drop table call; drop table concerned; drop table measured; drop table adjustment; "
                       "drop view keyed_line; drop table line; drop table upfront_part; "
                       "drop table upfront_due")  # what is still to be written needs the memory
    problems = with_file_names(problems, request.inputs)
    request.progress("Writing the tables", 0, 1)
    published: Published = publish(connection, request.out, plan, tariff, request.tariff, problems, prior=prior,
                                   inputs=request.inputs, finish=partial(_report, request, tariff))
    return Settled(out=request.out, problems=tuple(problems), counts=published.counts, total_usd=published.total_usd,
                   seconds=published.seconds)


def _report(request: SettleRequest, tariff: Tariff, folder: Path) -> None:
    """The report of the tables that stand in the folder, when it was asked for."""
    if request.report:
        assumptions = json.loads((folder / MARK).read_text(encoding="utf-8"))["assumptions"]
        write_report(folder, tariff_title=tariff.title, authority=tariff.authority, currency=tariff.currency,
                     timezone=tariff.timezone, assumptions=assumptions, participants=request.report_participants,
                     progress=request.progress)
