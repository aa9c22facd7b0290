"""The cars' day: when each leaves, returns, and what the trip takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homes import FleetParameters
from .surroundings import Trips


@dataclass(frozen=True, slots=True, kw_only=True)
class TripHabit:
    """How trips of one kind are drawn; every default is assumed."""

    share: float = 0.75
    """Of cars that make the trip on a day."""
    departs_h: float = 8.0
    departs_sd_h: float = 1.0
    lasts_h: float = 9.0
    lasts_sd_h: float = 1.5
    trip_kwh: float = 10.0
    """Mean of an exponential distribution cut at half of the battery."""


COMMUTE = TripHabit()


def draw_trips(parameters: FleetParameters, *, midnight_s: float, rng: np.random.Generator,
               habits: tuple[TripHabit, ...] = (COMMUTE,)) -> Trips:
    """The trips of one local day that begins at `midnight_s`, one row per habit; none crosses midnight or another."""
    count = len(parameters)
    rows, free_h = [], np.zeros(count)
    for habit in habits:
        goes = (rng.random(count) < habit.share) & (parameters.ev_kwh > 0.0)
        departs_h = np.maximum(rng.normal(habit.departs_h, habit.departs_sd_h, count), free_h)
        returns_h = np.minimum(departs_h + np.maximum(rng.normal(habit.lasts_h, habit.lasts_sd_h, count), 0.5), 23.5)
        kwh = np.minimum(habit.trip_kwh * rng.standard_exponential(count), parameters.ev_kwh / 2.0)
        goes &= departs_h < returns_h
        free_h = np.where(goes, returns_h + 0.25, free_h)
        rows.append((np.where(goes, midnight_s + 3600.0 * departs_h, np.inf),
                     np.where(goes, midnight_s + 3600.0 * returns_h, np.inf), np.where(goes, kwh, 0.0)))
    if not rows:
        return Trips.none(count)
    departs_s, returns_s, trip_kwh = (np.stack(column) for column in zip(*rows, strict=True))
    return Trips(departs_s=departs_s, returns_s=returns_s, trip_kwh=trip_kwh)


def joined(first: Trips, second: Trips) -> Trips:
    """Two days' trips, so that the evening knows when the car leaves in the morning."""
    return Trips(departs_s=np.concatenate([first.departs_s, second.departs_s]),
                 returns_s=np.concatenate([first.returns_s, second.returns_s]),
                 trip_kwh=np.concatenate([first.trip_kwh, second.trip_kwh]))
