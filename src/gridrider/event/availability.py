"""What unavailable time leaves of an event: excused, suspended, or nothing changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..interval import Interval

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is left of an event for an enrollment."""

    spans: tuple[Interval, ...]
    suspended: bool
    """True when suspension covers all that is not excused."""
    excused: bool
    """True when excused reasons cover the whole event."""
    excused_reasons: tuple[str, ...]


def parse_spans(text: str) -> list[tuple[str, Interval]]:
    """Reasons and spans from the text that `unavailable.sql` makes: 'reason from to' in microseconds, by ';'."""
    parts = (piece.split(" ") for piece in text.split(";"))
    return [(reason, Interval(start=_instant(start), end=_instant(end))) for reason, start, end in parts]


def _instant(micros: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(micros))


def remains(event: Interval, unavailable: Collection[tuple[str, Interval]], excused: frozenset[str],
            suspended_rule: str) -> Remains:
    """Apply the tariff's words on unavailable time to one event (settlement rules, "Outcomes")."""
    left = event.without(span for reason, span in unavailable if reason in excused and reason != "suspended")
    suspensions = [span for reason, span in unavailable if reason == "suspended"]
    after = tuple(piece for part in left for piece in part.without(suspensions))
    suspended = bool(left) and bool(suspensions) and not after
    return Remains(
        spans=after if suspended_rule == "not_counted" or "suspended" in excused else left,
        suspended=suspended, excused=not left,
        excused_reasons=tuple(sorted({reason for reason, _ in unavailable if reason in excused})))
