"""Load shapes: assumed ones, and ones drawn from real hourly profiles given as files."""

from __future__ import annotations

import csv
from collections.abc import Iterable

import numpy as np

from .homes import Floats, Ints

WEEKDAY_SHAPE = (.55, .48, .45, .44, .46, .55, .80, 1.00, .90, .75, .70, .72, .76, .76, .78, .88, 1.10, 1.45, 1.80,
                 1.85, 1.75, 1.50, 1.15, .80)
WEEKEND_SHAPE = (.60, .52, .47, .45, .46, .50, .62, .82, 1.05, 1.12, 1.10, 1.10, 1.12, 1.10, 1.08, 1.12, 1.28, 1.50,
                 1.72, 1.75, 1.65, 1.42, 1.12, .82)
"""Use of everything but cooling, heating, water and cars per clock hour, to any scale. Assumed."""

WATER_SHAPE = (.3, .2, .15, .15, .3, .9, 2.0, 2.3, 1.8, 1.3, 1.0, .9, .9, .8, .7, .8, 1.0, 1.4, 1.8, 1.8, 1.5, 1.2, .9,
               .6)
"""Hot water per clock hour, to any scale: two peaks, morning and evening. Assumed."""


def assumed_load_shapes(local_h: Floats, *, weekend: bool) -> Floats:
    """One shape of base load over steps whose middles are at these local hours: steps x 1."""
    return _by_hour(WEEKEND_SHAPE if weekend else WEEKDAY_SHAPE, local_h)


def assumed_water_shapes(local_h: Floats) -> Floats:
    """One shape of hot-water draw over steps whose middles are at these local hours: steps x 1."""
    return _by_hour(WATER_SHAPE, local_h)


def _by_hour(shape: tuple[float, ...], local_h: Floats) -> Floats:
    at_steps: Floats = np.interp(local_h, np.arange(24) + 0.5, np.array(shape) / np.mean(shape), period=24.0)
    return at_steps[:, None]


def hourly_profile(lines: Iterable[str], column: str) -> tuple[Floats, Ints]:
    """A CSV file's hourly energy and the hour of day at which each begins; `hour` of the file is hour ENDING, 1 to 24.

    So the file of one home's year in CityLearn's layout, whose first row is an hour that ends at midnight, begins at
    23. ValueError if hours do not follow each other, or energy is missing or negative.
    """
    rows = list(csv.DictReader(lines))
    try:
        kwh = np.array([float(row[column]) for row in rows])
        begins_h = np.array([int(row["hour"]) - 1 for row in rows], dtype=np.int64)
    except KeyError as fault:
        raise ValueError(f"the profile has no column {fault}") from fault
    if not (np.isfinite(kwh) & (kwh >= 0.0)).all():
        raise ValueError(f"{column} has energy that is missing or negative")
    if (begins_h < 0).any() or (begins_h > 23).any() or ((begins_h[1:] - begins_h[:-1]) % 24 != 1).any():
        raise ValueError("the profile's hours do not follow each other from 1 to 24")
    return kwh, begins_h


def profile_days(kwh: Floats, begins_h: Ints) -> Floats:
    """The whole days of a profile, midnight to midnight: days x 24."""
    first = int(np.argmax(begins_h == 0))
    whole = (len(kwh) - first) // 24
    return kwh[first:first + 24 * whole].reshape(whole, 24)


def shapes_from_profiles(days_kwh: Floats, *, dt_s: int, texture: float, rng: np.random.Generator) -> Floats:
    """Steps of a day x days: each day's energy by hour, over its profile's mean day.

    `days_kwh` is days x 24; a day's mean over all of its steps is its own energy over the mean day's, so that a home
    of mean load L keeps L. Within an hour the steps vary by a gamma distribution of relative deviation `texture` that
    is scaled back to the hour's energy. ValueError unless a step divides the hour.
    """
    if dt_s <= 0 or 3600 % dt_s:
        raise ValueError(f"a step of {dt_s} s does not divide the hour")
    per_hour = 3600 // dt_s
    level = days_kwh / days_kwh.mean()
    steps = np.ones((len(days_kwh), 24, per_hour))
    if texture > 0.0:
        steps = rng.gamma(texture**-2, texture**2, steps.shape)
        steps /= steps.mean(axis=2, keepdims=True)
    return np.ascontiguousarray((level[:, :, None] * steps).reshape(len(days_kwh), 24 * per_hour).T)
