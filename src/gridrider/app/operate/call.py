"""Calling an event: proposed by one person, held against the tariff's limits, approved by another, and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ...event.lifecycle import Act, Step, life_of
from ...event.limits import uses_of
from ...event.model import NOTICES
from ...event.notices import notices_due
from ...event.propose import Proposal, why_not_callable
from ...event.service_events import GridEvent, ServiceEvent, service_events
from ...event.window import Reading
from ...interval import Interval
from ...problem import Refusal
from ...tariff.holidays import holidays_between
from ...tariff.model import value_on
from ..ports import Voice
from .ask import members
from .desk import Desk
from .rows import rows_of
from .words import CALLED


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """An event that somebody would like to call, and who."""

    event_id: str
    service: str
    kind: str
    start: datetime
    end: datetime
    zones: tuple[str, ...]
    notice: str
    reason: str
    target_kw: Decimal | None
    proposed_by: str
    approved_by: str


def call_event(desk: Desk, request: CallRequest, now: datetime) -> tuple[Refusal, ...]:
    """Call an event of every rider that has the service and lets it be called; else say what refuses it.

    Calling the same event again changes nothing. Who proposes an event does not approve it (R142).
    """
    life = life_of(request.proposed_by, [Step(act=Act.APPROVE, by=request.approved_by, at=now),
                                         Step(act=Act.SCHEDULE, by=request.approved_by, at=now)])
    if isinstance(life, Refusal):
        return (life,)
    if any(called.event.event_id == request.event_id for called in desk.called):
        return ()
    refused: list[Refusal] = []
    riders: list[str] = []
    for rider in desk.program.tariff.riders:
        if request.service in desk.program.rider(rider).services and rider in desk.program.riders:
            found = _why_not(desk, rider, request, now)
            refused += found
            riders += [] if found else [rider]
    if riders:
        desk.keep({CALLED.name: rows_of(CALLED, len(riders), {
            "event_id": request.event_id, "act": "call", "at": now, "rider": riders, "service": request.service,
            "kind": request.kind, "start": request.start, "end": request.end,
            "zone": pa.array([list(request.zones) or None] * len(riders), pa.list_(pa.string())),
            "notice": request.notice, "reason": request.reason or None,
            "target_milliwatt": None if request.target_kw is None else int(request.target_kw * 1_000_000),
            "proposed_by": request.proposed_by, "approved_by": request.approved_by})}, key=f"call {request.event_id}")
    return () if riders else tuple(dict.fromkeys(refused))


def cancel_event(desk: Desk, event_id: str, by: str, now: datetime) -> None:
    """Call an event off; the next look hands every device back that was asked or prepared for it.

    Calling it off again, or when it is over, changes nothing.
    """
    if not any(called.event.event_id == event_id and now < called.over_at for called in desk.called):
        return
    desk.keep({CALLED.name: rows_of(CALLED, 1, {"event_id": event_id, "act": "cancel", "at": now, "approved_by": by})},
              key=f"cancel {event_id}")


def tell(desk: Desk, event_id: str, voice: Voice, now: datetime) -> None:
    """Hand out every notice of an event to everybody whom it calls, each with the time at which it is due."""
    for called in desk.called:
        if called.event.event_id == event_id:
            held = desk.program.service(called.rider, called.service).calls.notice
            due = notices_due(called.event.span, called.event.called_at, called.event.cancelled_at, held,
                              _reading(desk, now))
            places = np.flatnonzero(members(desk, called))
            participants = desk.program.enrollments.column("participant_id").take(pa.array(places))
            customers = desk.program.enrollments.column("customer_id").take(pa.array(places))
            for each in due:
                voice.tell(rows_of(NOTICES, len(places), {
                    "event_id": event_id, "enrollment_id": desk.program.enrollment_id.take(pa.array(places)),
                    "notice": each.notice, "at": each.at, "to": participants, "start": called.event.start,
                    "end": called.event.end, "says": each.says,
                    "channel": np.where(np.array(participants.to_pylist()) == np.array(customers.to_pylist()),
                                        "direct", "aggregator").astype(object)}))


def _why_not(desk: Desk, rider: str, request: CallRequest, now: datetime) -> tuple[Refusal, ...]:
    program, reading = desk.program, _reading(desk, now)
    calls = program.service(rider, request.service).calls
    made = [each for each in _service_events(desk, now)
            if (each.rider_name, each.service_name) == (rider, request.service)]
    proposal = Proposal(span=Interval(start=request.start.astimezone(UTC), end=request.end.astimezone(UTC)),
                        service=request.service, kind=request.kind, zones=frozenset(request.zones), at=now)
    season = program.tariff.season(calls.season)
    return why_not_callable(proposal, calls, season, uses_of(made, rider, request.service, now, reading), made, reading)


def _service_events(desk: Desk, now: datetime) -> Sequence[ServiceEvent]:
    events: dict[str, GridEvent] = {called.event.event_id: called.event for called in desk.called}
    made, _ = service_events(desk.program.tariff, list(events.values()), [True] * len(events), now)
    return [each for each in made if not each.event.cancelled]


def _reading(desk: Desk, now: datetime) -> Reading:
    program, day = desk.program, desk.program.day(now)
    held = value_on(program.tariff.holidays, day, day, "none")
    return Reading(zone=program.zone, known_by=day, holidays=frozenset(holidays_between(
        held, day.replace(year=day.year - 1, day=1), day.replace(year=day.year + 1, day=28))))
