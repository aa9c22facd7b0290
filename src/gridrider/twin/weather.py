"""Sun and heat of a day: what drives solar panels and air conditioners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from .season import SLOTS_PER_DAY, Season

Floats = NDArray[np.float64]

PANEL_TILT_DEG = 20.0
PANEL_AZIMUTH_DEG = (180.0, 225.0, 270.0)
"""South, south-west, west; clockwise from north."""

_SLOT_MIDDLE_H = (np.arange(SLOTS_PER_DAY) + 0.5) / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWeather:
    """One day over the territory."""

    temperature_c: Floats
    """Per quarter hour, in the shade at an ordinary place of the territory."""
    panel_kw_per_kw: Floats
    """Output of one kW of panels under a clear sky: quarter hours x PANEL_AZIMUTH_DEG."""
    clearness: float
    """Share of the clear sky's sun that came through, 0 to 1."""


def season_weather(season: Season, rng: np.random.Generator) -> dict[date, DayWeather]:
    """The weather of every day of a season's readings; the heat drifts from day to day."""
    weather: dict[date, DayWeather] = {}
    drift_c = 0.0
    for day in season.readings.days():
        drift_c = 0.7 * drift_c + rng.normal(0.0, 1.2)
        clearness = float(rng.beta(12.0, 1.2))
        warmest_c = 30.5 + drift_c + season.warmer_c(day)
        weather[day] = DayWeather(
            temperature_c=temperature_c(warmest_c), clearness=clearness,
            panel_kw_per_kw=panel_kw_per_kw(day, season.latitude_deg, _clock_ahead_h(day, season)))
    return weather


def temperature_c(warmest_c: float) -> Floats:
    """A day's temperature: warmest at 16:30, 15 degrees cooler twelve hours apart."""
    warmth = (1 + np.cos(2 * np.pi * (_SLOT_MIDDLE_H - 16.5) / 24)) / 2
    return np.asarray(warmest_c - 15.0 * (1 - warmth), dtype=np.float64)


def panel_kw_per_kw(day: date, latitude_deg: float, clock_ahead_h: float) -> Floats:
    """Output of one kW of panels under a clear sky, quarter hours x PANEL_AZIMUTH_DEG.

    Sun's height by declination and hour angle; direct beam 1.353 * 0.7 ** (air mass ** 0.678) kW/m2 (Meinel and
    Meinel, 1976) and a tenth of it diffuse; 0.82 for inverter, heat and dirt. `clock_ahead_h` is how far the clock
    is ahead of the sun.
    """
    latitude = np.radians(latitude_deg)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day.timetuple().tm_yday) / 365)
    hour_angle = np.radians(15.0 * (_SLOT_MIDDLE_H - clock_ahead_h - 12.0))
    sine_height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    up = sine_height > 0.02
    air_mass = 1.0 / np.where(up, sine_height, 1.0)
    beam = np.where(up, 1.353 * 0.7 ** (air_mass**0.678), 0.0)
    south = np.cos(hour_angle) * np.cos(declination) * np.sin(latitude) - np.sin(declination) * np.cos(latitude)
    west = np.cos(declination) * np.sin(hour_angle)
    tilt, azimuth = np.radians(PANEL_TILT_DEG), np.radians(np.array(PANEL_AZIMUTH_DEG))
    facing = (south[:, None] * -np.cos(azimuth) + west[:, None] * -np.sin(azimuth)) * np.sin(tilt)
    incidence = np.maximum(sine_height[:, None] * np.cos(tilt) + facing, 0.0)
    return np.asarray(0.82 * beam[:, None] * (incidence + 0.1), dtype=np.float64)


def _clock_ahead_h(day: date, season: Season) -> float:
    """How many hours the local clock is ahead of the mean sun at the season's place."""
    noon_offset = season.timezone.utcoffset(datetime.combine(day, time(12)))
    return (noon_offset.total_seconds() / 3600 if noon_offset else 0.0) - season.longitude_deg / 15.0
