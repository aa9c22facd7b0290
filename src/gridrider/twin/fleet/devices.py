"""Thermostat, water heater and car: when each switches, what it draws, and where it stands after a step.

Each function takes arrays of homes and mean powers of a step in kW.
"""

from __future__ import annotations

import numpy as np

from .communication import Orders
from .homes import Bools, FleetParameters, Floats
from .rates import Rates
from .state import FleetState
from .surroundings import Trips

TANK_ROOM_C = 20.0
INLET_C = 15.0
"""Around the tank, and of the water that comes in. Assumed."""


def switched(on: Bools, low: Bools, high: Bools) -> Bools:
    """A switch with hysteresis: on where low, off where high, else as it was."""
    return low | (on & ~high)


def warmth_after(parameters: FleetParameters, rates: Rates, state: FleetState, *, outside_c: Floats,
                 gain_kw: Floats) -> tuple[Floats, Floats]:
    """Air and mass after a step with heat `gain_kw` into the air."""
    rest_c = outside_c + gain_kw * parameters.outside_c_per_kw
    air, mass = state.air_c - rest_c, state.mass_c - rest_c
    return (rest_c + rates.air_air * air + rates.air_mass * mass,
            rest_c + rates.mass_air * air + rates.mass_mass * mass)


def tank_after(parameters: FleetParameters, rates: Rates, tank_c: Floats, *, heat_kw: Floats,
               water_kw_per_c: Floats) -> Floats:
    """One well-stirred tank after a step, by the implicit Euler rule, which never overshoots."""
    loss, per_c = parameters.tank_loss_kw_per_c, rates.tank_kw_per_c
    gain_kw = heat_kw + loss * TANK_ROOM_C + water_kw_per_c * INLET_C
    return (per_c * tank_c + gain_kw) / (per_c + loss + water_kw_per_c)


def trip_now(trips: Trips, owns: Bools, clock_s: float, dt_s: float) -> tuple[Bools, Floats, Floats]:
    """Which cars are away in any part of a step, what trips begun in it take, and when those at home leave next."""
    count = len(owns)
    away, trip_kwh, leaves_s = np.zeros(count, dtype=np.bool_), np.zeros(count), np.full(count, np.inf)
    end_s = clock_s + dt_s
    for departs_s, returns_s, kwh in zip(trips.departs_s, trips.returns_s, trips.trip_kwh, strict=True):
        away = away | ((departs_s < end_s) & (clock_s < returns_s))
        trip_kwh = trip_kwh + np.where((departs_s >= clock_s) & (departs_s < end_s), kwh, 0.0)
        leaves_s = np.minimum(leaves_s, np.where(departs_s >= end_s, departs_s, np.inf))
    return away & owns, trip_kwh * owns, leaves_s


def car_after(parameters: FleetParameters, rates: Rates, orders: Orders, stored_kwh: Floats, *, plugged: Bools,
              own_hours: Bools, discharge_kw_max: Floats, left_h: Floats) -> Floats:
    """A car's energy after a step at its charger, whatever was asked: enough to depart with, if that can still be had.

    Own charging goes to the owner's target, asked charging to the brim, asked discharging to the floor. `left_h` is
    the time from the step's end to departure: what is stored may not fall below what could not be caught up by then.
    """
    charge_kw = parameters.ev_charge_kw_max
    asked = ~np.isnan(orders.ev_kw)
    wanted_kw = np.where(asked, np.clip(-orders.ev_kw, -discharge_kw_max, charge_kw), own_hours * charge_kw)
    brim_kwh = np.where(asked, parameters.ev_kwh, parameters.ev_target_kwh)
    up_kwh = np.minimum(np.maximum(wanted_kw, 0.0) * rates.ev_in_kwh_per_kw, np.maximum(brim_kwh - stored_kwh, 0.0))
    down_kwh = np.minimum(np.maximum(-wanted_kw, 0.0) * rates.ev_out_kwh_per_kw,
                          np.maximum(stored_kwh - parameters.ev_floor_kwh, 0.0))
    reach_kwh = np.minimum(stored_kwh + charge_kw * rates.ev_in_kwh_per_kw, parameters.ev_kwh)
    must_kwh = np.minimum(orders.ev_departure_kwh - left_h * charge_kw * parameters.ev_efficiency, reach_kwh)
    return np.where(plugged, np.maximum(stored_kwh + up_kwh - down_kwh, must_kwh), stored_kwh)
