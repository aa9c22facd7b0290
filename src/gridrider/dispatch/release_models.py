"""What each home would draw after an event for each way of letting it go, from a small model of it.

A way is how much of the event's offset is still in force in each minute after the event's end: 1 all, 0 none. A home
has two temperatures: indoor air, warmed through the envelope, by its mass, by gains and by its machine, and the mass,
which only exchanges heat with the air (2R2C; Bacher, Madsen, Energy and Buildings 43 (2011) 1511-1522):

    capacity_indoor d(indoor)/dt = conductance_outdoor (outdoor - indoor) + conductance_mass (mass - indoor)
                                   + gain + machine
    capacity_mass     d(mass)/dt = conductance_mass (indoor - mass)

A tank of hot water is the same with the room as its outdoors, no mass, and the draw as a negative gain. The thermostat
has a band around its set-point. The model follows the first return to the customer's own set-point switch by switch,
for that is what the rebound consists of. From then on it holds the set-point with as much of the machine as that takes:
when a home's later cycles fall is beyond what estimated parameters can tell, and a plan must not lean on it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Bools = NDArray[np.bool_]

CHUNK_HOMES = 256
"""Homes simulated side by side: few enough that their state stays in the processor's cache."""
MINUTES_PER_HOUR = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalHomes:
    """What is known or estimated of N homes (or tanks) at the event's end; all arrays are [N].

    The machine cools where `machine_heat_kw` < 0 and heats where it is > 0. `event_offset_c` is what the event added to
    the customer's own set-point: > 0 where it cools, < 0 where it heats.
    """

    setpoint_c: Floats
    """The customer's own."""
    event_offset_c: Floats
    band_half_c: Floats
    """The thermostat switches this far on either side of its set-point."""
    indoor_c: Floats
    mass_c: Floats
    running: Bools
    capacity_indoor_kwh_per_k: Floats
    capacity_mass_kwh_per_k: Floats
    conductance_outdoor_kw_per_k: Floats
    conductance_mass_kw_per_k: Floats
    gain_kw: Floats
    """Heat from sun and people; for a tank, the draw, < 0."""
    machine_heat_kw: Floats
    machine_kw: Floats
    """Electric power while the machine runs."""

    def __post_init__(self) -> None:
        shapes = {getattr(self, field.name).shape for field in fields(self)}
        if len(shapes) != 1 or self.setpoint_c.ndim != 1:
            raise ValueError(f"homes are arrays of one dimension and equal length, not of shapes {sorted(shapes)}")
        if bool(np.any(self.machine_heat_kw == 0.0)):
            raise ValueError("a machine that neither heats nor cools has no event to return from")

    def __len__(self) -> int:
        return len(self.setpoint_c)

    def part(self, homes: slice) -> ThermalHomes:
        """Some neighbours, not copied."""
        return ThermalHomes(**{field.name: getattr(self, field.name)[homes] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """What N devices would draw for each of K ways, in B blocks of equal length from the event's end."""

    power_kw: Floats32
    """[N, K, B] the mean power drawn in each block, >= 0."""
    in_time: Bools
    """[N, K] whether the customer is back at what he had set, near enough and by the time asked for."""

    def __post_init__(self) -> None:
        if self.power_kw.ndim != 3 or self.in_time.shape != self.power_kw.shape[:2]:
            raise ValueError(f"profiles are [devices, ways, blocks] and [devices, ways], not {self.power_kw.shape} "
                             f"and {self.in_time.shape}")


def joined(*parts: Profiles) -> Profiles:
    """Devices of several kinds planned together, in the order given; their ways and blocks must be the same."""
    return Profiles(power_kw=np.concatenate([part.power_kw for part in parts]),
                    in_time=np.concatenate([part.in_time for part in parts]))


def thermal_profiles(homes: ThermalHomes, ways: Floats, outdoor_c: Floats, *, block_minutes: int = 15,
                     near_c: float = 0.5, back_by_minute: int = 180) -> Profiles:
    """Profiles of thermostats or tanks; `ways` is [K, minutes], `outdoor_c` [minutes] from the event's end.

    A way is in time for a home when from `back_by_minute` on its air is no further than `near_c` above the customer's
    own set-point (below it, where the machine heats). Raises ValueError when the minutes of ways and weather differ,
    do not fill whole blocks, or end before `back_by_minute`.
    """
    check_minutes(ways, outdoor_c, block_minutes, back_by_minute)
    power_kw = np.zeros((len(homes), len(ways), ways.shape[1] // block_minutes), dtype=np.float32)
    in_time = np.ones((len(homes), len(ways)), dtype=np.bool_)
    for start in range(0, len(homes), CHUNK_HOMES):
        some = slice(start, start + CHUNK_HOMES)
        _follow(homes.part(some), ways, outdoor_c, power_kw[some], in_time[some], near_c, back_by_minute)
    return Profiles(power_kw=power_kw, in_time=in_time)


def check_minutes(ways: Floats, outdoor_c: Floats, block_minutes: int, back_by_minute: int) -> None:
    """Raise ValueError when ways, weather, blocks and the time to be back by do not fit together."""
    minutes = ways.shape[1]
    if outdoor_c.shape != (minutes,) or minutes % block_minutes or minutes <= back_by_minute:
        raise ValueError(f"ways of {minutes} minutes need as many of weather, whole blocks of {block_minutes} minutes, "
                         f"and more than {back_by_minute} minutes; weather is {outdoor_c.shape}")


def _follow(homes: ThermalHomes, ways: Floats, outdoor_c: Floats, power_kw: Floats32, in_time: Bools, near_c: float,
            back_by_minute: int) -> None:
    """Write the power and the punctuality of some homes, minute by minute, all ways side by side."""
    def per_home(array: Floats) -> Floats:
        return array[:, None]

    minutes = ways.shape[1]
    block_minutes = minutes // power_kw.shape[2]
    setpoint_c, offset_c, half_c = map(per_home, (homes.setpoint_c, homes.event_offset_c, homes.band_half_c))
    outdoor_kw_per_k, mass_kw_per_k = map(per_home, (homes.conductance_outdoor_kw_per_k,
                                                     homes.conductance_mass_kw_per_k))
    gain_kw, heat_kw = per_home(homes.gain_kw), per_home(homes.machine_heat_kw)
    warm_side = -np.sign(heat_kw)
    k_per_kw_indoor = 1.0 / (MINUTES_PER_HOUR * per_home(homes.capacity_indoor_kwh_per_k))
    k_per_kw_mass = 1.0 / (MINUTES_PER_HOUR * per_home(homes.capacity_mass_kwh_per_k))
    machine_kw = (per_home(homes.machine_kw) / block_minutes).astype(np.float32)
    indoor_c, mass_c = (np.repeat(array[:, None], len(ways), axis=1) for array in (homes.indoor_c, homes.mass_c))
    running = np.repeat(homes.running[:, None], len(ways), axis=1)
    returned = np.zeros_like(running)
    holding = np.zeros_like(running)
    for minute in range(minutes):
        away_c = warm_side * (indoor_c - (setpoint_c + offset_c * ways[:, minute]))
        too_far = away_c < -half_c
        running = (running | (away_c > half_c)) & ~too_far
        returned |= too_far & (ways[:, minute] == 0.0)
        holding |= returned & (away_c >= 0.0)
        mass_flow_kw = mass_kw_per_k * (mass_c - indoor_c)
        flow_kw = outdoor_kw_per_k * (outdoor_c[minute] - indoor_c) + mass_flow_kw + gain_kw
        # After the return the machine rests until the set-point is reached from the other side, then holds it.
        share = np.where(holding, np.clip(-flow_kw / heat_kw, 0.0, 1.0), running & ~returned)
        power_kw[:, :, minute // block_minutes] += machine_kw * share
        indoor_c += k_per_kw_indoor * (flow_kw + heat_kw * share)
        mass_c -= k_per_kw_mass * mass_flow_kw
        if minute >= back_by_minute:
            in_time &= warm_side * (indoor_c - setpoint_c) <= near_c


def recharge_profiles(missing_kwh: Floats, charge_kw: Floats, ways: Floats, *, block_minutes: int = 15,
                      back_by_minute: int = 180) -> Profiles:
    """Profiles of batteries or cars that resume charging after an event, until `missing_kwh` [N] >= 0 are drawn.

    `charge_kw` is [N] >= 0. A way holds the charger to 1 less its share of the offset. In time is who is full by
    `back_by_minute`. Energy is reckoned at the plug: divide what the cell lacks by its charging efficiency first.
    """
    free_h = np.cumsum(1.0 - ways, axis=1) / MINUTES_PER_HOUR
    edges_h = np.concatenate([np.zeros((len(ways), 1)), free_h[:, block_minutes - 1 :: block_minutes]], axis=1)
    drawn_kwh = np.minimum(missing_kwh[:, None, None], charge_kw[:, None, None] * edges_h)
    power_kw = np.diff(drawn_kwh, axis=2) * (MINUTES_PER_HOUR / block_minutes)
    by_then_kwh = charge_kw[:, None] * free_h[:, back_by_minute - 1]
    return Profiles(power_kw=power_kw.astype(np.float32), in_time=by_then_kwh >= missing_kwh[:, None])
