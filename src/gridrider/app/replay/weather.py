"""The weather and the use of a season's days, as the twin's surroundings: seeded, drifting from day to day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ...interval import day_seconds, local_midnight
from ...twin.fleet.homes import FleetParameters
from ...twin.fleet.profiles import assumed_load_shapes, assumed_water_shapes
from ...twin.fleet.sun import Cell, Plane, clear_sky
from ...twin.fleet.surroundings import Surroundings, Trips
from .season import Season

PLANES = ((20.0, 180.0), (20.0, 225.0), (20.0, 270.0))
"""Tilt and azimuth of the three ways in which roofs face. Assumed."""
SHAPES = 64
"""Different days of use a fleet has at once."""
COOLER_AT_NIGHT_C = 15.0
TEXTURE = 0.4
"""Relative deviation of use from one step to the next. Assumed."""


@dataclass(slots=True, kw_only=True)
class SeasonWeather:
    """Gives the surroundings of each day, days in order. Chance hangs on seed and date alone."""

    season: Season
    seed: int
    drift_c: float = field(default=0.0)
    _last: date | None = field(default=None)

    def day(self, day: date, parameters: FleetParameters, trips: Trips, dt_s: int) -> Surroundings:
        """All steps of a local day from midnight to midnight; outages, silence and voltage are added by the world."""
        rng = np.random.default_rng([self.seed, day.toordinal()])
        if self._last != day:
            self.drift_c, self._last = 0.7 * self.drift_c + rng.normal(0.0, 1.2), day
        season = self.season
        midnight = local_midnight(day, season.timezone)
        steps = np.arange(day_seconds(day, season.timezone) // dt_s, dtype=np.float64)
        middles_s = midnight.timestamp() + dt_s * (steps + 0.5)
        local_h = np.array([_local_hour(second, season) for second in middles_s])
        clearness = float(rng.beta(12.0, 1.2))
        warmest_c = _warmest_c(season, day) + self.drift_c + season.warmer_c(day)
        warmth = (1 + np.cos(2 * np.pi * (local_h - 16.5) / 24)) / 2
        temperature_c = (warmest_c - COOLER_AT_NIGHT_C * (1 - warmth))[:, None]
        sun = clear_sky(middles_s, (Cell(latitude_deg=season.latitude_deg, longitude_deg=season.longitude_deg),),
                        tuple(Plane(cell=0, tilt_deg=tilt, azimuth_deg=azimuth) for tilt, azimuth in PLANES),
                        temperature_c=temperature_c, use_pvlib=False)  # the same bytes with and without the extra
        clouds = 1.0 - (1.0 - clearness) * rng.random(len(middles_s))[:, None]
        mean = assumed_load_shapes(local_h, weekend=day.weekday() >= 5)
        texture = rng.gamma(TEXTURE**-2, TEXTURE**2, (len(middles_s), SHAPES)) * rng.lognormal(0.0, 0.12, SHAPES)
        calm = Surroundings.calm(
            len(parameters), local_offset_s=_offset_s(midnight.timestamp(), season), temperature_c=temperature_c,
            horizontal_kw_per_m2=sun.horizontal_kw_per_m2 * clouds, panel_kw_per_kw=sun.panel_kw_per_kw * clouds,
            load_shape=mean * texture, water_shape=np.repeat(assumed_water_shapes(local_h), 1, axis=1),
            feeders=max(1, len(season.feeders)))
        return Surroundings(**{**{name: getattr(calm, name) for name in calm.__dataclass_fields__}, "trips": trips})


def with_chance(parameters: FleetParameters, seed: int) -> dict[str, NDArray[np.int64]]:
    """Which way each home's roof faces and which day of use it has."""
    rng = np.random.default_rng([seed, 77])
    return {"plane": rng.choice(3, size=len(parameters), p=[0.45, 0.25, 0.30]).astype(np.int64),
            "load_shape": rng.integers(0, SHAPES, len(parameters)).astype(np.int64)}


def change_of_clocks(day: date, season: Season) -> datetime | None:
    """The instant within a day at which its clocks change, or None."""
    midnight, end = local_midnight(day, season.timezone), local_midnight(day + timedelta(days=1), season.timezone)
    first = _offset_s(midnight.timestamp(), season)
    if _offset_s(end.timestamp() - 1, season) == first:
        return None
    instant = midnight
    while _offset_s(instant.timestamp(), season) == first:
        instant += timedelta(minutes=30)
    return instant


def _warmest_c(season: Season, day: date) -> float:
    """The warmest hour of an ordinary day: one number for all days, or twelve, drawn through the months' middles."""
    if len(season.warmest_c) == 1:
        return season.warmest_c[0]
    months = np.arange(12) + 0.5
    return float(np.interp((day.timetuple().tm_yday - 0.5) / 365.25 * 12, months, season.warmest_c, period=12.0))


def _offset_s(second: float, season: Season) -> float:
    offset = datetime.fromtimestamp(second, UTC).astimezone(season.timezone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _local_hour(second: float, season: Season) -> float:
    local = datetime.fromtimestamp(second, UTC).astimezone(season.timezone)
    return local.hour + local.minute / 60 + local.second / 3600

