"""`gridrider filing`: a tariff's calendar and what has happened so far, to every deadline and an iCalendar file."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.icalendar.write import WholeDay, icalendar_text
from ..adapters.tables.read import read_table_file
from ..problem import DataRefused, Problem, error, refuse_on_error
from ..tariff.filing_dates import Act, Deadline, State, computation_on, deadlines
from ..tariff.load import load, tariff_hash
from ..tariff.model import FILING_DATES, Filing, Tariff
from ..tariff.words import listed, spaced, table_text, wrapped

YEARS = range(1900, 2201)
"""Years in which a date of a proceeding can lie; anything else is a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A tariff's calendar as it stands on a day."""

    tariff: Tariff
    at: date
    computation: str
    deadlines: tuple[Deadline, ...]
    problems: tuple[Problem, ...]


def regulatory_calendar(tariff_file: Path, dates_file: Path, at: date | None = None) -> Calendar:
    """Every deadline of a tariff on a day; raises DataRefused with every Problem of both files.

    Without a day it is the last one in the file of dates: what is known by then, and no clock.
    """
    tariff, problems = load(tariff_file)
    if tariff is None:
        raise DataRefused(problems)
    if tariff.filing is None:
        raise DataRefused([error(str(tariff_file), "the tariff has no regulatory calendar", "Add filing: with steps.")])
    acts, found = _read_acts(dates_file, tariff.filing)
    refuse_on_error(found)
    if at is None and not acts:
        raise DataRefused([*found, error(str(dates_file), "holds no date", "Add a row, or give --at.")])
    day = at or max(act.on for act in acts)
    if day.year not in YEARS:
        raise DataRefused([error("--at", f"lies outside the years {YEARS.start} to {YEARS.stop - 1}",
                                 "Correct the year.", value=str(day))])
    return Calendar(tariff=tariff, at=day, computation=computation_on(tariff.filing, day),
                    deadlines=tuple(deadlines(tariff.filing, acts, day)), problems=tuple(found))


def _read_acts(path: Path, filing: Filing) -> tuple[list[Act], list[Problem]]:
    connection = duckdb.connect()
    problems = read_table_file(connection, path, FILING_DATES, ZoneInfo("UTC"))
    if problems and not _is_read(connection):
        return [], problems
    rows = connection.sql("select source_row, step, date, features, note from filing_dates order by 1").fetchall()
    dates_seen: set[str] = set()
    acts = []
    for row, step, on, features, note in rows:
        if step is None or on is None:
            continue  # said by the reader
        problems += _row_problems(str(path), row, step, on, filing, dates_seen)
        acts.append(Act(step=step, on=on, features=frozenset(features or ()), note=note or ""))
    return acts, problems


def _is_read(connection: duckdb.DuckDBPyConnection) -> bool:
    names = connection.sql("select table_name from duckdb_tables() where table_name = 'filing_dates'").fetchall()
    return bool(names)


def _row_problems(file: str, row: int, step: str, on: date, filing: Filing, dates_seen: set[str]) -> list[Problem]:
    """What one row of the file of dates gets wrong."""
    known = [*filing.dates, *filing.steps]
    found = []
    if step not in known:
        found.append(error(file, "is no date or step of the tariff's calendar", f"Known: {', '.join(known)}.", row=row,
                           column="step", value=step))
    if step in filing.dates and step in dates_seen:
        found.append(error(file, "has a row already, and a date can only be one day", "Keep one row.", row=row,
                           column="step", value=step))
    if on.year not in YEARS:
        found.append(error(file, f"lies outside the years {YEARS.start} to {YEARS.stop - 1}", "Correct the year.",
                           row=row, column="date", value=str(on)))
    dates_seen.add(step)
    return found


# ---- what people and programs read ----------------------------------------------------------------
def calendar_text(calendar: Calendar) -> str:
    """The calendar as a table, and below it a sentence for each step that needs one."""
    tariff = calendar.tariff
    rows = [(_name(deadline), str(deadline.state), _done_text(deadline), _day_text(deadline), deadline.by,
             deadline.clause) for deadline in calendar.deadlines]
    lines = [f"{tariff.title}: regulatory calendar on {calendar.at}",
             f"Days are counted by the rule {spaced(calendar.computation)}. A day with ~ counts from an act that is "
             "still to come.", ""]
    lines += [*table_text(("step", "state", "done", "last day", "by", "clause"), rows, indent=""), ""]
    for deadline in calendar.deadlines:
        told = " ".join(filter(None, [deadline.because, _moved_text(deadline), _details_text(deadline)]))
        lines.append(wrapped(f"{_name(deadline)}: {deadline.title}, {deadline.counting}. {told}".rstrip(), indent=""))
    late = [deadline for deadline in calendar.deadlines if deadline.state is State.LATE]
    lines += ["", f"Late: {listed([_name(deadline) for deadline in late])}." if late else "Nothing is late."]
    return "\n".join(lines) + "\n"


def _name(deadline: Deadline) -> str:
    return deadline.step if deadline.occurrence == 1 else f"{deadline.step} #{deadline.occurrence}"


def _done_text(deadline: Deadline) -> str:
    """The day of the last act that counts, blank while something is lacking."""
    done = deadline.state in (State.DONE, State.DONE_LATE, State.TOO_EARLY) and deadline.done_on
    return str(deadline.done_on[-1]) if done else ""


def _day_text(deadline: Deadline) -> str:
    if deadline.due_on is None:
        return ""
    return f"{'~' if deadline.projected else ''}{deadline.due_on}"


def _moved_text(deadline: Deadline) -> str:
    if deadline.reckoned_to is None:
        return ""
    return f"The count ends on {deadline.reckoned_to:%A} {deadline.reckoned_to}, and the next business day is taken."


def _details_text(deadline: Deadline) -> str:
    where = f"Published: {listed([spaced(place) for place in deadline.where])}." if deadline.where else ""
    case_number = f"Case {deadline.case_number}." if deadline.case_number else ""
    features = f"With {listed([spaced(word) for word in deadline.features])}." if deadline.features else ""
    notes = f"Noted: {'; '.join(deadline.notes)}." if deadline.notes else ""
    return " ".join(filter(None, [where, case_number, features, notes]))


def calendar_json(calendar: Calendar) -> dict[str, Any]:
    """The same as one JSON document: days as text, null where there is none."""
    return {"tariff": calendar.tariff.tariff, "tariff_hash": tariff_hash(calendar.tariff), "at": str(calendar.at),
            "computation": calendar.computation,
            "late": [_name(deadline) for deadline in calendar.deadlines if deadline.state is State.LATE],
            "deadlines": [_json_of(deadline) for deadline in calendar.deadlines]}


def _json_of(deadline: Deadline) -> dict[str, Any]:
    held = asdict(deadline)
    return {name: _plain(worth) for name, worth in held.items()}


def _plain(worth: Any) -> Any:
    if isinstance(worth, tuple):
        return [_plain(item) for item in worth]
    if isinstance(worth, State):
        return str(worth)
    return worth.isoformat() if isinstance(worth, date) else worth


# ---- iCalendar --------------------------------------------------------------------------------------
def calendar_ics(calendar: Calendar) -> str:
    """Every step that has a last day and is not done, and what has been done, as whole days of an iCalendar."""
    entries = [entry for deadline in calendar.deadlines for entry in _entries(calendar, deadline)]
    return icalendar_text(entries, name=f"{calendar.tariff.title}: regulatory calendar", stamped_on=calendar.at)


def _entries(calendar: Calendar, deadline: Deadline) -> list[WholeDay]:
    settled = deadline.state in (State.DONE, State.DONE_LATE, State.TOO_EARLY)
    on = deadline.done_on[-1] if settled and deadline.done_on else deadline.due_on
    if on is None or deadline.state in (State.NOT_NEEDED, State.WAIVED):
        return []
    said = [f"{deadline.counting} ({deadline.clause})", f"State on {calendar.at}: {deadline.state}.", deadline.because,
            _moved_text(deadline), _details_text(deadline), f"Acts: {deadline.by}." if deadline.by else ""]
    return [WholeDay(uid=f"{deadline.step}-{deadline.occurrence}@{calendar.tariff.tariff.replace('/', '.')}", on=on,
                     title=f"{deadline.title} ({deadline.state})", description="\n".join(filter(None, said)),
                     category=calendar.tariff.title, tentative=deadline.projected)]


def write_ics(calendar: Calendar, path: Path) -> None:
    """Write the iCalendar file, whole or not at all; raises DataRefused when the folder cannot be written."""
    made: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".filing-", encoding="utf-8", newline="",
                                         delete=False) as file:
            made = Path(file.name)
            file.write(calendar_ics(calendar))
        made.chmod(0o644)
        made.replace(path)
    except OSError as fault:
        if made is not None:
            made.unlink(missing_ok=True)
        raise DataRefused([error(str(path), f"cannot be written: {fault.strerror}", "Choose another place.")]) from None
