"""From the Weather Service's messages to our storm alerts; nothing that it sends can stop the rest from being read."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ...event.model import Polygon, Ring, StormAlert, StormEvent
from ...problem import Problem, error, warning
from .wire import Vtec, vtec_of

FEATURES_MAX = 20_000
CORNERS_MAX = 20_000
"""Of one message's polygons; a larger one is left out and the zone codes decide."""
ZONES_MAX = 5_000
PROBLEMS_MAX = 50
"""Findings told of one answer; the rest are counted."""
AHEAD_MAX = timedelta(hours=1)
"""A message sent later than this after now is not believed: it would outrank all true ones to come."""

MARINE = frozenset(["AM", "AN", "GM", "LC", "LE", "LH", "LM", "LO", "LS", "PH", "PK", "PM", "PS", "PZ", "SL"])
"""Waters; nobody's home is there (first two letters of a UGC code)."""

ACTIONS = frozenset({"NEW", "CON", "EXT", "EXA", "EXB", "COR", "CAN", "EXP", "UPG"})
_UGC = re.compile(r"[A-Z]{2}[CZ][0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What one answer says."""

    alerts: tuple[StormAlert, ...]
    dropped: Mapping[str, int]
    """How many messages were left out, by reason."""
    problems: tuple[Problem, ...]
    """An error = the answer as a whole cannot be read."""


@dataclass(slots=True)
class _Reading:
    """One answer being read."""

    place: str
    received_at: datetime
    dropped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, message: Mapping[str, Any], column: str, reason: str, found: object = "") -> None:
        """Add a warning about one field of a message."""
        where = str(message.get("id", "")) or "a message without an id"
        self.problems.append(warning(self.place, f"{where[-60:]}: {reason}", column=column, value=str(found)[:80]))


def alerts_of(body: bytes, place: str, received_at: datetime) -> Translated:
    """Every storm alert of an answer of `/alerts/active`, in the order in which it lists them.

    Tests, exercises, messages without VTEC and those for waters only are left out and counted. A field that cannot be
    read is told, and the next best stands in: the event's other end or an open one, the zone codes for a polygon.
    """
    reading = _Reading(place, received_at)
    features = _features(body, reading)
    alerts = tuple(alert for feature in features for alert in _alerts(feature, reading))
    told = reading.problems[:PROBLEMS_MAX]
    if len(reading.problems) > PROBLEMS_MAX:
        told.append(warning(place, f"has {len(reading.problems) - PROBLEMS_MAX} findings more"))
    return Translated(alerts=alerts, dropped=dict(reading.dropped), problems=tuple(told))


def _features(body: bytes, reading: _Reading) -> list[Any]:
    try:
        collection = json.loads(body)
    except (ValueError, RecursionError) as mistake:
        reading.problems.append(error(reading.place, f"is no JSON ({str(mistake)[:80]})", "It is asked again."))
        return []
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        reading.problems.append(error(reading.place, "is no GeoJSON feature collection",
                                      "Look whether the address is that of /alerts/active."))
        return []
    if len(features) > FEATURES_MAX:
        reading.problems.append(error(reading.place, f"lists more than {FEATURES_MAX} messages",
                                      "Ask for one state at a time."))
    return features[:FEATURES_MAX]


def _alerts(feature: Any, reading: _Reading) -> Iterator[StormAlert]:
    message = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(message, dict):
        reading.note({}, "properties", "is no message")
        return
    reason = _why_left_out(message)
    if reason:
        reading.dropped[reason] += 1
        return
    codes = [(text, vtec_of(text)) for text in _parameter(message, "VTEC")]
    if not codes:
        reading.dropped["no VTEC"] += 1
    sent = _sent(message, reading)
    zones = _zones(message, reading)
    polygons = _polygons(feature.get("geometry"), message, reading)
    if sent is None or not codes:
        return
    if not zones and not polygons:
        reading.dropped["waters only" if _ugc(message) else "no place"] += 1
        return
    for text, code in codes:
        if code is None:
            reading.note(message, "VTEC", "is no VTEC string", text)
        elif code.kind == "T":
            reading.dropped["a test"] += 1
        elif code.kind != "O":
            reading.dropped["experimental"] += 1
        elif code.action not in ACTIONS:
            reading.note(message, "VTEC", "has an action that says neither on nor off", text)
        else:
            yield StormAlert(
                alert_id=_text(message, "id"), title=_text(message, "event") or code.phenomenon, action=code.action,
                event=_event(code, message, sent), sent=sent, onset=_onset(code, message, sent, reading),
                ends=_ends(code, len(codes), message, reading), zones=zones, polygons=polygons,
                message_type=_text(message, "messageType"), status=_text(message, "status"))


def _why_left_out(message: Mapping[str, Any]) -> str:
    status, event = _text(message, "status"), _text(message, "event").casefold()
    if status != "Actual":
        return f"status {status[:20] or 'missing'}"
    return "a test" if event.endswith(" test") or event.startswith("test ") else ""


def _event(code: Vtec, message: Mapping[str, Any], sent: datetime) -> StormEvent:
    """Interpretation: numbers run by the year in which an event is first announced, which VTEC does not say; the
    earliest message that this one refers to is the best witness. A wrong year makes a second event, never a lost one.
    """
    references = message.get("references")
    told = references if isinstance(references, list) else []
    earlier = [_instant(reference.get("sent")) for reference in told if isinstance(reference, dict)]
    first = min([sent, *(instant for instant in earlier if instant)])
    year = first.year if sent - first < timedelta(days=60) else sent.year
    return StormEvent(office=code.office, phenomenon=code.phenomenon, significance=code.significance,
                      number=code.number, year=year)


def _sent(message: Mapping[str, Any], reading: _Reading) -> datetime | None:
    for name in ("sent", "effective"):
        instant = _instant(message.get(name))
        if instant is not None:
            if instant > reading.received_at + AHEAD_MAX:
                reading.note(message, name, "lies in the future; the message is not believed", message.get(name))
                return None
            return instant
        reading.note(message, name, "is no time", message.get(name))
    return None


def _onset(code: Vtec, message: Mapping[str, Any], sent: datetime, reading: _Reading) -> datetime:
    told = message.get("onset")
    onset = _instant(told)
    if onset is None and told is not None:
        reading.note(message, "onset", "is no time", told)
    return onset or code.begins or sent


def _ends(code: Vtec, codes: int, message: Mapping[str, Any], reading: _Reading) -> datetime | None:
    """When the event ends: `ends`, else eventEndingTime, else the VTEC's end, else open. Never `expires`.

    Where a message tells of several events its `ends` may be another's, so only the VTEC's own end counts: a flood's
    end must not end the hurricane beside it.
    """
    told = message.get("ends")
    end = _instant(told)
    if end is None and told is not None:
        reading.note(message, "ends", "is no time", told)
    times = _parameter(message, "eventEndingTime")
    return code.ends if codes > 1 else end or (_instant(times[0]) if times else None) or code.ends


def _ugc(message: Mapping[str, Any]) -> list[Any]:
    """The zone codes as they stand; the last part of the zones' addresses where there are none."""
    geocode = message.get("geocode")
    told = geocode.get("UGC") if isinstance(geocode, dict) else None
    if isinstance(told, list) and told:
        return told
    addresses = message.get("affectedZones")
    return [str(address).rsplit("/", 1)[-1] for address in addresses] if isinstance(addresses, list) else []


def _zones(message: Mapping[str, Any], reading: _Reading) -> tuple[str, ...]:
    told = _ugc(message)
    spoilt = [zone for zone in told if not (isinstance(zone, str) and _UGC.fullmatch(zone))]
    if spoilt:
        reading.note(message, "geocode.UGC", f"{len(spoilt)} codes are no zones", spoilt[0])
    if len(told) > ZONES_MAX:
        reading.note(message, "geocode.UGC", f"lists more than {ZONES_MAX} zones; the rest is left out", len(told))
    good = {zone for zone in told[:ZONES_MAX] if isinstance(zone, str) and _UGC.fullmatch(zone)}
    return tuple(sorted(zone for zone in good if zone[:2] not in MARINE))


def _polygons(geometry: Any, message: Mapping[str, Any], reading: _Reading) -> tuple[Polygon, ...]:
    if geometry is None:
        return ()
    shape = geometry.get("type") if isinstance(geometry, dict) else None
    drawn: Any = geometry.get("coordinates") if isinstance(geometry, dict) else None
    pieces: Any = [drawn] if shape == "Polygon" else drawn if shape == "MultiPolygon" else None
    try:
        if not pieces:
            raise ValueError(f"is no polygon but {str(shape)[:20]}")
        if sum(len(ring) for rings in pieces for ring in rings) > CORNERS_MAX:
            raise ValueError(f"has more than {CORNERS_MAX} corners")
        return tuple(tuple(_ring(ring) for ring in rings) for rings in pieces if rings)
    except (ValueError, TypeError, LookupError, OverflowError) as mistake:
        reading.note(message, "geometry", f"{str(mistake)[:80]}; the zone codes decide")
        return ()


def _ring(corners: Any) -> Ring:
    ring = tuple((float(corner[0]), float(corner[1])) for corner in corners)
    if not all(math.isfinite(east) and abs(east) <= 180 and math.isfinite(north) and abs(north) <= 90
               for east, north in ring):
        raise ValueError("has a corner that is nowhere on earth")
    if len(set(ring)) < 3:
        raise ValueError("has fewer than three corners")
    return ring if ring[0] == ring[-1] else (*ring, ring[0])


def _parameter(message: Mapping[str, Any], name: str) -> list[str]:
    parameters = message.get("parameters")
    told = parameters.get(name) if isinstance(parameters, dict) else None
    return [each for each in told if isinstance(each, str)][:100] if isinstance(told, list) else []


def _text(message: Mapping[str, Any], name: str) -> str:
    told = message.get(name)
    return "".join(letter if letter.isprintable() else " " for letter in told[:300]) if isinstance(told, str) else ""


def _instant(told: object) -> datetime | None:
    """An aware time in UTC, or None; a time without an offset is none."""
    try:
        instant = datetime.fromisoformat(told) if isinstance(told, str) else None
        return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
