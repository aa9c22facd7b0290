"""The nouns of storm watch: weather alerts, sites, and which site is held by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ..table import Column, Kind, TableSchema

Ring = tuple[tuple[float, float], ...]
"""Corners as (longitude, latitude) in degrees; the last is the first."""

Polygon = tuple[Ring, ...]
"""The outer ring, then its holes."""

STORM_STATUSES = ("none", "pre_arm", "lock")
"""What a storm asks of a site, milder first; an index into it is a site's code."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StormEvent:
    """Which storm: one event of one forecast office, over all of its messages (NWS Directive 10-1703, P-VTEC)."""

    office: str
    phenomenon: str
    significance: str
    number: int
    year: int

    @property
    def product(self) -> str:
        """What is announced: phenomenon and significance, `SV.W` for a severe thunderstorm warning."""
        return f"{self.phenomenon}.{self.significance}"

    def __str__(self) -> str:
        return f"{self.office}.{self.product}.{self.number:04d}.{self.year}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StormAlert:
    """What one message says of one event in some zones."""

    alert_id: str
    event: StormEvent
    title: str
    action: str
    """NEW CON EXT EXA EXB COR: it goes on. CAN UPG: it is off. EXP: it runs out at `ends`."""
    sent: datetime
    onset: datetime
    ends: datetime | None
    """None = until cancelled."""
    zones: tuple[str, ...]
    """UGC codes of counties (IAC009), forecast zones and fire zones (MTZ301); empty = only the polygon says where."""
    polygons: tuple[Polygon, ...] = ()
    message_type: str = ""
    status: str = "Actual"


@dataclass(frozen=True, slots=True, kw_only=True)
class StormSpell:
    """What is known last of one event in one zone."""

    event: StormEvent
    zone: str
    title: str
    alert_id: str
    sent: datetime
    onset: datetime
    ends: datetime | None
    on: bool
    polygons: tuple[Polygon, ...] = ()
    listed_at: datetime
    """When the feed named this event and zone last."""


StormState = Mapping[tuple[StormEvent, str], StormSpell]
"""All that is known of storms, by event and zone; never changed in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormSites:
    """Where the devices are: arrays of one length, a row for each site.

    County, forecast zone and fire zone are three sets of codes that nobody maps onto one another; a site has one of
    each (blank = not known). An unknown position is NaN.
    """

    site_id: NDArray[np.str_]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    county: NDArray[np.str_]
    forecast_zone: NDArray[np.str_]
    fire_zone: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.site_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StormLock:
    """Why and how long a site is held or made ready; a row of STORM_LOCKS."""

    site_id: str
    status: str
    event: StormEvent
    """The one that comes first, of those that ask most."""
    zone: str
    matched_by: str
    onset: datetime
    """The first onset of all that ask the same."""
    ends: datetime | None
    """The last end of all that ask the same; None = until cancelled."""
    because: str


STORM_SITES = TableSchema(
    name="storm_sites",
    key=("site_id",),
    meaning="Where devices are, so that a weather alert finds them.",
    columns=(
        Column(name="site_id", kind=Kind.TEXT, required=True, filled=True, meaning="the site"),
        Column(name="latitude_deg", kind=Kind.FACTOR, meaning="north is positive"),
        Column(name="longitude_deg", kind=Kind.FACTOR, meaning="east is positive"),
        Column(name="county", kind=Kind.TEXT, meaning="UGC code of the county, such as IAC009"),
        Column(name="forecast_zone", kind=Kind.TEXT, meaning="UGC code of the public forecast zone, such as MTZ301"),
        Column(name="fire_zone", kind=Kind.TEXT, meaning="UGC code of the fire weather zone"),
    ),
)

STORM_LOCKS = TableSchema(
    name="storm_locks",
    key=("site_id",),
    meaning="Which site a storm holds or makes ready, and why.",
    columns=(
        Column(name="site_id", kind=Kind.TEXT, meaning="the site"),
        Column(name="status", kind=Kind.TEXT, choices=STORM_STATUSES[1:],
               meaning="pre_arm = charge now, may still be called; lock = charge, and nobody discharges it"),
        Column(name="event", kind=Kind.TEXT, meaning="office, product, number and year of the weather event"),
        Column(name="zone", kind=Kind.TEXT, meaning="the code for which it was announced"),
        Column(name="matched_by", kind=Kind.TEXT, choices=("polygon", "county", "forecast_zone", "fire_zone"),
               meaning="what shows that the site is in it"),
        Column(name="onset", kind=Kind.TIMESTAMP, meaning="when it is expected"),
        Column(name="ends", kind=Kind.TIMESTAMP, meaning="when it ends; blank = until cancelled"),
        Column(name="because", kind=Kind.TEXT, meaning="why, in words"),
    ),
)
