"""What happens around the homes in a run of steps: weather, use, voltage, outages, silence and trips."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from .homes import Bools, Floats

PER_HOME = ("outage_from_s", "outage_until_s", "silent_from_s", "silent_until_s")
PER_STEP = ("temperature_c", "horizontal_kw_per_m2", "panel_kw_per_kw", "load_shape", "water_shape", "voltage_pu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trips:
    """Each home's trips by car: trips x homes, in the order of time; a place without a trip departs at +inf."""

    departs_s: Floats
    returns_s: Floats
    trip_kwh: Floats

    @classmethod
    def none(cls, count: int) -> Trips:
        """No trip at all."""
        empty = np.empty((0, count))
        return cls(departs_s=empty, returns_s=empty, trip_kwh=empty)

    def part(self, first: int, end: int) -> Trips:
        """The trips of the homes first <= place < end."""
        return Trips(**{field.name: np.ascontiguousarray(getattr(self, field.name)[:, first:end])
                        for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The steps of a run. Absolute times are seconds of the state's clock; spans are half-open, +inf = never."""

    local_offset_s: float
    """Local clock less the absolute one; a run does not straddle a change of clocks."""
    temperature_c: Floats
    """Steps x weather cells."""
    horizontal_kw_per_m2: Floats
    """Sun on a horizontal square metre: steps x weather cells."""
    panel_kw_per_kw: Floats
    """DC output of one kW of panels: steps x planes."""
    load_shape: Floats
    """1 = the home's mean load: steps x shapes."""
    water_shape: Floats
    """1 = the home's mean draw of hot water: steps x shapes."""
    voltage_pu: Floats
    """Steps x feeders."""
    outage_from_s: Floats
    outage_until_s: Floats
    """The home has no grid in any step that begins in this span; per home."""
    silent_from_s: Floats
    silent_until_s: Floats
    """The home neither hears nor reports in this span; per home."""
    trips: Trips

    @classmethod
    def calm(cls, count: int, *, local_offset_s: float, temperature_c: Floats, horizontal_kw_per_m2: Floats,
             panel_kw_per_kw: Floats, load_shape: Floats, water_shape: Floats, feeders: int = 1) -> Surroundings:
        """Surroundings of `count` homes in which the voltage is 1 pu and nobody is cut off, silent or travelling."""
        never = np.full(count, np.inf)
        return cls(local_offset_s=local_offset_s, temperature_c=temperature_c,
                   horizontal_kw_per_m2=horizontal_kw_per_m2, panel_kw_per_kw=panel_kw_per_kw, load_shape=load_shape,
                   water_shape=water_shape, voltage_pu=np.ones((len(temperature_c), feeders)), outage_from_s=never,
                   outage_until_s=never, silent_from_s=never, silent_until_s=never, trips=Trips.none(count))

    def __len__(self) -> int:
        """How many steps."""
        return len(self.temperature_c)

    def window(self, first_step: int, end_step: int) -> Surroundings:
        """The steps first_step <= step < end_step."""
        return replace(self, **{name: getattr(self, name)[first_step:end_step] for name in PER_STEP})

    def part(self, first: int, end: int) -> Surroundings:
        """What the homes first <= place < end see."""
        return replace(self, trips=self.trips.part(first, end),
                       **{name: getattr(self, name)[first:end] for name in PER_HOME})

    def silent(self, clock_s: float) -> Bools:
        """Which homes cannot be reached at a time."""
        return (self.silent_from_s <= clock_s) & (clock_s < self.silent_until_s)
