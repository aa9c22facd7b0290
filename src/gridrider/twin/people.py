"""Who has what happen to them: lots drawn from the homes, never the same home twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ..table import TableSchema
from .battery import NEVER, Orders, quiet
from .homes import Bools, Ints
from .readings import Fault, FaultKind
from .season import SLOTS_PER_DAY, SeasonEvent

Cells = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """A table as a CSV file will show it: each column a sequence of texts of one length, blank = not given."""

    schema: TableSchema
    columns: Cells

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def table_of(schema: TableSchema, columns: Mapping[str, Sequence[str] | str]) -> TextTable:
    """A table in its schema's order; a text alone stands for every row, and a column left out is blank."""
    rows = max((len(cells) for cells in columns.values() if not isinstance(cells, str)), default=0)

    def full(name: str) -> Sequence[str]:
        cells = columns.get(name, "")
        return [cells] * rows if isinstance(cells, str) else cells

    return TextTable(schema=schema, columns={name: full(name) for name in schema.names})


def table_of_rows(schema: TableSchema, rows: Sequence[Mapping[str, str]]) -> TextTable:
    """A small table from its rows, in the order of its key."""
    ordered = sorted(rows, key=lambda row: tuple(row.get(name, "") for name in schema.key or schema.names))
    return TextTable(schema=schema,
                     columns={name: [row.get(name, "") for row in ordered] for name in schema.names})


def ids(prefix: str, count: int) -> list[str]:
    """Synthetic identities in order, numbered from 1; six digits, so that text order is number order.

    >>> ids("SYN-E-", 2)
    ['SYN-E-000001', 'SYN-E-000002']
    """
    return [f"{prefix}{number:06d}" for number in range(1, count + 1)]


def flags(chosen: Bools) -> list[str]:
    """Booleans as the tables write them."""
    return ["true" if one else "false" for one in chosen.tolist()]


class Lots:
    """Homes in a random order from which each lot takes its share; a home is drawn once."""

    def __init__(self, homes: Ints, rng: np.random.Generator) -> None:
        self._left = rng.permutation(homes)
        self._count = len(homes)

    def take(self, share: float) -> list[int]:
        """A share of all homes, at least one while any is left, sorted."""
        wanted = min(max(1, round(share * self._count)), len(self._left))
        taken, self._left = self._left[:wanted], self._left[wanted:]
        return sorted(taken.tolist())


@dataclass(slots=True, kw_only=True)
class EventDay:
    """The orders of an event's day while they are being put together, one place per home."""

    event: SeasonEvent
    respond_from: Ints
    respond_end: Ints
    prepare_from: Ints
    hold_from: Ints
    island_from: Ints
    island_end: Ints

    def silence(self, homes: Sequence[int] | Ints | Bools) -> None:
        """Homes that do not answer at all."""
        self.respond_from[homes] = self.respond_end[homes] = self.prepare_from[homes] = NEVER

    def stop(self, home: int, slot: int) -> None:
        """A home that leaves at a quarter hour, or before the event has begun."""
        if slot <= self.event.first_slot:
            self.silence([home])
        else:
            self.respond_end[home] = min(self.respond_end[home], slot)

    def hold(self, homes: Sequence[int], slot: int) -> None:
        """Homes whose batteries are kept full from a quarter hour on, because of a storm."""
        for home in homes:
            self.stop(home, slot)
        self.hold_from[homes] = slot

    def cut_off(self, homes: Sequence[int], first_slot: int, end_slot: int) -> None:
        """Homes without the grid in a span."""
        self.island_from[homes], self.island_end[homes] = first_slot, end_slot

    def orders(self, *, spread: bool) -> Orders:
        """The orders as the batteries get them."""
        return Orders(respond_from=self.respond_from, respond_end=self.respond_end, prepare_from=self.prepare_from,
                      hold_from=self.hold_from, island_from=self.island_from, island_end=self.island_end,
                      spread=spread)


def event_day(event: SeasonEvent, answers: Bools, *, prepare_slot: int) -> EventDay:
    """An event's day on which every home of `answers` prepares from a quarter hour and responds to the end."""
    asleep = quiet(len(answers))
    return EventDay(
        event=event, respond_from=np.where(answers, event.first_slot, NEVER),
        respond_end=np.where(answers, event.end_slot, NEVER), prepare_from=np.where(answers, prepare_slot, NEVER),
        hold_from=asleep.hold_from.copy(), island_from=asleep.island_from.copy(), island_end=asleep.island_end.copy())


def day_without_event(day: date, homes: int) -> EventDay:
    """A day on which nobody is called, to hang outages and holds on."""
    blank = SeasonEvent(day=day, first_slot=NEVER, end_slot=NEVER, kind="", notice="",
                        called_at=datetime.min.replace(tzinfo=UTC))
    return event_day(blank, np.zeros(homes, dtype=np.bool_), prepare_slot=NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """A home that left an event: `slot` is when its battery stops, None when it came too late to matter."""

    home: int
    at: datetime
    slot: int | None


def draw_opt_outs(event: SeasonEvent, start: datetime, candidates: Ints, rng: np.random.Generator) -> list[OptOut]:
    """About two in a hundred leave an event: half of them before it, and one in 30 only at its end or later."""
    count = max(1, round(0.02 * len(candidates)))
    homes = sorted(rng.choice(candidates, size=min(count, len(candidates)), replace=False).tolist())
    length_min = (event.end_slot - event.first_slot) * 15
    lead_min = int((start - event.called_at).total_seconds()) // 60
    found = []
    for home in homes:
        fate = rng.random()
        if fate < 0.01:
            minute = length_min
        elif fate < 0.03:
            minute = length_min + int(rng.integers(1, 60))
        elif fate < 0.5:
            minute = -int(rng.integers(1, lead_min + 1))
        else:
            minute = int(rng.integers(0, length_min))
        slot = None if minute >= length_min else max(event.first_slot, event.first_slot + -(-minute // 15))
        found.append(OptOut(home=home, at=start + timedelta(minutes=minute), slot=slot))
    return found


@dataclass(slots=True, kw_only=True)
class FaultBook:
    """The meter faults of a season by day."""

    by_day: dict[date, list[Fault]] = field(default_factory=dict)

    def add(self, day: date, fault: Fault) -> None:
        """Note one fault."""
        self.by_day.setdefault(day, []).append(fault)


def draw_faults(days: Sequence[date], events: Sequence[SeasonEvent], homes: int, rng: np.random.Generator) -> FaultBook:
    """Gaps and estimates: three homes in a hundred at some time of the season, one in 250 in each event."""
    book = FaultBook()
    kinds = list(FaultKind)
    for home in rng.choice(homes, size=max(1, round(0.03 * homes)), replace=False).tolist():
        first = int(rng.integers(0, SLOTS_PER_DAY - 4))
        end = min(SLOTS_PER_DAY, first + int(rng.integers(2, 60)))
        book.add(days[int(rng.integers(len(days)))],
                 Fault(home=home, first_slot=first, end_slot=end, kind=kinds[int(rng.integers(3))]))
    for event in events:
        for home in rng.choice(homes, size=max(1, round(0.004 * homes)), replace=False).tolist():
            first = int(rng.integers(event.first_slot, event.end_slot))
            end = min(event.end_slot, first + int(rng.integers(1, 5)))
            book.add(event.day, Fault(home=home, first_slot=first, end_slot=end, kind=kinds[int(rng.integers(3))]))
    return book
