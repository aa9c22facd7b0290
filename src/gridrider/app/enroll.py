"""From applications and acts to enrollments: who may take part, since when, and why not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from ..enrollment.conditions import Sheet
from ..enrollment.eligibility import Check, checks
from ..enrollment.model import APPLICATIONS
from ..problem import DataRefused, Problem, refuse_on_error, warning
from ..tariff.declared import rules
from ..tariff.load import load
from ..tariff.model import Tariff, in_force
from .enroll_inputs import attributes, read_inputs
from .enroll_outputs import publish_enrollments
from .enroll_queue import fill_seats
from .enroll_rules import register_rules
from .enroll_sql import run_stage, run_text
from .sql_text import stage_sql

NOT_KEPT = ("application_id", "application_no", "source_row", "applied_at", "applied_on", "household_income_micro_usd",
            "median_income_state_micro_usd", "median_income_area_micro_usd", "utility_customer", "cca_customer",
            "utility_owned", "other_programs", "energy_mwh", "pending", "day", "start_on", "participant_kind",
            "participant_utility", "participant_affiliate", "participant_signed_on", "participant_data_signed_on",
            "known")
"""What an application says that its enrollment does not keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What a run came to."""

    out: Path
    at: date
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)


def enroll(tariff_file: Path, inputs: Path, out: Path, at: date | None = None) -> Enrolled:
    """Decide every application and deal with every act; write the tables all together.

    Raises DataRefused with every Problem when the tariff or a table holds an error; nothing is written then.
    """
    tariff, problems = load(tariff_file)
    refuse_on_error(problems)
    if tariff is None:
        raise DataRefused(problems)
    seconds: dict[str, float] = {}
    with duckdb.connect() as connection:
        began = time.perf_counter()
        day, found = read_inputs(connection, inputs, tariff, at)
        problems = [*problems, *found]
        seconds["read"] = round(time.perf_counter() - began, 3)
        began = time.perf_counter()
        problems += decide(connection, tariff, day)
        seconds["decide"] = round(time.perf_counter() - began, 3)
        counts = publish_enrollments(connection, out, tariff, tariff_file, day, problems, seconds)
    return Enrolled(out=out, at=day, problems=tuple(problems), counts=counts, seconds=seconds)


def decide(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> list[Problem]:
    """Acts on what is enrolled, then eligibility, then the queue, then acts on who came in; returns warnings."""
    register_rules(connection, tariff, at)
    run_stage(connection, "enrollment", at=at)
    _act_rounds(connection, tariff, at)
    problems = [*_too_early(connection, tariff), *judge(connection, tariff, at)]
    run_stage(connection, "re_enrollment", at=at)
    run_stage(connection, "one_device", at=at)
    run_stage(connection, "candidates", at=at)
    run_stage(connection, "seats")
    fill_seats(connection, tariff, at)
    _enroll_admitted(connection)
    _act_rounds(connection, tariff, at)
    run_stage(connection, "application_acts", at=at)
    return problems


def judge(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> list[Problem]:
    """Put every application through every check; the refusals stand in `refusal`, warnings are returned."""
    sheet = Sheet(dict.fromkeys(attributes(connection, "applications", APPLICATIONS), ""))
    ((first, last),) = connection.execute("select min(day), max(day) from applicant where not known").fetchall()
    if first is None:
        return []
    made = [check for check in checks(tariff, sheet, at) if check.first <= last and first < check.end]
    for check in made:
        connection.execute(
            f"insert into refusal select application_no, {check.number}, ?, {check.reason} from applicant "
            f"where not known and day <= ? and rider = ? and day >= ? and day < ? and ({check.fails})",
            [check.clause, at, check.rider, check.first, check.end])
    return _not_said(connection, made)


def _too_early(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> list[Problem]:
    """One warning for each rider that was applied for on a day when none of its conditions was in force yet."""
    begins = {name: min(dated.effective for condition in rider.eligibility for rule in rules(condition)
                        for dated in rule.history) for name, rider in tariff.riders.items() if rider.eligibility}
    found = []
    for name, day in sorted(begins.items()):
        ((count,),) = connection.execute("select count(*) from applicant where not known and rider = ? and day < ?",
                                         [name, day]).fetchall()
        if count:
            found.append(warning("applications", f"holds {count} application{'s' if count != 1 else ''} from before "
                                 f"{day}, the day from which this rider's conditions hold, so none of them was asked",
                                 "Check the days, or give the tariff an earlier effective: day.", column="rider",
                                 value=name))
    return found


def _not_said(connection: duckdb.DuckDBPyConnection, made: Sequence[Check]) -> list[Problem]:
    """One warning for each column whose blank cells were taken for a no."""
    blank: dict[str, int] = {}
    for check in made:
        if check.asked:
            ((count,),) = connection.execute(
                f"select count(*) from applicant where not known and rider = ? and day >= ? and day < ? "
                f"and ({check.unknown})", [check.rider, check.first, check.end]).fetchall()
            blank[check.asked] = blank.get(check.asked, 0) + count
    of_participants = {"utility_affiliate": "participants"}
    return [warning(of_participants.get(column, "applications"), f"is blank in {count} "
                    f"application{'s' if count != 1 else ''}, which was taken for a no",
                    "Fill it where the answer is known.", column=column)
            for column, count in sorted(blank.items()) if count]


def _enroll_admitted(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the enrollments of who has a seat, with the attributes that their applications brought."""
    own = {name for name, *_ in connection.execute("describe enrollment").fetchall()}
    extra = attributes(connection, "applications", APPLICATIONS)
    for name in (*extra, "energy_kwh"):
        if name not in own:
            quoted = '"' + name.replace('"', '""') + '"'
            connection.execute(f"alter table enrollment add column {quoted} varchar")
    text = stage_sql("enrollment", "new_enrollments").replace("$left_out", ", ".join(NOT_KEPT))
    text = text.replace("$kept_as_text", ", plain_text(a.energy_mwh, 1000000) as energy_kwh")
    run_text(connection, text, {})


def _act_rounds(connection: duckdb.DuckDBPyConnection, tariff: Tariff, at: date) -> None:
    successor = in_force(tariff.successor, at, at)
    while True:
        run_stage(connection, "act_round", successor=successor.value if successor is not None else None)
        if not connection.execute("select 1 from due limit 1").fetchall():
            return
