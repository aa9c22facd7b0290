"""What an inverter does by itself: volt-var, volt-watt, trip and enter service of IEEE 1547-2018, category B.

The settings are the standard's defaults: table 8 (volt-var), table 10 (volt-watt), table 13 (trip, abnormal category
III: clearing times of 13 and 21 s, so that any step of a minute outside has tripped), table 4 (enter service).
Reactive power goes first: what apparent power is left is active. The standard's lower reactive duty below 20% of
rated power (table 7) is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homes import Bools, Floats

VAR_AT_PU, VAR_PU = (0.92, 0.98, 1.02, 1.08), (0.44, 0.0, 0.0, -0.44)
"""Voltages, and reactive power at them, + = injected, per unit of rated apparent power."""

WATT_AT_PU, WATT_PU = (1.06, 1.10), (1.0, 0.0)
"""Voltages, and greatest active power at them. A storage inverter need not absorb above 1.10 pu: P'2 = 0."""

TRIP_PU = (0.88, 1.10)
ENTER_PU = (0.917, 1.05)
WAIT_S, RAMP_S = 300.0, 300.0
"""Enter service delay and duration of the ramp that follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InverterLimits:
    """Per unit of the inverter's rated apparent power."""

    reactive_pu: Floats
    """+ = injected."""
    give_pu: Floats
    """Greatest active power out."""
    take_pu: Floats
    """Greatest active power in."""


def inverter_limits(voltage_pu: Floats, *, volt_var: Bools | bool, volt_watt: Bools | bool) -> InverterLimits:
    """What is left of rated power at a voltage, with the functions that are on.

    >>> at = inverter_limits(np.array([1.0, 1.05, 1.08, 1.10]), volt_var=True, volt_watt=True)
    >>> at.reactive_pu.round(3).tolist(), at.give_pu.round(4).tolist()
    ([0.0, -0.22, -0.44, -0.44], [1.0, 0.9755, 0.5, 0.0])
    """
    reactive_pu = np.where(volt_var, np.interp(voltage_pu, VAR_AT_PU, VAR_PU), 0.0)
    watt_pu = np.where(volt_watt, np.interp(voltage_pu, WATT_AT_PU, WATT_PU), 1.0)
    left_pu = np.sqrt(1.0 - reactive_pu * reactive_pu)
    return InverterLimits(reactive_pu=reactive_pu, give_pu=np.minimum(watt_pu, left_pu), take_pu=left_pu)


def trips(voltage_pu: Floats) -> Bools:
    """True where a step's voltage makes an inverter cease; at exactly 1.10 pu volt-watt alone has stopped it."""
    return (voltage_pu < TRIP_PU[0]) | (voltage_pu > TRIP_PU[1])


def may_enter(voltage_pu: Floats) -> Bools:
    """True where an inverter that is out may count down to entering service."""
    return (voltage_pu >= ENTER_PU[0]) & (voltage_pu <= ENTER_PU[1])


def service_share(good_grid_s: Floats, dt_s: float, wait_s: Floats, ramp_s: Floats) -> Floats:
    """Mean share of rated power over the next step, `good_grid_s` after the grid came back.

    Nothing while it waits, then up a straight ramp: the mean of that line over the step, whatever the step's length.

    >>> service_share(np.array([0.0, 300.0, 600.0]), 300.0, np.array(300.0), np.array(300.0)).tolist()
    [0.0, 0.5, 1.0]
    """
    return (_ramped_s(good_grid_s + dt_s - wait_s, ramp_s) - _ramped_s(good_grid_s - wait_s, ramp_s)) / dt_s


def _ramped_s(since_s: Floats, ramp_s: Floats) -> Floats:
    """Integral of the ramp from its foot to `since_s`."""
    inside_s = np.clip(since_s, 0.0, ramp_s)
    return inside_s * inside_s / (2.0 * ramp_s) + np.maximum(since_s - ramp_s, 0.0)
