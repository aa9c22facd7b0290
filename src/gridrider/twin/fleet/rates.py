"""What is the same in every step of a run: how each home's stores answer a step of that length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homes import FleetParameters, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Per home: what a kW over one step does to a store, and what a store is worth in kW over one step."""

    air_air: Floats
    """The exponential of the envelope's 2R2C matrix: what is left of the air's distance from rest after a step, ..."""
    air_mass: Floats
    """... what the mass's distance adds to it, and likewise for the mass."""
    mass_air: Floats
    mass_mass: Floats
    tank_kw_per_c: Floats
    give_kw_per_kwh: Floats
    """What a stored kWh lets the battery give for a whole step; likewise what room for a kWh lets it take."""
    take_kw_per_kwh: Floats
    out_kwh_per_kw: Floats
    """What a step of 1 kW given takes out of the battery; likewise what a kW taken brings in."""
    in_kwh_per_kw: Floats
    ev_out_kwh_per_kw: Floats
    ev_in_kwh_per_kw: Floats


def rates(parameters: FleetParameters, step_h: float) -> Rates:
    """The rates of steps of `step_h` hours, in which weather and heating are constant.

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
    charged, discharged = parameters.charge_efficiency * step_h, step_h / parameters.discharge_efficiency
    return Rates(
        air_air=even + odd * half, air_mass=odd * a12, mass_air=odd * a21, mass_mass=even - odd * half,
        tank_kw_per_c=parameters.tank_kwh_per_c / step_h, give_kw_per_kwh=1.0 / discharged,
        take_kw_per_kwh=1.0 / charged, out_kwh_per_kw=discharged, in_kwh_per_kw=charged,
        ev_out_kwh_per_kw=step_h / parameters.ev_efficiency, ev_in_kwh_per_kw=step_h * parameters.ev_efficiency)
