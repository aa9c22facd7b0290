"""Each home's grid in a step: outage, voltage, trip, and the way back into service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homes import Bools, Codes, FleetParameters, Floats
from .inverter import inverter_limits, may_enter, service_share, trips
from .state import Connection, FleetState
from .surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What the inverters of each home may do in a step; shares are per unit of rated power."""

    there: Bools
    carries: Bools
    """No grid, and the battery forms one for the home."""
    give_pu: Floats
    take_pu: Floats
    reactive_pu: Floats
    good_grid_s: Floats
    voltage_pu: Floats
    connection: Codes


def grid_at(parameters: FleetParameters, state: FleetState, around: Surroundings, step: int, dt_s: float) -> Grid:
    """Outage, voltage, trip and enter service of each home in a step."""
    there = ~((around.outage_from_s <= state.clock_s) & (state.clock_s < around.outage_until_s))
    voltage_pu = there * (around.voltage_pu[step][parameters.feeder] + parameters.voltage_offset_pu)
    tied_s = parameters.reconnect_wait_s + parameters.ramp_s
    # An inverter in service rides through until it trips; one that is out waits for a voltage to enter at.
    good = np.where(state.good_grid_s >= tied_s, ~trips(voltage_pu), may_enter(voltage_pu)
                    | ((state.good_grid_s >= parameters.reconnect_wait_s) & ~trips(voltage_pu)))
    good_from_s = np.where(good, state.good_grid_s, 0.0)
    share = np.where(good, service_share(good_from_s, dt_s, parameters.reconnect_wait_s, parameters.ramp_s), 0.0)
    limits = inverter_limits(voltage_pu, volt_var=parameters.volt_var, volt_watt=parameters.volt_watt)
    good_grid_s = np.where(good, good_from_s + dt_s, 0.0)
    carries = ~there & parameters.backs_up & (parameters.battery_kwh > 0.0)
    connection = np.select(
        [carries, ~there, good_from_s < parameters.reconnect_wait_s, good_from_s < tied_s],
        [Connection.ISLANDED, Connection.DARK, Connection.RECONNECT_WAIT, Connection.RAMP], Connection.GRID_TIED)
    return Grid(there=there, carries=carries, give_pu=limits.give_pu * share, take_pu=limits.take_pu * share,
                reactive_pu=limits.reactive_pu * share, good_grid_s=good_grid_s, voltage_pu=voltage_pu,
                connection=connection.astype(np.int8))
