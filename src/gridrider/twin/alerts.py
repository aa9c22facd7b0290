"""Weather alerts for replays, in the recorded shape of the Weather Service's feed and marked as synthetic.

No message of a real office is copied: the text says synthetic, the sender is nobody, and event numbers begin at 9000,
where no office counts to. The shapes (an event told by successive messages with new ids that refer to earlier ones,
`expires` long before `ends`, a hurricane warning without an end, a watch that a warning takes over) are those of the
recorded samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Feature = dict[str, Any]

REFRESH = timedelta(hours=6)
"""After so long a message's text expires, whatever the event does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of a storm: what it says, of what, when."""

    action: str
    """A VTEC action: NEW, CON, EXT, UPG, CAN, EXP."""
    product: str
    title: str
    sent: datetime
    onset: datetime
    ends: datetime | None


def storm_features(told: Sequence[Told], *, office: str, number: int, zones: Sequence[str],
                   polygon: Sequence[tuple[float, float]] = ()) -> list[Feature]:
    """The messages of one storm as GeoJSON features, each referring to those of its product before it.

    `polygon` holds corners as (longitude, latitude) in degrees; `number` is counted from 9000 on.
    """
    features: list[Feature] = []
    for index, message in enumerate(told):
        alert_id = f"urn:gridrider:synthetic:{office}.{message.product}.{number}.{index:03d}"
        earlier = [{"@id": f"https://alerts.invalid/{feature['properties']['id']}",
                    "identifier": feature["properties"]["id"], "sent": feature["properties"]["sent"]}
                   for feature, before in zip(features, told, strict=False) if before.product == message.product]
        begun = message.onset <= message.sent and message.action != "NEW"
        span = f"{_vtec_time(None if begun else message.onset)}-{_vtec_time(message.ends)}"
        features.append({
            "id": f"https://alerts.invalid/{alert_id}",
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[list(corner) for corner in polygon]]} if polygon else None,
            "properties": {
                "id": alert_id,
                "areaDesc": "synthetic",
                "geocode": {"UGC": list(zones)},
                "affectedZones": [f"https://alerts.invalid/zones/{zone}" for zone in zones],
                "references": earlier,
                "sent": message.sent.isoformat(),
                "effective": message.sent.isoformat(),
                "onset": max(message.onset, message.sent).isoformat(),
                "expires": (message.sent + REFRESH).isoformat(),
                "ends": None if message.ends is None else message.ends.isoformat(),
                "status": "Actual",
                "messageType": {"NEW": "Alert", "CAN": "Cancel"}.get(message.action, "Update"),
                "event": message.title,
                "sender": "synthetic@gridrider.invalid",
                "senderName": "SYNTHETIC, for a replay",
                "headline": f"SYNTHETIC {message.title}",
                "description": "SYNTHETIC. This storm never was.",
                "parameters": {"VTEC": [f"/O.{message.action}.{office}.{message.product}.{9000 + number:04d}.{span}/"],
                               **({} if message.ends is None else {"eventEndingTime": [message.ends.isoformat()]})},
            },
        })
    return features


def hurricane(*, watch_at: datetime, warning_at: datetime, landfall: datetime, over_at: datetime, office: str,
              zones: Sequence[str], number: int = 1) -> list[Feature]:
    """A hurricane: a watch, taken over by a warning without an end, renewed every six hours and then cancelled."""
    renewals = int((over_at - warning_at - timedelta(minutes=1)) / REFRESH)
    watch, warned = ("HU.A", "Hurricane Watch"), ("HU.W", "Hurricane Warning")
    told = [_told("NEW", watch, watch_at, landfall, None), _told("UPG", watch, warning_at, landfall, None),
            _told("NEW", warned, warning_at, landfall, None)]
    told += [_told("CON", warned, warning_at + REFRESH * turn, landfall, None) for turn in range(1, renewals + 1)]
    return storm_features([*told, _told("CAN", warned, over_at, landfall, None)], office=office, number=number,
                          zones=zones)


def ice_storm(*, watch_at: datetime, warning_at: datetime, onset: datetime, ends: datetime, longer_h: float,
              office: str, zones: Sequence[str], number: int = 1) -> list[Feature]:
    """An ice storm: a winter storm watch, an ice storm warning, prolonged half-way and then run out.

    `longer_h` hours are added to `ends` by the prolongation.
    """
    watch, warned = ("WS.A", "Winter Storm Watch"), ("IS.W", "Ice Storm Warning")
    last, half_way = ends + timedelta(hours=longer_h), onset + (ends - onset) / 2
    told = [_told("NEW", watch, watch_at, onset, ends), _told("UPG", watch, warning_at, onset, ends),
            _told("NEW", warned, warning_at, onset, ends), _told("EXT", warned, half_way, onset, last),
            _told("EXP", warned, last - timedelta(minutes=10), onset, last)]
    return storm_features(told, office=office, number=number, zones=zones)


def _told(action: str, product: tuple[str, str], sent: datetime, onset: datetime, ends: datetime | None) -> Told:
    return Told(action=action, product=product[0], title=product[1], sent=sent, onset=onset, ends=ends)


def feed_at(features: Iterable[Feature], now: datetime) -> dict[str, Any]:
    """What the feed would list at an instant: the messages that are sent and not expired, the newest first."""
    listed = [feature for feature in features
              if datetime.fromisoformat(feature["properties"]["sent"]) <= now
              < datetime.fromisoformat(feature["properties"]["expires"])]
    return {"type": "FeatureCollection", "title": "SYNTHETIC alerts",
            "features": sorted(listed, key=lambda feature: str(feature["properties"]["sent"]), reverse=True)}


def _vtec_time(instant: datetime | None) -> str:
    return "000000T0000Z" if instant is None else f"{instant.astimezone(UTC):%y%m%dT%H%MZ}"
