"""Events called on a fleet: their table, who leaves them, and spans of time in which a home could not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from ..event.model import EVENTS, OPT_OUTS, UNAVAILABLE
from .homes import Ints
from .people import EventDay, TextTable, draw_opt_outs, table_of, table_of_rows
from .season import Season, SeasonEvent, local_time

Moment = tuple[date, int]
"""A local date and a quarter hour of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBook:
    """Opt-outs and absences of a season as they come up; homes stand under their enrollment."""

    season: Season
    prefix: str
    """How the events' ids begin."""
    enrollment_ids: Sequence[str]
    leaves: list[dict[str, str]] = field(default_factory=list)
    absences: list[dict[str, str]] = field(default_factory=list)

    def event_id(self, event: SeasonEvent) -> str:
        """The identity of an event."""
        return f"{self.prefix}{event.day}"

    def absent(self, homes: Sequence[int], first: Moment, end: Moment, *, reason: str, evidence: str) -> None:
        """Homes that could not or must not answer in a span of time."""
        start, until = (local_time(*moment, self.season.timezone).isoformat() for moment in (first, end))
        self.absences.extend({"enrollment_id": self.enrollment_ids[home], "start": start, "end": until,
                              "reason": reason, "evidence": evidence} for home in homes)

    def unreachable(self, homes: Sequence[int], event: SeasonEvent) -> None:
        """Homes that gave no answer to an event, and of which that is known."""
        self.absences.extend({"enrollment_id": self.enrollment_ids[home], "event_id": self.event_id(event),
                              "reason": "unreachable", "evidence": "no answer from the gateway"} for home in homes)

    def silence_some(self, day: EventDay, candidates: Ints, share: float, rng: np.random.Generator) -> Ints:
        """Silence a share of the candidates, half of them for a known reason; gives back the others."""
        silent = np.sort(rng.choice(candidates, size=round(share * len(candidates)), replace=False))
        day.silence(silent)
        self.unreachable(silent[::2].tolist(), day.event)
        return np.setdiff1d(candidates, silent)

    def opt_out_some(self, day: EventDay, candidates: Ints, rng: np.random.Generator) -> None:
        """Let some of the candidates leave the event."""
        start = local_time(day.event.day, day.event.first_slot, self.season.timezone)
        for leave in draw_opt_outs(day.event, start, candidates, rng):
            self.leaves.append({"event_id": self.event_id(day.event), "enrollment_id": self.enrollment_ids[leave.home],
                                "at": leave.at.isoformat()})
            if leave.slot is not None:
                day.stop(leave.home, leave.slot)

    def tables(self, *, service: str, reason: str) -> tuple[TextTable, TextTable, TextTable]:
        """Events, opt-outs and absences; `reason` says where the events come from."""
        events, zone = self.season.events, self.season.timezone
        called = table_of(EVENTS, {
            "event_id": [self.event_id(event) for event in events], "service": service,
            "kind": [event.kind for event in events],
            "start": [local_time(event.day, event.first_slot, zone).isoformat() for event in events],
            "end": [local_time(event.day, event.end_slot, zone).isoformat() for event in events],
            "zone": self.season.zone, "called_at": [event.called_at.isoformat() for event in events],
            "notice": [event.notice for event in events], "reason": reason})
        return called, table_of_rows(OPT_OUTS, self.leaves), table_of_rows(UNAVAILABLE, self.absences)
