"""When the program looks: at each call and act, and every tick while anything is going on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .season import Call, Season

BEFORE_EVENT, AFTER_EVENT = timedelta(minutes=15), timedelta(minutes=20)
STORM_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happens from outside: a customer leaves an event, somebody stops the program."""

    at: datetime
    kind: str
    homes: tuple[int, ...] = ()
    event_id: str = ""
    text: str = ""


@dataclass(slots=True, kw_only=True)
class Agenda:
    """The instants at which the program looks, and what happens at each, in order of time."""

    tick: timedelta
    instants: set[datetime] = field(default_factory=set)
    calls: dict[datetime, list[Call]] = field(default_factory=dict)
    acts: dict[datetime, list[Act]] = field(default_factory=dict)

    def call(self, call: Call) -> None:
        """A call, and the ticks around its event."""
        at = self.next(call.called_at)
        self.calls.setdefault(at, []).append(call)
        self.instants.add(at)
        self.every_tick(call.start - BEFORE_EVENT, call.end + AFTER_EVENT)

    def act(self, act: Act) -> None:
        """An act from outside, seen at the next tick; two ticks later it is looked whether it was heeded."""
        at = self.next(act.at)
        self.acts.setdefault(at, []).append(act)
        self.instants |= {at, at + 2 * self.tick}

    def every_tick(self, start: datetime, end: datetime) -> None:
        """A look at every tick of a span."""
        at = self.next(start)
        while at <= end:
            self.instants.add(at)
            at += self.tick

    def next(self, instant: datetime) -> datetime:
        """The first tick that is not before an instant."""
        seconds = int(self.tick.total_seconds())
        late = -int(instant.timestamp()) % seconds
        return (instant + timedelta(seconds=late)).replace(microsecond=0)


def agenda_of(season: Season, acts: Iterable[Act] = ()) -> Agenda:
    """The agenda of a season: its calls, its storms and its outages."""
    agenda = Agenda(tick=timedelta(minutes=season.tick_minutes))
    for call in season.calls:
        agenda.call(call)
    for storm in season.storms:
        agenda.every_tick(storm.watch_at, storm.ends + timedelta(hours=storm.longer_h) + STORM_AFTER)
    for outage in season.outages:
        agenda.every_tick(outage.start, outage.end + AFTER_EVENT)
    if season.emergency is not None:
        agenda.instants.add(agenda.next(season.emergency.declared_at))
    for act in acts:
        agenda.act(act)
    return agenda
