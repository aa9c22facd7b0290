"""A weather feed made from a season's storms: the service's own shape, read by the same translator as the real one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...adapters.weather_nws.client import Poll
from ...adapters.weather_nws.translate import alerts_of
from ...twin.alerts import feed_at, hurricane, ice_storm
from .season import Season, Storm


@dataclass(slots=True, kw_only=True)
class SeasonFeed:
    """Shows at each instant the alerts that the season's storms would have then; of one area, the zones' state."""

    season: Season
    features: list[dict[str, Any]] = field(init=False)
    lost: tuple[datetime, datetime] | None = None
    """A span in which the feed does not answer."""

    def __post_init__(self) -> None:
        self.features = [feature for storm in self.season.storms for feature in _features(storm)]

    def poll(self, now: datetime) -> Poll:
        """What the feed lists now, translated as the real one is."""
        if self.lost is not None and self.lost[0] <= now < self.lost[1]:
            return Poll(alerts=(), heard_at={}, dropped={}, problems=())
        body = json.dumps(feed_at(self.features, now)).encode()
        told = alerts_of(body, "the season's own alerts", now)
        areas = {zone[:2] for storm in self.season.storms for zone in storm.zones}
        return Poll(alerts=told.alerts, heard_at=dict.fromkeys(areas, now), dropped=told.dropped,
                    problems=told.problems)


def _features(storm: Storm) -> list[dict[str, Any]]:
    same = {"watch_at": storm.watch_at, "warning_at": storm.warning_at, "office": storm.office, "zones": storm.zones,
            "number": storm.number}
    if storm.shape == "hurricane":
        return hurricane(**same, landfall=storm.onset, over_at=storm.ends)  # type: ignore[arg-type]
    return ice_storm(**same, onset=storm.onset, ends=storm.ends, longer_h=storm.longer_h)  # type: ignore[arg-type]
