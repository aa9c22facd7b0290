"""Which notices an event gives, when each is due and what it says; whom it reaches stands in notices.sql."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ..interval import Interval
from ..tariff.model import Notice, in_force
from .window import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDue:
    """One notice of an event."""

    notice: str
    at: datetime | None
    """None = as soon as the event is called."""
    says: str


def notices_due(span: Interval, called_at: datetime | None, cancelled_at: datetime | None, notice: Notice | None,
                reading: Reading) -> tuple[NoticeDue, ...]:
    """The notices of an event, in order of time.

    Everybody is told when the event is scheduled, however short the time is, and at its start with the time of
    its end. A reminder and the result are told where the tariff says so. Who calls an event off before its start
    tells that at once, and nothing after it.
    """
    off = cancelled_at if cancelled_at is not None and cancelled_at < span.start else None
    made = [*_before(span, called_at, notice, off, reading), *_during(span, notice, off, reading)]
    return tuple(due for due in made if due.at is None or off is None or due.at <= off)


def _before(span: Interval, called_at: datetime | None, notice: Notice | None, off: datetime | None,
            reading: Reading) -> Iterator[NoticeDue]:
    when = f"{_day(span.start, reading)}, {_clock(span.start, reading)} to {_clock(span.end, reading)}"
    yield NoticeDue(notice="scheduled", at=called_at, says=f"An event is scheduled: {when}.")
    minutes = in_force(notice.reminder_minutes, reading.day(span.start), reading.known_by) if notice else None
    if minutes is not None:
        at = span.start - timedelta(seconds=int(minutes.value * 60))
        if called_at is None or at > called_at:
            yield NoticeDue(notice="reminder", at=at, says=f"Reminder of the event: {when}.")
    if off is not None:
        yield NoticeDue(notice="cancelled", at=off, says=f"The event is called off: {when}.")


def _during(span: Interval, notice: Notice | None, off: datetime | None, reading: Reading) -> Iterator[NoticeDue]:
    if off is not None:
        return
    yield NoticeDue(notice="start", at=span.start,
                    says=f"The event has begun and ends at {_clock(span.end, reading)}.")
    yield NoticeDue(notice="end", at=span.end, says="The event is over; the device returns to normal.")
    within = in_force(notice.result_within_h, reading.day(span.start), reading.known_by) if notice else None
    if within is not None:
        yield NoticeDue(notice="result", at=span.end + timedelta(seconds=int(within.value * Decimal(3600))),
                        says="What the device gave in the event, what counted and what it earns.")


def _day(instant: datetime, reading: Reading) -> str:
    return f"{instant.astimezone(reading.zone):%A %Y-%m-%d}"


def _clock(instant: datetime, reading: Reading) -> str:
    return f"{instant.astimezone(reading.zone):%H:%M}"
