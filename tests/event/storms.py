"""Storm alerts, sites and an independent way to tell whether a point is inside a polygon, for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from gridrider.event.storm_model import StormAlert, StormEvent, StormSites

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
SQUARE = (((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)),)


def at(hours: float) -> datetime:
    """So many hours after noon."""
    return NOON + timedelta(hours=hours)


def event(product: str = "WS.W", number: int = 7, office: str = "KAAA") -> StormEvent:
    """One storm."""
    phenomenon, significance = product.split(".")
    return StormEvent(office=office, phenomenon=phenomenon, significance=significance, number=number, year=2026)


def alert(product: str = "WS.W", action: str = "NEW", **told: Any) -> StormAlert:
    """One message, sent at noon, for the next six hours in the zone MTZ301, unless told otherwise."""
    said: dict[str, Any] = {"alert_id": "one", "event": event(product), "title": product, "sent": NOON, "onset": NOON,
                            "ends": at(6), "zones": ("MTZ301",)}
    return StormAlert(action=action, **{**said, **told})


def sites(*rows: tuple[str, float, float, str, str, str]) -> StormSites:
    """Sites from rows of id, latitude, longitude, county, forecast zone and fire zone."""
    columns = list(zip(*rows, strict=True)) or [()] * 6
    texts = [np.array(columns[index], dtype="<U12") for index in (0, 3, 4, 5)]
    return StormSites(site_id=texts[0], latitude_deg=np.array(columns[1], float),
                      longitude_deg=np.array(columns[2], float), county=texts[1], forecast_zone=texts[2],
                      fire_zone=texts[3])


def site(site_id: str = "home", latitude_deg: float = float("nan"), longitude_deg: float = float("nan"),
         county: str = "", forecast_zone: str = "", fire_zone: str = "") -> StormSites:
    """A single site."""
    return sites((site_id, latitude_deg, longitude_deg, county, forecast_zone, fire_zone))


def crosses(latitude_deg: float, longitude_deg: float, ring: Sequence[tuple[float, float]]) -> bool:
    """True if a ray to the east crosses the ring an odd number of times: the point is inside."""
    inside = False
    for (east1, north1), (east2, north2) in pairwise(ring):
        if (north1 > latitude_deg) != (north2 > latitude_deg):
            crossing = east1 + (latitude_deg - north1) * (east2 - east1) / (north2 - north1)
            inside ^= longitude_deg < crossing
    return inside
