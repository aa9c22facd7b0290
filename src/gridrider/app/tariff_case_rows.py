"""Hold the tables of a settlement against what a worked example expects of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Cells = Mapping[str, str]
Tables = Mapping[str, Sequence[Cells]]
TELLING = ("payee_id", "enrollment_id", "event_id", "service", "component", "start", "period_start", "quantity", "kwh",
           "amount_usd", "total_usd")
"""What is told of a row where the example expects none, so far as its table has it."""
LISTED_MAX = 5
"""So many unexpected rows are told one by one."""


def differences(expect: Mapping[str, Any], tables: Tables, zone: ZoneInfo) -> list[str]:
    """A sentence for each thing in which the tables are not what the example expects.

    The tables are those of formats.md by name (participation, lines, statements, attribution), as texts.
    """
    found = []
    for key, column in (("outcomes", "outcome"), ("counted", "counted")):
        for event_id, said in expect.get(key, {}).items():
            found += _by_home(key, str(event_id), said, {
                row["enrollment_id"]: row[column] for row in tables["participation"]
                if row["event_id"] == str(event_id)})
    for name in ("lines", "statements", "attribution"):
        if name in expect:
            found += _rows(name, expect[name], tables[name], zone)
    if "total_usd" in expect:
        total = sum((Decimal(line["amount_usd"]) for line in tables["lines"]), Decimal(0))
        if total != Decimal(str(expect["total_usd"])):
            found.append(f"total_usd: expected {expect['total_usd']}, came {total}")
    return found


def _by_home(key: str, event_id: str, said: Any, taken: Mapping[str, str]) -> list[str]:
    """What is expected of each home in an event, or of all homes at once."""
    if not taken and not isinstance(said, Mapping):
        return [f"{key} of {event_id}: expected {_plain(said)}, but no home took part"]
    by_home = said if isinstance(said, Mapping) else dict.fromkeys(taken, said)
    wanted = {str(home): _plain(word).lower() for home, word in by_home.items()}
    return [f"{key} of {event_id}, {home}: expected {wanted.get(home, 'nothing')}, came {taken.get(home, 'nothing')}"
            for home in sorted(wanted.keys() | taken.keys()) if wanted.get(home) != taken.get(home)]


def _rows(name: str, wanted: Sequence[Mapping[str, Any]], rows: Sequence[Cells], zone: ZoneInfo) -> list[str]:
    """Each expected row is there once, and no other."""
    row_of = _pairs([[number for number, row in enumerate(rows) if not _unlike(said, row, zone)] for said in wanted])
    left = [row for number, row in enumerate(rows) if number not in row_of.values()]
    found = []
    for place, said in enumerate(wanted):
        if place in row_of:
            continue
        near = min(left, key=lambda row: len(_unlike(said, row, zone)), default=None)
        if near is None:
            found.append(f"{name}: expected {_shown(said)}, came no further row")
            continue
        left.remove(near)
        unlike = _unlike(said, near, zone)
        if len(unlike) == len(said):
            found.append(f"{name}: expected {_shown(said)}, came {_shown({key: near.get(key, '') for key in said})}")
        else:
            found.append(f"{name}: expected {_shown(said)}, came " + ", ".join(
                f"{key} {near[key] or 'blank'}" if key in near else f"no column {key}" for key in unlike))
    columns = list(dict.fromkeys(key for said in wanted for key in said)) or TELLING
    found += [f"{name}: not expected: {_shown({key: row[key] for key in columns if row.get(key)})}"
              for row in left[:LISTED_MAX]]
    return [*found, *([f"{name}: and {len(left) - LISTED_MAX} more that are not expected"]
                      if len(left) > LISTED_MAX else [])]


def _pairs(fitting: Sequence[Sequence[int]]) -> dict[int, int]:
    """For as many expected rows as can be, a row of their own among those that fit.

    Where an expected row finds all its rows taken, who took one of them is asked to take another (augmenting paths), so
    that the order in which an example names its rows does not matter.
    """
    taken_by: dict[int, int] = {}

    def settle_for_one(place: int, asked: set[int]) -> bool:
        for number in fitting[place]:
            if number not in asked:
                asked.add(number)
                if number not in taken_by or settle_for_one(taken_by[number], asked):
                    taken_by[number] = place
                    return True
        return False

    for place in range(len(fitting)):
        settle_for_one(place, set())
    return {place: number for number, place in taken_by.items()}


def _unlike(said: Mapping[str, Any], row: Cells, zone: ZoneInfo) -> list[str]:
    """The columns in which a row is not what the example says of it; its start is read by the local clock."""
    return [column for column, cell in said.items() if column not in row or not (
        _same_time(str(cell), row[column], zone) if column == "start" else _agree(cell, row[column]))]


def _same_time(said: str, cell: str, zone: ZoneInfo) -> bool:
    try:
        moment = datetime.fromisoformat(said)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)) == datetime.fromisoformat(cell)
    except ValueError:
        return said == cell


def _agree(said: object, cell: str) -> bool:
    """True when a cell is what the example says; numbers by their worth."""
    if isinstance(said, bool):
        return _plain(said) == cell
    try:
        return Decimal(str(said)) == Decimal(cell)
    except ArithmeticError:
        return _plain(said) == cell


def _plain(said: object) -> str:
    """A cell of the example as the tables write it."""
    if isinstance(said, bool):
        return str(said).lower()
    return "" if said is None else str(said)


def _shown(cells: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_plain(cell) or 'blank'}" for key, cell in cells.items()) + "}"
