"""Thermostat, water heater and car: when each switches, what it draws, and where it stands after a step.

Each function takes arrays of homes, powers in kW and a step of `step_h` hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .communication import Orders
from .homes import Bools, FleetParameters, Floats
from .state import FleetState
from .surroundings import Trips

TANK_ROOM_C = 20.0
INLET_C = 15.0
"""Around the tank, and of the water that comes in. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """How a home's warmth answers a step: the exponential of its 2R2C matrix, times the distance from rest."""

    air_air: Floats
    air_mass: Floats
    mass_air: Floats
    mass_mass: Floats


def envelope(parameters: FleetParameters, step_h: float) -> Envelope:
    """The exact answer of air and mass over one step of constant weather and heating.

    With x the distance of (air, mass) from rest, dx/dt = A x and A = [[-(g1 + g2)/Ca, g2/Ca], [g2/Cm, -g2/Cm]], the g
    being one over the resistances. For a 2 x 2 matrix with real eigenvalues m - d and m + d,
    exp(A h) = exp(m h) (cosh(d h) I + sinh(d h)/d (A - m I)).
    """
    outside, mass = 1.0 / parameters.outside_c_per_kw, 1.0 / parameters.mass_c_per_kw
    a11, a12 = -(outside + mass) / parameters.air_kwh_per_c, mass / parameters.air_kwh_per_c
    a21, a22 = mass / parameters.mass_kwh_per_c, -mass / parameters.mass_kwh_per_c
    middle, half = (a11 + a22) / 2.0, (a11 - a22) / 2.0
    distance = np.sqrt(half * half + a12 * a21)
    # By exponentials of m + d and m - d, both below zero: no overflow however long the step.
    slow, fast = np.exp((middle + distance) * step_h), np.exp((middle - distance) * step_h)
    even, odd = (slow + fast) / 2.0, (slow - fast) / (2.0 * distance)
    return Envelope(air_air=even + odd * half, air_mass=odd * a12, mass_air=odd * a21, mass_mass=even - odd * half)


def switched(on: Bools, low: Bools, high: Bools) -> Bools:
    """A switch with hysteresis: on where low, off where high, else as it was."""
    return low | (on & ~high)


def warmth_after(parameters: FleetParameters, answer: Envelope, state: FleetState, *, outside_c: Floats,
                 gain_kw: Floats) -> tuple[Floats, Floats]:
    """Air and mass after a step with heat `gain_kw` into the air."""
    rest_c = outside_c + gain_kw * parameters.outside_c_per_kw
    air, mass = state.air_c - rest_c, state.mass_c - rest_c
    return (rest_c + answer.air_air * air + answer.air_mass * mass,
            rest_c + answer.mass_air * air + answer.mass_mass * mass)


def tank_after(parameters: FleetParameters, tank_c: Floats, *, heat_kw: Floats, water_kw_per_c: Floats,
               step_h: float) -> Floats:
    """One well-stirred tank after a step, by the implicit Euler rule, which never overshoots."""
    loss = parameters.tank_loss_kw_per_c
    gain_kw = heat_kw + loss * TANK_ROOM_C + water_kw_per_c * INLET_C
    per_c = parameters.tank_kwh_per_c / step_h
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


def car_after(parameters: FleetParameters, orders: Orders, stored_kwh: Floats, *, plugged: Bools, own_hours: Bools,
              discharge_kw_max: Floats, left_h: Floats, step_h: float) -> Floats:
    """A car's energy after a step at its charger, whatever was asked: enough to depart with, if that can still be had.

    Own charging goes to the owner's target, asked charging to the brim, asked discharging to the floor. `left_h` is
    the time from the step's end to departure: what is stored may not fall below what could not be caught up by then.
    """
    charge_kw, one_way = parameters.ev_charge_kw_max, parameters.ev_efficiency
    asked = ~np.isnan(orders.ev_kw)
    wanted_kw = np.where(asked, np.clip(-orders.ev_kw, -discharge_kw_max, charge_kw), own_hours * charge_kw)
    brim_kwh = np.where(asked, parameters.ev_kwh, parameters.ev_target_kwh)
    up_kwh = np.minimum(np.maximum(wanted_kw, 0.0) * one_way * step_h, np.maximum(brim_kwh - stored_kwh, 0.0))
    down_kwh = np.minimum(np.maximum(-wanted_kw, 0.0) / one_way * step_h,
                          np.maximum(stored_kwh - parameters.ev_floor_kwh, 0.0))
    reach_kwh = np.minimum(stored_kwh + charge_kw * one_way * step_h, parameters.ev_kwh)
    must_kwh = np.minimum(orders.ev_departure_kwh - left_h * charge_kw * one_way, reach_kwh)
    return np.where(plugged, np.maximum(stored_kwh + up_kwh - down_kwh, must_kwh), stored_kwh)
