"""May this event be called? Every operating parameter that it would break, with clause and reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from ..interval import DAY, Interval
from ..problem import Refusal
from ..tariff.model import Calls, Dated, Kind, Season, in_force, value_on
from .limits import PARAMETERS, Use, bounds_of, merged, number_text, period_of, used_in
from .service_events import ServiceEvent
from .window import Reading, excludes_days_in_a_row, why_outside, why_wrong_length

PROPOSAL_ID = "proposal"
"""The id under which a proposed event stands in tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An event that somebody would like to call."""

    span: Interval
    service: str
    kind: str
    zones: frozenset[str]
    """Empty = all."""
    at: datetime | None
    """When it would be called; None = in time, so that notice is not judged."""

    @property
    def use(self) -> Use:
        """The proposal as an event that uses limits."""
        return Use(event_id=PROPOSAL_ID, span=self.span, zones=self.zones)


def why_not_callable(proposal: Proposal, calls: Calls, season: Season | None, uses: Sequence[Use],
                     beside: Sequence[ServiceEvent], reading: Reading) -> tuple[Refusal, ...]:
    """Every operating parameter this event would break; empty means it may be called.

    `uses` are the events that use the limits, `beside` all events of the service that stand at that time.
    """
    kind, day = calls.kinds[proposal.kind], reading.day(proposal.span.start)
    refusals: list[Refusal] = []
    if not value_on(kind.outside_window, day, reading.known_by, False):
        refusals += why_outside(calls, season, proposal.span, reading)
        refusals += _why_days_in_a_row(proposal, calls, beside, reading)
    refusals += why_wrong_length(calls, proposal.span, reading)
    refusals += _why_overlapping(proposal, kind, beside, reading)
    refusals += _why_short_notice(proposal, calls, kind, reading)
    if value_on(kind.uses_limits, day, reading.known_by, True):
        refusals += why_limits_are_used(proposal.use, calls, season, uses, reading)
    return tuple(dict.fromkeys(refusals))


def why_limits_are_used(asked: Use, calls: Calls, season: Season | None, uses: Sequence[Use],
                        reading: Reading) -> Iterator[Refusal]:
    """Each most of events or hours that one more event would break in one of its zones."""
    day = reading.day(asked.span.start)
    named = {zone for use in uses for zone in use.zones}
    for parameter in PARAMETERS:
        _, most = bounds_of(calls, parameter, day, reading)
        if most is None:
            continue
        period = period_of(parameter, day, season)
        for zone in sorted(asked.zones or {"", *named}):
            used = used_in(merged(uses, zone), parameter, period, reading)
            after = used_in(merged([*uses, asked], zone), parameter, period, reading)
            if after > most.value and after > used:
                where = f" in zone {zone}" if zone else ""
                yield Refusal(clause=most.cite, reason=f"{number_text(used)} of at most {number_text(most.value)} "
                              f"{parameter.replace('_', ' ')} are used{where} from {period.first} on, "
                              f"and this would make {number_text(after)}")


def _why_days_in_a_row(proposal: Proposal, calls: Calls, beside: Sequence[ServiceEvent],
                       reading: Reading) -> Iterator[Refusal]:
    day = reading.day(proposal.span.start)
    if not excludes_days_in_a_row(calls, day, reading):
        return
    rule = in_force(calls.consecutive_days, day, reading.known_by)
    for each in beside:
        if rule is not None and abs(each.local_date - day) == DAY and _share_a_zone(proposal, each):
            yield Refusal(clause=rule.cite, reason=f"event {each.event.event_id} is on {each.local_date}, "
                          f"the day {'before' if each.local_date < day else 'after'}")


def _share_a_zone(proposal: Proposal, each: ServiceEvent) -> bool:
    return not proposal.zones or not each.event.zones or bool(proposal.zones & set(each.event.zones))


def _why_overlapping(proposal: Proposal, kind: Kind, beside: Sequence[ServiceEvent],
                     reading: Reading) -> Iterator[Refusal]:
    """An overlap with an event of the same service; two lengths at once are meant where durations are matched."""
    matched = value_on(kind.duration_matches, reading.day(proposal.span.start), reading.known_by, False)
    for each in beside:
        meant = matched and each.duration_matches and each.event.span.seconds != proposal.span.seconds
        if each.event.span.overlaps(proposal.span) and _share_a_zone(proposal, each) and not meant:
            yield Refusal(clause="one event of a service at a time",
                          reason=f"event {each.event.event_id} of the service is at that time already")


def _why_short_notice(proposal: Proposal, calls: Calls, kind: Kind, reading: Reading) -> Iterator[Refusal]:
    """Notice is good if it comes by the hour of the day before, or as long ahead as a day-of event needs.

    Where only the hour of the day before is stated, nothing later will do.
    """
    if proposal.at is None:
        return
    if proposal.at >= proposal.span.start:
        yield Refusal(clause="an event is called before it starts", reason="its start is not later than the call")
        return
    day, notice = reading.day(proposal.span.start), calls.notice
    by = in_force(notice.day_ahead_by, day, reading.known_by) if notice else None
    minutes = in_force(notice.day_of_min_minutes, day, reading.known_by) if notice else None
    late = list(_why_not_day_ahead(proposal.at, day, by, reading))
    if by is not None and not late:
        return
    same_day = by is not None or reading.day(proposal.at) == day
    short = [*_why_not_of_day(kind, day, reading)] if same_day else []
    short += _why_too_short(proposal.at, proposal.span.start, minutes)
    if short or (late and minutes is None):
        yield from [*late, *short]


def _why_not_day_ahead(at: datetime, day: date, by: Dated[time] | None, reading: Reading) -> Iterator[Refusal]:
    if by is not None and at > datetime.combine(day - DAY, by.value, reading.zone).astimezone(UTC):
        yield Refusal(clause=by.cite, reason=f"notice was due by {by.value:%H:%M} on {day - DAY}")


def _why_not_of_day(kind: Kind, day: date, reading: Reading) -> Iterator[Refusal]:
    may = in_force(kind.day_of, day, reading.known_by)
    if may is not None and not may.value:
        yield Refusal(clause=may.cite, reason="events of this kind are not called on the day itself")


def _why_too_short(at: datetime, start: datetime, minutes: Dated[Decimal] | None) -> Iterator[Refusal]:
    ahead = Decimal(int((start - at).total_seconds())) / 60
    if minutes is not None and ahead < minutes.value:
        yield Refusal(clause=minutes.cite,
                      reason=f"{number_text(ahead)} minutes ahead is less than {number_text(minutes.value)}")
