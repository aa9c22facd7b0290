"""One step of the whole fleet, in numpy: the reference that the compiled twin must agree with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .battery import balance, island_battery, tied_battery, within_hours
from .communication import DAY_S, Orders, come_into_force, in_force
from .devices import car_after, switched, tank_after, trip_now, warmth_after
from .grid import Grid, grid_at
from .homes import Bools, FleetParameters, Floats
from .rates import Rates
from .state import FleetState
from .surroundings import Surroundings

FAR_H = 1e6
"""A departure that is never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What each home asks for in a step, car aside."""

    cooling: Bools
    heating: Bools
    tank_heating: Bools
    cooling_kw: Floats
    heating_kw: Floats
    tank_kw: Floats
    load_kw: Floats


def use(parameters: FleetParameters, state: FleetState, orders: Orders, base_kw: Floats) -> Use:
    """Thermostat and water heater switch by where they stand at first; the rest of the home asks `base_kw`."""
    half_c, offset_c = parameters.deadband_c / 2.0, orders.thermostat_offset_c
    cool_c, heat_c = parameters.cool_to_c + offset_c, parameters.heat_to_c - offset_c
    cooling = switched(state.cooling, state.air_c > cool_c + half_c, state.air_c < cool_c - half_c)
    heating = switched(state.heating, state.air_c < heat_c - half_c, state.air_c > heat_c + half_c)
    tank_heating = switched(state.tank_heating, state.tank_c < parameters.tank_from_c,
                            state.tank_c > parameters.tank_to_c) & ~orders.water_heater_off
    cooling_kw, heating_kw = cooling * parameters.cooling_kw, heating * parameters.heating_kw
    tank_kw = tank_heating * parameters.tank_kw
    return Use(cooling=cooling, heating=heating, tank_heating=tank_heating, cooling_kw=cooling_kw,
               heating_kw=heating_kw, tank_kw=tank_kw, load_kw=base_kw + cooling_kw + heating_kw + tank_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """Each home's car in a step."""

    away: Bools
    stored_kwh: Floats
    """After charging, before a trip is taken off."""
    trip_kwh: Floats
    charge_kw: Floats
    """+ = charges, - = discharges."""


def car(parameters: FleetParameters, rates: Rates, state: FleetState, orders: Orders, grid: Grid,
        around: Surroundings, *, outlet_kw: Floats, local_s: Floats, dt_s: float) -> Car:
    """Charging and trips; `outlet_kw` is what the car may give to home and grid."""
    away, trip_kwh, leaves_s = trip_now(around.trips, parameters.ev_kwh > 0.0, state.clock_s, dt_s)
    stored_kwh = car_after(
        parameters, rates, orders, state.ev_stored_kwh, plugged=grid.there & ~away,
        own_hours=within_hours(local_s, parameters.ev_from_h, parameters.ev_end_h),
        discharge_kw_max=np.minimum(parameters.ev_discharge_kw_max * grid.give_pu, outlet_kw),
        left_h=np.minimum((leaves_s - (state.clock_s + dt_s)) / 3600.0, FAR_H))
    gained_kwh = stored_kwh - state.ev_stored_kwh
    charge_kw = gained_kwh / np.where(gained_kwh > 0.0, rates.ev_in_kwh_per_kw, rates.ev_out_kwh_per_kw)
    return Car(away=away, stored_kwh=stored_kwh, trip_kwh=trip_kwh, charge_kw=charge_kw)


def step(parameters: FleetParameters, state: FleetState, around: Surroundings, number: int, rates: Rates,
         dt_s: float) -> tuple[FleetState, tuple[Floats, ...]]:
    """The fleet after step `number` of its surroundings, and what flowed in kWh, in the order of `flows.NAMES`."""
    step_h = dt_s / 3600.0
    state = come_into_force(state)
    orders, grid = in_force(parameters, state), grid_at(parameters, state, around, number, dt_s)
    local_s = (state.clock_s + around.local_offset_s + parameters.clock_offset_s) % DAY_S

    used = use(parameters, state, orders, parameters.load_kw * around.load_shape[number][parameters.load_shape])
    sun_kw = np.minimum(parameters.pv_kw * around.panel_kw_per_kw[number][parameters.plane], parameters.pv_kva)
    tied_pv_kw = np.minimum(sun_kw, parameters.pv_kva * grid.give_pu)
    ev = car(parameters, rates, state, orders, grid, around, local_s=local_s, dt_s=dt_s,
             outlet_kw=np.maximum(used.load_kw - tied_pv_kw + parameters.export_kw_max, 0.0))
    tied_kw = tied_battery(parameters, rates, orders, grid, stored_kwh=state.stored_kwh, local_s=local_s,
                           need_kw=used.load_kw + ev.charge_kw - tied_pv_kw)
    island_kw = island_battery(parameters, rates, stored_kwh=state.stored_kwh, need_kw=used.load_kw - sun_kw)
    battery_kw = np.where(grid.there, tied_kw, grid.carries * island_kw)
    flow = balance(parameters, grid, load_kw=used.load_kw, sun_kw=sun_kw, car_kw=ev.charge_kw, battery_kw=battery_kw)

    served = 1.0 - flow.unserved / np.where(used.load_kw > 0.0, used.load_kw, 1.0)
    heat_kw = used.heating_kw * parameters.heating_cop - used.cooling_kw * parameters.cooling_cop
    air_c, mass_c = warmth_after(
        parameters, rates, state, outside_c=around.temperature_c[number][parameters.cell],
        gain_kw=parameters.solar_gain_m2 * around.horizontal_kw_per_m2[number][parameters.cell] + served * heat_kw)
    tank_c = tank_after(
        parameters, rates, state.tank_c, heat_kw=served * used.tank_kw,
        water_kw_per_c=parameters.water_kw_per_c * around.water_shape[number][parameters.water_shape])
    after = replace(
        state, clock_s=state.clock_s + dt_s, battery_kw=battery_kw, air_c=air_c, mass_c=mass_c, tank_c=tank_c,
        cooling=used.cooling, heating=used.heating, tank_heating=used.tank_heating, ev_away=ev.away,
        ev_stored_kwh=np.maximum(ev.stored_kwh - ev.trip_kwh, 0.0),
        ev_short_kwh=state.ev_short_kwh + np.maximum(ev.trip_kwh - ev.stored_kwh, 0.0),
        stored_kwh=(state.stored_kwh + flow.charge * rates.in_kwh_per_kw - flow.discharge * rates.out_kwh_per_kw),
        connection=grid.connection, good_grid_s=grid.good_grid_s, voltage_pu=grid.voltage_pu)
    net_kw = flow.load - flow.unserved + ev.charge_kw - battery_kw - flow.pv
    net_kw = np.where(grid.there, net_kw, 0.0)
    reactive_kvar = grid.reactive_pu * (parameters.pv_kva + parameters.battery_kva)
    powers = (np.maximum(net_kw, 0.0), np.maximum(-net_kw, 0.0), flow.charge, flow.discharge, flow.pv, flow.curtailed,
              flow.load, flow.unserved, flow.ev_charge, flow.ev_discharge, reactive_kvar)
    return after, tuple(kw * step_h for kw in powers)
