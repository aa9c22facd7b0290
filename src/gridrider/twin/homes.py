"""Homes and their batteries: who has how much of what, and what a day of load and sun looks like.

Load and sun are floating kW here; `energy_mwh` is the one door at which they become whole milliwatt-hours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..quantity import MWH_PER_KWH
from .season import SLOTS_PER_DAY
from .weather import DayWeather, Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SLOT_H = 0.25
WEEKDAY_SHAPE = (.55, .48, .45, .44, .46, .55, .80, 1.00, .90, .75, .70, .72, .76, .76, .78, .88, 1.10, 1.45, 1.80,
                 1.85, 1.75, 1.50, 1.15, .80)
WEEKEND_SHAPE = (.60, .52, .47, .45, .46, .50, .62, .82, 1.05, 1.12, 1.10, 1.10, 1.12, 1.10, 1.08, 1.12, 1.28, 1.50,
                 1.72, 1.75, 1.65, 1.42, 1.12, .82)
"""Use of everything but cooling and cars per clock hour, 1 = the home's mean. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """Homes as columns of equal length: one place in each array is one home."""

    base_kw: Floats
    """Mean load without cooling and car."""
    cooling_kw_per_c: Floats
    """Cooling per degree above the setting; 0 = no air conditioner."""
    cooling_kw_max: Floats
    comfort_c: Floats
    climate_c: Floats
    """How much warmer than the territory's ordinary place it is here."""
    car_kw: Floats
    """Power of a car charger; 0 = no car."""
    solar_kw: Floats
    facing: Ints
    """Place in PANEL_AZIMUTH_DEG."""
    nameplate_kw: Floats
    duration_h: Floats
    capacity_mwh: Ints
    slot_mwh_max: Ints
    """What the battery can take or give in a quarter hour."""
    reserve_mwh: Ints
    """Kept for the home's own backup."""
    export_slot_mwh_max: Ints
    """What the connection may export in a quarter hour."""
    evening_only: Bools
    """True: the battery serves the home from 16:00 to 21:00 only; false: whenever the sun does not suffice."""
    grid_charged: Bools
    """True: no sun, the battery charges at night from the grid."""

    def __len__(self) -> int:
        return len(self.base_kw)

    def part(self, first: int, end: int) -> Homes:
        """The homes first <= place < end."""
        return Homes(**{field.name: getattr(self, field.name)[first:end] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery as homes of one kind have it: energy and power at its AC side."""

    share: float
    capacity_kwh: float
    power_kw: float
    duration_h: float


ELRP_BATTERIES = tuple(Battery(share=share, capacity_kwh=13.5 * count, power_kw=5.0 * count, duration_h=2.7)
                       for count, share in ((1, .48), (2, .42), (3, .10)))
"""One to three units of 13.5 kWh and 5 kW. The unit is the maker's data sheet of the time; the shares are assumed, near
the published peak of about 7 kW per participant, which takes about 1.6 units."""

DSGS_BATTERIES = tuple(Battery(share=share, capacity_kwh=capacity_kwh, power_kw=power_kw, duration_h=duration_h)
                       for share, capacity_kwh, power_kw, duration_h in (
    (.34, 13.5, 5.0, 2), (.14, 10.0, 5.0, 2), (.14, 27.0, 10.0, 2), (.24, 13.5, 11.5, 2), (.09, 20.0, 5.0, 4),
    (.05, 30.0, 7.6, 4)))
"""Kinds of battery and their shares. Assumed."""


def draw_homes(count: int, batteries: tuple[Battery, ...], rng: np.random.Generator) -> Homes:
    """Draw `count` homes; every share and spread in here is an assumption."""
    shares = np.array([battery.share for battery in batteries])
    which = rng.choice(len(batteries), size=count, p=shares / shares.sum())
    capacity_kwh = np.array([battery.capacity_kwh for battery in batteries])[which]
    power_kw = np.array([battery.power_kw for battery in batteries])[which]
    size = rng.lognormal(0.0, 0.30, count) * (0.85 + 0.20 * capacity_kwh / 13.5)
    cooled = rng.random(count) < 0.65
    has_solar = rng.random(count) < 0.92
    solar_kw = np.where(has_solar, np.clip(rng.normal(6.2, 1.6, count) * (0.8 + 0.2 * size), 2.5, 14.0), 0.0)
    reserve_share = rng.choice([0.10, 0.20, 0.30, 0.50, 0.80], size=count, p=[0.22, 0.54, 0.14, 0.08, 0.02])
    # S1: export is limited to a safe amount, "similar to onsite solar export".
    export_kw = np.maximum(solar_kw, 5.0) + rng.choice([0.0, 2.5, 5.0], size=count, p=[0.3, 0.4, 0.3])
    return Homes(
        base_kw=0.62 * size, cooling_kw_per_c=np.where(cooled, rng.uniform(0.06, 0.18, count) * size, 0.0),
        cooling_kw_max=rng.uniform(1.5, 3.5, count), comfort_c=rng.uniform(24.0, 28.0, count),
        climate_c=rng.normal(0.0, 3.0, count), car_kw=np.where(rng.random(count) < 0.28, 7.2, 0.0),
        solar_kw=solar_kw, facing=rng.choice(3, size=count, p=[0.45, 0.25, 0.30]).astype(np.int64),
        nameplate_kw=power_kw, duration_h=np.array([battery.duration_h for battery in batteries])[which],
        capacity_mwh=energy_mwh(capacity_kwh, 1.0), slot_mwh_max=energy_mwh(power_kw, SLOT_H),
        reserve_mwh=energy_mwh(capacity_kwh * reserve_share, 1.0), export_slot_mwh_max=energy_mwh(export_kw, SLOT_H),
        evening_only=rng.random(count) < 0.35, grid_charged=~has_solar)


def energy_mwh(power_kw: Floats, hours: float) -> Ints:
    """The one door from floating power to whole milliwatt-hours, ties to even.

    >>> energy_mwh(np.array([5.0, 1.2345678]), 0.25).tolist()
    [1250000, 308642]
    """
    return np.rint(power_kw * (hours * MWH_PER_KWH)).astype(np.int64)


def load_mwh(homes: Homes, weather: DayWeather, *, weekend: bool, rng: np.random.Generator) -> Ints:
    """What each home uses in each quarter hour of a day: quarter hours x homes."""
    count = len(homes)
    hours = np.arange(24) + 0.5
    shape = np.interp((np.arange(SLOTS_PER_DAY) + 0.5) / 4, hours, WEEKEND_SHAPE if weekend else WEEKDAY_SHAPE,
                      period=24.0)
    mood = rng.lognormal(0.0, 0.12, count)
    noise = rng.standard_gamma(6.0, (SLOTS_PER_DAY, count)) / 6.0
    base_kw = shape[:, None] * (homes.base_kw * mood) * noise
    # A house warms for about two hours before its air conditioner feels the day.
    felt_c = np.roll(weather.temperature_c, 8)[:, None] + (homes.climate_c - homes.comfort_c)
    cooling_kw = np.minimum(homes.cooling_kw_per_c * np.maximum(felt_c, 0.0), homes.cooling_kw_max)
    return energy_mwh(base_kw + cooling_kw + _car_kw(homes, rng), SLOT_H)


def _car_kw(homes: Homes, rng: np.random.Generator) -> Floats:
    """Car charging after midnight, on about half of the days, one to three hours long."""
    count = len(homes)
    first = rng.integers(0, 12, count)
    length = rng.integers(4, 13, count) * (rng.random(count) < 0.5)
    slot = np.arange(SLOTS_PER_DAY)[:, None]
    return np.where((slot >= first) & (slot < first + length), homes.car_kw, 0.0)


def solar_mwh(homes: Homes, weather: DayWeather, rng: np.random.Generator) -> Ints:
    """What each home's panels make in each quarter hour of a day: quarter hours x homes."""
    count = len(homes)
    local = np.clip(weather.clearness * rng.normal(1.0, 0.05, count), 0.0, 1.0)
    passing_clouds = 1.0 - (1.0 - local) * rng.random((SLOTS_PER_DAY, count), dtype=np.float32)
    clear_kw = weather.panel_kw_per_kw[:, homes.facing] * homes.solar_kw
    return energy_mwh(clear_kw * local * passing_clouds, SLOT_H)
