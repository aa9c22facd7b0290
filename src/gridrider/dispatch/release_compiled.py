"""The compiled twin of `release_models.thermal_profiles`: home by home and way by way, the state in registers."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled_parallel, prange
from .release_models import MINUTES_PER_HOUR, Bools, Floats, Floats32, Profiles, ThermalHomes, check_minutes


def thermal_profiles(homes: ThermalHomes, ways: Floats, outdoor_c: Floats, *, block_minutes: int = 15,
                     near_c: float = 0.5, back_by_minute: int = 180) -> Profiles:
    """Profiles of thermostats or tanks, as `release_models.thermal_profiles` has them, and with its errors."""
    check_minutes(ways, outdoor_c, block_minutes, back_by_minute)
    shape = (len(homes), len(ways), ways.shape[1] // block_minutes)
    power_kw = np.zeros(shape, dtype=np.float32)
    in_time = np.ones(shape[:2], dtype=np.bool_)
    _follow(homes.setpoint_c, homes.event_offset_c, homes.band_half_c, homes.indoor_c, homes.mass_c, homes.running,
            homes.capacity_indoor_kwh_per_k, homes.capacity_mass_kwh_per_k, homes.conductance_outdoor_kw_per_k,
            homes.conductance_mass_kw_per_k, homes.gain_kw, homes.machine_heat_kw, homes.machine_kw,
            np.ascontiguousarray(ways), outdoor_c, block_minutes, near_c, back_by_minute, power_kw, in_time)
    return Profiles(power_kw=power_kw, in_time=in_time)


@compiled_parallel
def _follow(setpoint_c: Floats, offset_c: Floats, half_c: Floats, indoor_start_c: Floats, mass_start_c: Floats,
            running_start: Bools, capacity_indoor: Floats, capacity_mass: Floats, outdoor_kw_per_k: Floats,
            mass_kw_per_k: Floats, gain_kw: Floats, heat_kw: Floats, machine_kw: Floats, ways: Floats,
            outdoor_c: Floats, block_minutes: int, near_c: float, back_by_minute: int, power_kw: Floats32,
            in_time: Bools) -> None:
    """Write the power and the punctuality of each home for each way."""
    for home in prange(len(setpoint_c)):
        warm_side = -1.0 if heat_kw[home] > 0.0 else 1.0
        k_per_kw_indoor = 1.0 / (MINUTES_PER_HOUR * capacity_indoor[home])
        k_per_kw_mass = 1.0 / (MINUTES_PER_HOUR * capacity_mass[home])
        for way in range(len(ways)):
            indoor, mass, running = indoor_start_c[home], mass_start_c[home], running_start[home]
            returned = holding = False
            drawn = 0.0
            for minute in range(ways.shape[1]):
                still = ways[way, minute]
                away = warm_side * (indoor - (setpoint_c[home] + offset_c[home] * still))
                if away > half_c[home]:
                    running = True
                elif away < -half_c[home]:
                    running = False
                    returned = returned or still == 0.0
                holding = holding or (returned and away >= 0.0)
                mass_flow = mass_kw_per_k[home] * (mass - indoor)
                flow = outdoor_kw_per_k[home] * (outdoor_c[minute] - indoor) + mass_flow + gain_kw[home]
                share = 1.0 if running and not returned else 0.0
                if holding:
                    share = min(max(-flow / heat_kw[home], 0.0), 1.0)
                drawn += share
                if (minute + 1) % block_minutes == 0:
                    power_kw[home, way, minute // block_minutes] = machine_kw[home] * drawn / block_minutes
                    drawn = 0.0
                indoor += k_per_kw_indoor * (flow + heat_kw[home] * share)
                mass -= k_per_kw_mass * mass_flow
                if minute >= back_by_minute and warm_side * (indoor - setpoint_c[home]) > near_c:
                    in_time[home, way] = False
