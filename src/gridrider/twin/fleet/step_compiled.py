"""The compiled twin of `step`: one home after the other through all steps, on every core; nothing is made per step.

It says the same as `step` with ifs where numpy has masks. What belongs to one home lies together, as one record; what
all share comes transposed, steps last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiled import compiled, compiled_parallel, prange
from .commands import Mode
from .communication import DAY_S
from .devices import INLET_C, TANK_ROOM_C
from .flows import NAMES
from .homes import Behaviour, FleetParameters, Floats
from .inverter import ENTER_PU, TRIP_PU, VAR_AT_PU, VAR_PU, WATT_AT_PU
from .rates import rates
from .state import Connection, FleetState
from .step import FAR_H
from .surroundings import PER_STEP, Surroundings

Records = NDArray[np.void]

CHANGED = tuple(field.name for field in fields(FleetState)
                if field.name not in ("clock_s", "held", "coming", "comes_at_s"))
ORDERS = np.dtype([("mode", np.int64), ("delivered_kw", np.float64), ("floor_kwh", np.float64),
                   ("charge_to_kwh", np.float64), ("charge_kw", np.float64), ("thermostat_offset_c", np.float64),
                   ("water_heater_off", np.bool_), ("ev_kw", np.float64), ("ev_departure_kwh", np.float64)])

FOLLOW, HOLD, CHARGE = int(Mode.FOLLOW), int(Mode.HOLD), int(Mode.CHARGE)
SELF_CONSUMPTION, GRID_CHARGED, BACKUP_ONLY = (int(Behaviour.SELF_CONSUMPTION), int(Behaviour.GRID_CHARGED),
                                               int(Behaviour.BACKUP_ONLY))
GRID_TIED, ISLANDED, DARK, RECONNECT_WAIT, RAMP = (int(one) for one in Connection)
REGISTERS = len(NAMES)
ROW = np.dtype([(name, np.float64) for name in NAMES])
BLOCK, TILE = 512, 16
"""Homes per turn of the parallel loop, and homes whose registers are written out together: what lies in the cache."""


def run_compiled(parameters: FleetParameters, state: FleetState, surroundings: Surroundings, *, dt_s: int,
                 steps_per_row: int) -> tuple[FleetState, Floats]:
    """All steps of the surroundings: the state after, and registers x rows x homes in kWh."""
    steps, trips = len(surroundings), surroundings.trips
    now = _records({name: getattr(state, name) for name in CHANGED})
    homes = _records({**_columns(parameters), **_columns(rates(parameters, dt_s / 3600.0)),
                      "comes_at_s": state.comes_at_s, "outage_from_s": surroundings.outage_from_s,
                      "outage_until_s": surroundings.outage_until_s})
    sums = np.empty((REGISTERS, -(-steps // steps_per_row), len(parameters)))
    shared: Any = [np.ascontiguousarray(array.T) for array in (
        trips.departs_s, trips.returns_s, trips.trip_kwh, *(getattr(surroundings, name) for name in PER_STEP))]
    _all_homes(homes, now, _records(_columns(state.held)), _records(_columns(state.coming)), sums, state.clock_s,
               surroundings.local_offset_s, float(dt_s), steps_per_row, *shared)
    due = state.comes_at_s <= state.clock_s + (steps - 1) * dt_s
    if due.any():
        state = replace(state, held=state.coming.over(state.held, due),
                        comes_at_s=np.where(due, np.inf, state.comes_at_s))
    after: Any = {name: np.ascontiguousarray(now[name]) for name in CHANGED}
    return replace(state, clock_s=state.clock_s + steps * dt_s, **after), sums


def _columns(record: Any) -> dict[str, NDArray[Any]]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _records(columns: Mapping[str, NDArray[Any]]) -> Records:
    """Columns as one record per home, made block by block so that a block stays in the cache while it fills."""
    count = len(next(iter(columns.values())))
    made = np.empty(count, dtype=np.dtype([(name, column.dtype) for name, column in columns.items()], align=True))
    for first in range(0, count, BLOCK):
        block = made[first:first + BLOCK]
        for name, column in columns.items():
            block[name] = column[first:first + BLOCK]
    return made


@compiled_parallel
def _all_homes(homes: Any, now: Any, held: Any, coming: Any, sums: Any, clock_s: float, local_offset_s: float,
               dt_s: float, per_row: int, departs_s: Any, returns_s: Any, trip_kwh: Any, temperature_c: Any,
               horizontal_kw_per_m2: Any, panel_kw_per_kw: Any, load_shape: Any, water_shape: Any,
               voltage_pu: Any) -> None:
    for block in prange((len(homes) + BLOCK - 1) // BLOCK):
        _block(block * BLOCK, min(len(homes), (block + 1) * BLOCK), homes, now, held, coming, sums, clock_s,
               local_offset_s, dt_s, per_row, departs_s, returns_s, trip_kwh, temperature_c, horizontal_kw_per_m2,
               panel_kw_per_kw, load_shape, water_shape, voltage_pu)


@compiled
def _block(first: int, end: int, homes: Any, now: Any, held: Any, coming: Any, sums: Any, clock_s: float,
           local_offset_s: float, dt_s: float, per_row: int, departs_s: Any, returns_s: Any, trip_kwh: Any,
           temperature_c: Any, horizontal_kw_per_m2: Any, panel_kw_per_kw: Any, load_shape: Any, water_shape: Any,
           voltage_pu: Any) -> None:
    """The homes first <= place < end, one after the other in the same scratch space."""
    row, orders = np.zeros(1, dtype=ROW), np.zeros(1, dtype=ORDERS)
    rows, limits = row.view(np.float64), np.empty((3, voltage_pu.shape[1]))
    tile = np.empty((REGISTERS, sums.shape[1], TILE))
    for i in range(first, end):
        home, k = homes[i], (i - first) % TILE
        _limits(home, voltage_pu[home.feeder], limits)
        _home(k, home, now[i], held[i], coming[i], orders[0], row[0], rows, departs_s[i], returns_s[i], trip_kwh[i],
              temperature_c[home.cell], horizontal_kw_per_m2[home.cell], panel_kw_per_kw[home.plane],
              load_shape[home.load_shape], water_shape[home.water_shape], voltage_pu[home.feeder], limits, tile,
              clock_s, local_offset_s, dt_s, per_row)
        if k == TILE - 1 or i == end - 1:
            sums[:, :, i - k:i + 1] = tile[:, :, :k + 1]


@compiled
def _home(k: int, home: Any, now: Any, held: Any, coming: Any, orders: Any, row: Any, rows: Any, departs_s: Any,
          returns_s: Any, trip_kwh: Any, temperature_c: Any, horizontal_kw_per_m2: Any, panel_kw_per_kw: Any,
          load_shape: Any, water_shape: Any, voltage_pu: Any, limits: Any, tile: Any, clock_s: float,
          local_offset_s: float, dt_s: float, per_row: int) -> None:
    """All steps of one home; its registers go to place k of the tile."""
    step_h, steps = dt_s / 3600.0, len(temperature_c)
    local_s = (clock_s + local_offset_s + home.clock_offset_s) % DAY_S
    look_s, left, filled = -np.inf, per_row, 0
    for t in range(steps):
        at_s = clock_s + t * dt_s
        if at_s >= look_s:
            look_s = _order(home, held, coming, orders, at_s)
        there = not (home.outage_from_s <= at_s < home.outage_until_s)
        share = _grid(home, now, there, voltage_pu[t] + home.voltage_offset_pu, dt_s)
        give_pu, take_pu, reactive_pu = limits[0, t] * share, limits[1, t] * share, limits[2, t] * share
        heating_kw, cooling_kw, tank_kw = _use(home, now, orders)
        load_kw = home.load_kw * load_shape[t] + cooling_kw + heating_kw + tank_kw
        sun_kw = min(home.pv_kw * panel_kw_per_kw[t], home.pv_kva)
        pv_kw = min(sun_kw, home.pv_kva * give_pu)
        car_kw = 0.0
        if home.ev_kwh > 0.0:
            away, taken_kwh, leaves_s = False, 0.0, np.inf
            for trip in range(len(departs_s)):
                if departs_s[trip] >= at_s + dt_s:
                    leaves_s = min(leaves_s, departs_s[trip])
                else:
                    away = away or at_s < returns_s[trip]
                    taken_kwh += trip_kwh[trip] if departs_s[trip] >= at_s else 0.0
            outlet_kw = max(load_kw - pv_kw + home.export_kw_max, 0.0)
            car_kw = _car(home, now, orders, there and not away, min(home.ev_discharge_kw_max * give_pu, outlet_kw),
                          (leaves_s - (at_s + dt_s)) / 3600.0, local_s)
            now.ev_away = away
            now.ev_short_kwh += max(taken_kwh - now.ev_stored_kwh, 0.0)
            now.ev_stored_kwh = max(now.ev_stored_kwh - taken_kwh, 0.0)

        unserved_kw, battery_kw, outlet_kw = 0.0, 0.0, home.export_kw_max
        if there:
            battery_kw = _tied_battery(home, now.stored_kwh, orders, load_kw + car_kw - pv_kw, give_pu, take_pu,
                                       local_s)
        else:
            outlet_kw, pv_kw = 0.0, 0.0
            if now.connection == ISLANDED:
                pv_kw, battery_kw = sun_kw, _island_battery(home, now.stored_kwh, load_kw - sun_kw)
            unserved_kw = max(load_kw - pv_kw - battery_kw, 0.0)
        pv_kw -= min(max(pv_kw + battery_kw - load_kw - car_kw - outlet_kw, 0.0), pv_kw)
        net_kw = load_kw - unserved_kw + car_kw - battery_kw - pv_kw if there else 0.0

        now.battery_kw = battery_kw
        now.stored_kwh -= battery_kw * (home.out_kwh_per_kw if battery_kw > 0.0 else home.in_kwh_per_kw)
        served = 1.0 - unserved_kw / load_kw if unserved_kw > 0.0 else 1.0
        _warmth(home, now, temperature_c[t], home.solar_gain_m2 * horizontal_kw_per_m2[t] + served * (
            heating_kw * home.heating_cop - cooling_kw * home.cooling_cop))
        now.tank_c = _tank(home, now.tank_c, served * tank_kw, home.water_kw_per_c * water_shape[t])
        _add(row, net_kw, battery_kw, car_kw, pv_kw, sun_kw - pv_kw, load_kw, unserved_kw,
             reactive_pu * (home.pv_kva + home.battery_kva))
        left -= 1
        if left == 0 or t + 1 == steps:
            for register in range(REGISTERS):
                tile[register, filled, k] = rows[register] * step_h
                rows[register] = 0.0
            left, filled = per_row, filled + 1
        local_s = local_s + dt_s - (DAY_S if local_s + dt_s >= DAY_S else 0.0)


@compiled
def _add(row: Any, net_kw: float, battery_kw: float, car_kw: float, pv_kw: float, curtailed_kw: float,
         load_kw: float, unserved_kw: float, reactive_kvar: float) -> None:
    """A step's powers into the row's registers."""
    row.import_kwh += max(net_kw, 0.0)
    row.export_kwh += max(-net_kw, 0.0)
    row.charge_kwh += max(-battery_kw, 0.0)
    row.discharge_kwh += max(battery_kw, 0.0)
    row.pv_kwh += pv_kw
    row.curtailed_kwh += curtailed_kw
    row.load_kwh += load_kw
    row.unserved_kwh += unserved_kw
    row.ev_charge_kwh += max(car_kw, 0.0)
    row.ev_discharge_kwh += max(-car_kw, 0.0)
    row.reactive_kvarh += reactive_kvar


@compiled
def _order(home: Any, held: Any, coming: Any, orders: Any, at_s: float) -> Any:
    """As `communication.in_force`; returns when to look again, a second before a message's time at the latest."""
    is_due = home.comes_at_s <= at_s
    reverts_at_s = coming.reverts_at_s if is_due else held.reverts_at_s
    bound = home.obeys and at_s + home.clock_offset_s < reverts_at_s
    _fill(home, coming if is_due else held, orders, bound)
    return min(np.inf if is_due else home.comes_at_s, reverts_at_s - home.clock_offset_s - 1.0 if bound else np.inf)


@compiled
def _fill(home: Any, said: Any, orders: Any, bound: bool) -> None:
    orders.mode = said.mode if bound else 0
    orders.delivered_kw = _asked(bound, said.delivered_kw, 0.0)
    orders.floor_kwh = home.battery_kwh * _asked(bound, said.reserve_pct, home.reserve_pct) / 100.0
    orders.charge_to_kwh = home.battery_kwh * _asked(bound, said.charge_to_pct, 0.0) / 100.0
    orders.charge_kw = _asked(bound, said.charge_kw, np.inf)
    orders.thermostat_offset_c = _asked(bound, said.thermostat_offset_c, 0.0)
    orders.water_heater_off = bound and said.water_heater_off
    orders.ev_kw = _asked(bound, said.ev_kw, np.nan)
    orders.ev_departure_kwh = _asked(bound, said.ev_departure_kwh, home.ev_departure_kwh)


@compiled
def _asked(bound: bool, setting: float, otherwise: float) -> Any:
    return setting if bound and not np.isnan(setting) else otherwise


@compiled
def _limits(home: Any, voltage_pu: Any, limits: Any) -> None:
    """As `inverter.inverter_limits` for all steps: what may be given and taken, and what is injected.

    The curves are written as the ramps that they are, without a branch, so that steps go side by side.
    """
    offset_pu = home.voltage_offset_pu
    vars_on, watts_off = 1.0 if home.volt_var else 0.0, 0.0 if home.volt_watt else 1.0
    for t in range(len(voltage_pu)):
        at_pu = voltage_pu[t] + offset_pu
        low = min(max((VAR_AT_PU[1] - at_pu) / (VAR_AT_PU[1] - VAR_AT_PU[0]), 0.0), 1.0)
        high = min(max((at_pu - VAR_AT_PU[2]) / (VAR_AT_PU[3] - VAR_AT_PU[2]), 0.0), 1.0)
        reactive_pu = vars_on * (VAR_PU[0] * low + VAR_PU[3] * high)
        left_pu = np.sqrt(1.0 - reactive_pu * reactive_pu)
        watt_pu = min(max((WATT_AT_PU[1] - at_pu) / (WATT_AT_PU[1] - WATT_AT_PU[0]), watts_off), 1.0)
        limits[0, t], limits[1, t], limits[2, t] = min(watt_pu, left_pu), left_pu, reactive_pu


@compiled
def _grid(home: Any, now: Any, there: bool, voltage_pu: float, dt_s: float) -> Any:
    """As `grid.grid_at`: the share of their power at which the inverters are in service."""
    if not there:
        now.connection = ISLANDED if home.backs_up and home.battery_kwh > 0.0 else DARK
        now.good_grid_s = now.voltage_pu = 0.0
        return 0.0
    now.voltage_pu = voltage_pu
    good_s, wait_s, ramp_s = now.good_grid_s, home.reconnect_wait_s, home.ramp_s
    low_pu, high_pu = TRIP_PU[0], TRIP_PU[1]
    if good_s < wait_s:
        low_pu, high_pu = ENTER_PU[0], ENTER_PU[1]
    if voltage_pu < low_pu or voltage_pu > high_pu:
        now.connection, now.good_grid_s = RECONNECT_WAIT, 0.0
        return 0.0
    now.good_grid_s = good_s + dt_s
    if good_s >= wait_s + ramp_s:
        now.connection = GRID_TIED
        return 1.0
    now.connection = RECONNECT_WAIT if good_s < wait_s else RAMP
    return (_ramped_s(good_s + dt_s - wait_s, ramp_s) - _ramped_s(good_s - wait_s, ramp_s)) / dt_s


@compiled
def _ramped_s(since_s: float, ramp_s: float) -> float:
    inside_s = min(max(since_s, 0.0), ramp_s)
    return inside_s * inside_s / (2.0 * ramp_s) + max(since_s - ramp_s, 0.0)


@compiled
def _use(home: Any, now: Any, orders: Any) -> tuple[float, float, float]:
    """As `step.use`: what heating, cooling and tank draw."""
    half_c, air_c = home.deadband_c / 2.0, now.air_c
    cool_c, heat_c = home.cool_to_c + orders.thermostat_offset_c, home.heat_to_c - orders.thermostat_offset_c
    now.cooling = air_c > cool_c + half_c or (now.cooling and not air_c < cool_c - half_c)
    now.heating = air_c < heat_c - half_c or (now.heating and not air_c > heat_c + half_c)
    now.tank_heating = not orders.water_heater_off and (
        now.tank_c < home.tank_from_c or (now.tank_heating and not now.tank_c > home.tank_to_c))
    return (home.heating_kw if now.heating else 0.0, home.cooling_kw if now.cooling else 0.0,
            home.tank_kw if now.tank_heating else 0.0)


@compiled
def _within(local_s: float, from_h: float, end_h: float) -> bool:
    after, before = local_s >= 3600.0 * from_h, local_s < 3600.0 * end_h
    return after and before if from_h < end_h else after or before or from_h == end_h


@compiled
def _car(home: Any, now: Any, orders: Any, plugged: bool, discharge_kw_max: float, left_h: float,
         local_s: float) -> Any:
    """As in `step.car`: what the car draws."""
    if not plugged:
        return 0.0
    before_kwh = now.ev_stored_kwh
    now.ev_stored_kwh = _charged(home, before_kwh, orders, local_s, discharge_kw_max, min(left_h, FAR_H))
    gained_kwh = now.ev_stored_kwh - before_kwh
    return gained_kwh / (home.ev_in_kwh_per_kw if gained_kwh > 0.0 else home.ev_out_kwh_per_kw)


@compiled
def _charged(home: Any, stored_kwh: float, orders: Any, local_s: float, discharge_kw_max: float,
             left_h: float) -> Any:
    """As `devices.car_after`, for a car that is plugged in."""
    charge_kw = home.ev_charge_kw_max
    asked = not np.isnan(orders.ev_kw)
    wanted_kw, brim_kwh = 0.0, home.ev_kwh if asked else home.ev_target_kwh
    if asked:
        wanted_kw = min(max(-orders.ev_kw, -discharge_kw_max), charge_kw)
    elif _within(local_s, home.ev_from_h, home.ev_end_h):
        wanted_kw = charge_kw
    if wanted_kw >= 0.0:
        change_kwh = min(wanted_kw * home.ev_in_kwh_per_kw, max(brim_kwh - stored_kwh, 0.0))
    else:
        change_kwh = -min(-wanted_kw * home.ev_out_kwh_per_kw, max(stored_kwh - home.ev_floor_kwh, 0.0))
    reach_kwh = min(stored_kwh + charge_kw * home.ev_in_kwh_per_kw, home.ev_kwh)
    must_kwh = min(orders.ev_departure_kwh - left_h * charge_kw * home.ev_efficiency, reach_kwh)
    return max(stored_kwh + change_kwh, must_kwh)


@compiled
def _own_use(home: Any, need_kw: float, local_s: float) -> Any:
    """As `battery.own_use`."""
    if home.behaviour == GRID_CHARGED and _within(local_s, home.night_from_h, home.night_end_h):
        return -home.battery_charge_kw_max
    serves = home.behaviour == SELF_CONSUMPTION or (
        home.behaviour != BACKUP_ONLY and _within(local_s, home.evening_from_h, home.evening_end_h))
    return home.followed_share * need_kw if need_kw < 0.0 or serves else 0.0


@compiled
def _tied_battery(home: Any, stored_kwh: float, orders: Any, need_kw: float, give_pu: float, take_pu: float,
                  local_s: float) -> Any:
    """As `battery.tied_battery`."""
    above_kwh, room_kwh = max(stored_kwh - orders.floor_kwh, 0.0), max(home.battery_kwh - stored_kwh, 0.0)
    outlet_kw = max(need_kw + (home.export_kw_max if home.battery_exports else 0.0), 0.0)
    give_kw = min(min(home.battery_kw_max, home.battery_kva * give_pu),
                  min(above_kwh * home.give_kw_per_kwh, outlet_kw))
    take_kw = min(min(home.battery_charge_kw_max, home.battery_kva * take_pu), room_kwh * home.take_kw_per_kwh)
    spare_kw = max(-need_kw, 0.0) * home.followed_share
    if orders.mode == FOLLOW:
        wanted_kw = orders.delivered_kw
    elif orders.mode == HOLD:
        wanted_kw = -spare_kw
    elif orders.mode == CHARGE:
        missing_kwh = max(orders.charge_to_kwh - stored_kwh, 0.0)
        wanted_kw = -max(spare_kw, min(orders.charge_kw, missing_kwh * home.take_kw_per_kwh))
    else:
        wanted_kw = _own_use(home, need_kw, local_s)
    return min(max(wanted_kw, -take_kw), give_kw)


@compiled
def _island_battery(home: Any, stored_kwh: float, need_kw: float) -> Any:
    """As `battery.island_battery`."""
    give_kw = min(home.battery_kw_max, max(stored_kwh, 0.0) * home.give_kw_per_kwh)
    room_kwh = max(home.battery_kwh - stored_kwh, 0.0)
    take_kw = min(home.battery_charge_kw_max, room_kwh * home.take_kw_per_kwh)
    return min(max(need_kw, -take_kw), give_kw)


@compiled
def _warmth(home: Any, now: Any, outside_c: float, gain_kw: float) -> None:
    """As `devices.warmth_after`."""
    rest_c = outside_c + gain_kw * home.outside_c_per_kw
    air, mass = now.air_c - rest_c, now.mass_c - rest_c
    now.air_c = rest_c + home.air_air * air + home.air_mass * mass
    now.mass_c = rest_c + home.mass_air * air + home.mass_mass * mass


@compiled
def _tank(home: Any, tank_c: float, heat_kw: float, water_kw_per_c: float) -> Any:
    """As `devices.tank_after`."""
    loss, per_c = home.tank_loss_kw_per_c, home.tank_kw_per_c
    return (per_c * tank_c + heat_kw + loss * TANK_ROOM_C + water_kw_per_c * INLET_C) / (per_c + loss + water_kw_per_c)
