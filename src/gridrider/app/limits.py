"""What the limits on calling leave, and whether an event may be called: of whom, and why not of the others."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from .. import __version__
from ..enrollment.model import ENROLLMENTS
from ..event.limits import Limit, number_text, service_limits, uses_of
from ..event.model import CALLED_DISCHARGE, EVENTS, OPT_OUTS, UNAVAILABLE
from ..event.notices import notices_due
from ..event.propose import PROPOSAL_ID, Proposal, why_not_callable
from ..event.service_events import GridEvent, ServiceEvent, service_events
from ..event.window import Reading
from ..interval import Interval, utc_text
from ..problem import DataRefused, Problem, Refusal, error, refuse_on_error
from ..table import Kind
from ..tariff.holidays import holidays_between
from ..tariff.load import load, tariff_hash
from ..tariff.model import Tariff, value_on
from .limits_tables import (
    asked_table,
    limit_event_tables,
    notice_due_table,
    program_refusal_table,
    reason_clause_table,
    rider_cap_table,
)
from .outputs import MARK, by_enrollment, copy_csv, copy_in_pieces, replacing, write_problems
from .settle_inputs import Inputs, read_inputs, with_file_names
from .sql_text import sql, stage_sql

TABLES = (ENROLLMENTS, EVENTS, OPT_OUTS, UNAVAILABLE, CALLED_DISCHARGE)
ATTRIBUTES = {"usable_kwh": Kind.KWH, "medical_baseline": Kind.BOOLEAN, "life_support": Kind.BOOLEAN}
"""Columns of the enrollments that limits read beside the declared ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsRequest:
    """What to look at, from where to where."""

    tariff: Path
    inputs: Path
    out: Path
    at: datetime | None = None
    """The only "now"; None = everything on file, up to a proposal or the last event."""
    propose: Interval | None = None
    service: str = ""
    zones: tuple[str, ...] = ()
    kind: str = ""
    event_id: str = ""
    """An event of the table to look at in place of a proposal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsDone:
    """What was found and written, in numbers that its caller may print."""

    out: Path
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...]
    counts: dict[str, int]
    spared: dict[str, int]
    """Enrollments by cause, each under every cause that spares it or cuts the event for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """An event that may be called, and the events that stand beside it."""

    event_id: str
    proposal: Proposal
    cancelled_at: datetime | None
    beside: tuple[ServiceEvent, ...]


def limits(request: LimitsRequest) -> LimitsDone:
    """Write limits.csv, and for a proposal refusals.csv and, where it may be called, notices.csv.

    Raises DataRefused with every Problem when the tariff or the data holds an error; nothing is written then.
    """
    tariff, problems = load(request.tariff)
    if tariff is None:
        raise DataRefused(problems)
    with tempfile.TemporaryDirectory(prefix="gridrider-") as work, duckdb.connect(
            config={"temp_directory": str(Path(work) / "spill"), "preserve_insertion_order": False}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            return _limits(request, tariff, connection)
        except DataRefused as refused:
            raise DataRefused(with_file_names(refused.problems, request.inputs)) from None


def _limits(request: LimitsRequest, tariff: Tariff, connection: duckdb.DuckDBPyConnection) -> LimitsDone:
    inputs = read_inputs(connection, request.inputs, tariff, TABLES, ATTRIBUTES)
    problems = [*inputs.problems, *_proposal_problems(tariff, request, inputs.events)]
    refuse_on_error(problems)
    day, reading = _reading(request, tariff, inputs)
    at = request.at
    made, found = service_events(tariff, inputs.events, [True] * len(inputs.events), at or _last(request, inputs))
    problems += found
    refuse_on_error(problems)
    question = _question(request, tariff, made)
    standing = list(question.beside) if question else made
    rows = list(_program_limits(tariff, standing, day, at, reading))
    use_devices(connection, tariff, standing, day, at, reading)
    refused = _refusals(tariff, question, at, reading) if question else []
    if question:
        _spare(connection, tariff, question, refused, reading)
    counts = _write(connection, request, tariff, rows, problems, refused=bool(refused), asked=question is not None)
    return LimitsDone(out=request.out, problems=tuple(problems), counts=counts,
                      refusals=tuple(dict.fromkeys(refusal for _, refusal in refused)),
                      spared=_by_cause(connection) if question else {})


def use_devices(connection: duckdb.DuckDBPyConnection, tariff: Tariff, made: Sequence[ServiceEvent], day: date,
                at: datetime | None, reading: Reading) -> None:
    """Make the table `device_use`: what each battery in force on a day has been called for."""
    tables = {**limit_event_tables(made, day, at, reading), "rider_cap": rider_cap_table(tariff, day, reading)}
    for name, table in tables.items():
        connection.register(name, table)
    connection.execute(stage_sql("settlement", "macros"))
    connection.execute(sql("limits_macros"))
    connection.execute(stage_sql("event", "limits"))


# ---- the time and the question -------------------------------------------------------------------
def _reading(request: LimitsRequest, tariff: Tariff, inputs: Inputs) -> tuple[date, Reading]:
    """The local day whose month and year are counted, and what the tariff is read with."""
    zone = ZoneInfo(tariff.timezone)
    now = request.at or _last(request, inputs)
    span = request.propose or next((event.span for event in inputs.events if event.event_id == request.event_id), None)
    day = (span.start if span else now).astimezone(zone).date()
    by = now.astimezone(zone).date()
    held = value_on(tariff.holidays, day, by, "none")
    return day, Reading(zone=zone, known_by=by, holidays=frozenset(
        holidays_between(held, day.replace(year=day.year - 1, day=1), day.replace(year=day.year + 1, day=28))))


def _last(request: LimitsRequest, inputs: Inputs) -> datetime:
    """The time up to which everything on file is looked at when no time is given."""
    if request.propose is not None:
        return request.propose.start
    ends = [event.end for event in inputs.events]
    if not ends:
        raise DataRefused([error("events", "holds no event, so nothing says which month and year are meant",
                                 "Give --at.")])
    return max(ends)


def _proposal_problems(tariff: Tariff, request: LimitsRequest, events: Sequence[GridEvent]) -> Iterator[Problem]:
    """What is asked and does not exist."""
    if request.event_id and request.event_id not in {event.event_id for event in events}:
        yield error("--event", "is no event of the events table", "Check the id.", value=request.event_id)
    if request.propose is None:
        return
    services = sorted({name for rider in tariff.riders.values() for name in rider.services})
    service = request.service or (services[0] if len(services) == 1 else "")
    if service not in services:
        yield error("--service", "is not a service of the tariff" if service else "is needed: the tariff has several",
                    f"Known: {', '.join(services)}.", value=service)
        return
    for zone in request.zones:
        if tariff.zones and zone not in tariff.zones:
            yield error("--zone", "is not a zone of the tariff", f"Known: {', '.join(tariff.zones)}.", value=zone)


def _question(request: LimitsRequest, tariff: Tariff, made: Sequence[ServiceEvent]) -> _Question | None:
    """The proposal, or the event of the table that is looked at as it was when it was called."""
    if request.event_id:
        own = next(each for each in made if each.event.event_id == request.event_id)
        proposal = Proposal(span=own.event.span, service=own.service_name, kind=own.kind,
                            zones=frozenset(own.event.zones), at=own.event.called_at)
        beside = tuple(each for each in made if each.event.start < own.event.start
                       and each.event.event_id != own.event.event_id)
        return _Question(event_id=request.event_id, proposal=proposal, cancelled_at=own.event.cancelled_at,
                         beside=beside)
    if request.propose is None:
        return None
    services = [name for rider in tariff.riders.values() for name in rider.services]
    draft = GridEvent(event_id=PROPOSAL_ID, service=request.service or services[0], kind=request.kind or None,
                      start=request.propose.start, end=request.propose.end, zones=request.zones, called_at=request.at,
                      cancelled_at=None, source_row=0)
    found, problems = service_events(tariff, [draft], [True], request.at or draft.start)
    refuse_on_error([replace(problem, file="--propose", row=None) for problem in problems])
    return _Question(event_id=PROPOSAL_ID, cancelled_at=None, beside=tuple(made), proposal=Proposal(
        span=request.propose, service=found[0].service_name, kind=found[0].kind, zones=frozenset(request.zones),
        at=request.at))


# ---- answers ---------------------------------------------------------------------------------------
def _program_limits(tariff: Tariff, made: Sequence[ServiceEvent], day: date, at: datetime | None,
                    reading: Reading) -> Iterator[Limit]:
    for rider_name, rider in tariff.riders.items():
        for name, service in rider.services.items():
            uses = uses_of(made, rider_name, name, at, reading)
            yield from service_limits(service.calls, tariff.season(service.calls.season), uses, day, reading,
                                      program=_program_id(tariff, rider_name, name), service=name)


def _program_id(tariff: Tariff, rider: str, service: str) -> str:
    """The tariff's name; with the rider behind it where several riders have the service."""
    several = sum(service in held.services for held in tariff.riders.values()) > 1
    return f"{tariff.tariff}:{rider}" if several else tariff.tariff


def _refusals(tariff: Tariff, question: _Question, at: datetime | None,
              reading: Reading) -> list[tuple[str, Refusal]]:
    """What refuses the event itself, in one rider or another."""
    name, refused = question.proposal.service, []
    for rider_name, rider in tariff.riders.items():
        if name not in rider.services:
            continue
        calls = rider.services[name].calls
        uses = uses_of(question.beside, rider_name, name, at, reading)
        standing = [each for each in question.beside if (each.rider_name, each.service_name) == (rider_name, name)
                    and not each.event.cancelled and (at is None or each.event.called_at is None
                                                      or each.event.called_at <= at)]
        refused += [(_program_id(tariff, rider_name, name), refusal) for refusal in why_not_callable(
            question.proposal, calls, tariff.season(calls.season), uses, standing, reading)]
    return refused


def _spare(connection: duckdb.DuckDBPyConnection, tariff: Tariff, question: _Question,
           refused: Sequence[tuple[str, Refusal]], reading: Reading) -> None:
    """Make the tables of who is spared and of the notices of everybody else."""
    proposal, day = question.proposal, reading.day(question.proposal.span.start)
    connection.register("asked", asked_table(tariff, proposal, question.event_id, reading))
    connection.register("reason_clause", reason_clause_table(tariff, proposal.service, day, reading))
    connection.register("program_refusal", program_refusal_table(refused))
    connection.register("notice_due", notice_due_table({
        name: notices_due(proposal.span, proposal.at, question.cancelled_at,
                          rider.services[proposal.service].calls.notice, reading)
        for name, rider in tariff.riders.items() if proposal.service in rider.services}))
    connection.execute(stage_sql("event", "spared"))


def _by_cause(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = connection.sql("select cause, count(distinct enrollment_no) from spared group by cause order by cause")
    return dict(rows.fetchall())


# ---- writing ---------------------------------------------------------------------------------------
def _write(connection: duckdb.DuckDBPyConnection, request: LimitsRequest, tariff: Tariff, rows: Sequence[Limit],
           problems: Sequence[Problem], *, refused: bool, asked: bool) -> dict[str, int]:
    with replacing(request.out) as folder:
        file = folder / "limits.csv"
        copy_in_pieces(connection, sql("limits_enrollment"), by_enrollment(connection, "device_use", "e"), file)
        _add_program_rows(file, rows)
        counts = {"enrollments": _count(connection, "device_use"), "limits": len(rows)}
        if asked:
            copy_csv(connection, sql("limits_refusals"), folder / "refusals.csv")
            counts |= {"concerned": _count(connection, "call_list"),
                       "spared": _count(connection, "call_list where share_micro = 0"),
                       "reduced": _count(connection, "call_list where share_micro > 0 and share_micro < 1000000")}
        if asked and (request.event_id or not refused):
            told = sql("notices").replace("$notices", stage_sql("event", "notices"))
            copy_csv(connection, told, folder / "notices.csv")
        write_problems(folder / "problems.csv", with_file_names(problems, request.inputs))
        (folder / MARK).write_text(json.dumps({
            "command": "limits", "tariff_hash": tariff_hash(tariff), "tariff_path": str(request.tariff),
            "at": utc_text(request.at) if request.at else None, "gridrider_version": __version__, "counts": counts,
        }, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return counts


def _add_program_rows(file: Path, rows: Sequence[Limit]) -> None:
    """The rows of program and zones behind those of the enrollments, as the order of the scopes is."""
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for row in sorted(rows, key=lambda row: (row.scope, row.id, row.service, row.parameter)):
            writer.writerow((row.scope, row.id, row.service, row.parameter, number_text(row.used),
                             number_text(row.left), number_text(row.owed), row.clause,
                             number_text(row.least.value if row.least else None),
                             number_text(row.most.value if row.most else None), row.period.first, row.period.end, ""))


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = connection.sql(f"select count(*) from {table}").fetchall()
    return int(count)
