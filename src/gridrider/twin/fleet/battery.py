"""What a home's battery gives or takes, and what home, sun and connection then come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .commands import Mode
from .communication import Orders
from .grid import Grid
from .homes import Behaviour, Bools, FleetParameters, Floats
from .rates import Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """Mean kW of a step, all >= 0."""

    load: Floats
    unserved: Floats
    pv: Floats
    curtailed: Floats
    charge: Floats
    discharge: Floats
    ev_charge: Floats
    ev_discharge: Floats


def within_hours(local_s: Floats, from_h: Floats, end_h: Floats) -> Bools:
    """True where a time of day lies in from <= t < end, across midnight too; equal ends are the whole day."""
    after, before = local_s >= 3600.0 * from_h, local_s < 3600.0 * end_h
    return np.where(from_h < end_h, after & before, after | before | (from_h == end_h))


def own_use(parameters: FleetParameters, need_kw: Floats, local_s: Floats) -> Floats:
    """What a battery left to itself wants to give (+) or take (-), limits aside."""
    behaviour, followed = parameters.behaviour, parameters.followed_share
    evening = within_hours(local_s, parameters.evening_from_h, parameters.evening_end_h)
    night = within_hours(local_s, parameters.night_from_h, parameters.night_end_h)
    serves = (behaviour == Behaviour.SELF_CONSUMPTION) | (evening & (behaviour != Behaviour.BACKUP_ONLY))
    wanted_kw: Floats = np.where((need_kw < 0.0) | serves, followed * need_kw, 0.0)
    fills = night & (behaviour == Behaviour.GRID_CHARGED)
    return np.asarray(np.where(fills, -parameters.battery_charge_kw_max, wanted_kw), dtype=np.float64)


def tied_battery(parameters: FleetParameters, rates: Rates, orders: Orders, grid: Grid, *, stored_kwh: Floats,
                 need_kw: Floats, local_s: Floats) -> Floats:
    """What each battery on the grid delivers: what is asked or its own use, within every limit of device and home."""
    above_kwh = np.maximum(stored_kwh - orders.floor_kwh, 0.0)
    room_kwh = np.maximum(parameters.battery_kwh - stored_kwh, 0.0)
    outlet_kw = np.maximum(need_kw + np.where(parameters.battery_exports, parameters.export_kw_max, 0.0), 0.0)
    give_kw = np.minimum(np.minimum(parameters.battery_kw_max, parameters.battery_kva * grid.give_pu),
                         np.minimum(above_kwh * rates.give_kw_per_kwh, outlet_kw))
    take_kw = np.minimum(np.minimum(parameters.battery_charge_kw_max, parameters.battery_kva * grid.take_pu),
                         room_kwh * rates.take_kw_per_kwh)
    spare_kw = np.maximum(-need_kw, 0.0) * parameters.followed_share
    missing_kwh = np.maximum(orders.charge_to_kwh - stored_kwh, 0.0)
    fill_kw = np.minimum(orders.charge_kw, missing_kwh * rates.take_kw_per_kwh)
    wanted_kw: Floats = np.select(
        [orders.mode == Mode.FOLLOW, orders.mode == Mode.HOLD, orders.mode == Mode.CHARGE],
        [orders.delivered_kw, -spare_kw, -np.maximum(spare_kw, fill_kw)], own_use(parameters, need_kw, local_s))
    return np.clip(wanted_kw, -take_kw, give_kw)


def island_battery(parameters: FleetParameters, rates: Rates, *, stored_kwh: Floats, need_kw: Floats) -> Floats:
    """What each battery delivers to its home alone, the reserve included."""
    room_kwh = np.maximum(parameters.battery_kwh - stored_kwh, 0.0)
    give_kw = np.minimum(parameters.battery_kw_max, np.maximum(stored_kwh, 0.0) * rates.give_kw_per_kwh)
    take_kw = np.minimum(parameters.battery_charge_kw_max, room_kwh * rates.take_kw_per_kwh)
    return np.clip(need_kw, -take_kw, give_kw)


def balance(parameters: FleetParameters, grid: Grid, *, load_kw: Floats, sun_kw: Floats, car_kw: Floats,
            battery_kw: Floats) -> Powers:
    """What each home's sun, load and connection come to, once battery and car (+ = charges) are known."""
    pv_kw = np.where(grid.there, np.minimum(sun_kw, parameters.pv_kva * grid.give_pu), sun_kw * grid.carries)
    surplus_kw = pv_kw + battery_kw - load_kw - car_kw
    outlet_kw = np.where(grid.there, parameters.export_kw_max, 0.0)
    pv_kw = pv_kw - np.minimum(np.maximum(surplus_kw - outlet_kw, 0.0), pv_kw)
    unserved_kw = np.where(grid.there, 0.0, np.maximum(-surplus_kw, 0.0))
    return Powers(load=load_kw, unserved=unserved_kw, pv=pv_kw, curtailed=sun_kw - pv_kw,
                  charge=np.maximum(-battery_kw, 0.0), discharge=np.maximum(battery_kw, 0.0),
                  ev_charge=np.maximum(car_kw, 0.0), ev_discharge=np.maximum(-car_kw, 0.0))
