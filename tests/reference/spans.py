"""Spans of seconds since 1970, and the local clock that cuts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """start <= t < end, in seconds since 1970."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """Elapsed time."""
        return self.end - self.start


def minus(span: Span, holes: list[Span]) -> list[Span]:
    """What remains of a span when the holes are cut out, in order."""
    left = [span]
    for hole in holes:
        left = [piece for kept in left
                for piece in (Span(kept.start, min(kept.end, hole.start)), Span(max(kept.start, hole.end), kept.end))
                if piece.seconds > 0]
    return left


def local(instant: int, zone: ZoneInfo) -> datetime:
    """The local clock at an instant."""
    return datetime.fromtimestamp(instant, UTC).astimezone(zone)


def local_date(instant: int, zone: ZoneInfo) -> date:
    """The local day of an instant."""
    return local(instant, zone).date()


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which a local day begins."""
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp())


def cut_at_clock(span: Span, step_seconds: int, zone: ZoneInfo) -> list[Span]:
    """The pieces of a span between the local clock's hours or quarters."""
    pieces, at = [], span.start
    while at < span.end:
        offset = local(at, zone).utcoffset()
        clock = at + int(offset.total_seconds()) if offset is not None else at
        edge = at + step_seconds - clock % step_seconds
        pieces.append(Span(at, min(edge, span.end)))
        at = edge
    return pieces


def same_clock(piece: Span, event_day: date, other_day: date, zone: ZoneInfo) -> Span | None:
    """The same local clock time on another day; the first of a repeated hour; None in a skipped hour."""
    clock = local(piece.start, zone)
    day = other_day + timedelta(days=(clock.date() - event_day).days)
    moment = datetime.combine(day, clock.time().replace(fold=0), zone)
    start = int(moment.astimezone(UTC).timestamp())
    if local(start, zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        return None
    return Span(start, start + piece.seconds)


def instant_text(instant: int) -> str:
    """An instant as the tables write it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
