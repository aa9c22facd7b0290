"""What each vehicle could give at each site: distance, time, and energy after driving there and back."""

from __future__ import annotations

import numpy as np

from .assign_model import Booleans, EmergencyOrder, Floats, Reach, Sites, Spared, Vehicles

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""
ENERGY_KWH_MIN = 1e-6


def great_circle_km(latitude_deg: Floats, longitude_deg: Floats, to_latitude_deg: Floats,
                    to_longitude_deg: Floats) -> Floats:
    """Distances between all of the first and all of the second places, shape (N, S), by the haversine formula."""
    latitude, longitude = np.radians(latitude_deg)[:, None], np.radians(longitude_deg)[:, None]
    to_latitude, to_longitude = np.radians(to_latitude_deg)[None, :], np.radians(to_longitude_deg)[None, :]
    half = (np.sin((to_latitude - latitude) / 2) ** 2
            + np.cos(latitude) * np.cos(to_latitude) * np.sin((to_longitude - longitude) / 2) ** 2)
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))), dtype=np.float64)


def reach(vehicles: Vehicles, sites: Sites, order: EmergencyOrder) -> Reach:
    """Distances, times and energy of each vehicle at each site.

    A vehicle can give what it stores above its floor, less the ways there and back and, unless trips are waived, its
    own next trip; it is home again before `available_until_h` and before that trip. It counts for whole steps.
    """
    drive_km = order.road_factor * great_circle_km(vehicles.latitude_deg, vehicles.longitude_deg,
                                                   sites.latitude_deg, sites.longitude_deg)
    back_km = order.road_factor * great_circle_km(vehicles.home_latitude_deg, vehicles.home_longitude_deg,
                                                  sites.latitude_deg, sites.longitude_deg)
    arrival_h = np.maximum(vehicles.available_from_h, 0.0)[:, None] + drive_km / order.speed_km_per_h
    until_h, spare_kwh = vehicles.available_until_h, vehicles.stored_kwh - vehicles.floor_kwh
    if not order.trips_waived:
        until_h, spare_kwh = np.minimum(until_h, vehicles.trip_departs_h), spare_kwh - vehicles.trip_kwh
    steps = sites.critical_load_kw.shape[1]
    first = np.minimum(np.ceil(arrival_h / order.step_h - 1e-9), steps).astype(np.int64)
    leaves_h = np.minimum(until_h[:, None] - back_km / order.speed_km_per_h, steps * order.step_h)
    end = np.maximum(np.floor(leaves_h / order.step_h + 1e-9), first).astype(np.int64)
    left_kwh = spare_kwh[:, None] - vehicles.consumption_kwh_per_km[:, None] * (drive_km + back_km)
    gives_kwh = np.maximum(left_kwh, 0.0) * vehicles.discharge_efficiency[:, None]
    gives_kwh[gives_kwh < ENERGY_KWH_MIN] = 0.0

    needed = np.concatenate([np.zeros((len(sites), 1)), np.cumsum(sites.critical_load_kw > 0, axis=1)], axis=1)
    rows = np.arange(len(sites))
    in_time = (needed[rows, end] > needed[rows, first]) & (vehicles.discharge_kw_max > 0)[:, None]
    fits = np.array([[site.get(plug, 0) > 0 for site in sites.plugs] for plug in vehicles.plugs], dtype=np.bool_)
    fits = fits.reshape(len(vehicles), len(sites))
    return Reach(drive_km=drive_km, back_km=back_km, arrival_h=arrival_h, first_step=first, end_step=end,
                 gives_kwh=np.where(fits & in_time, gives_kwh, 0.0),
                 spared=why_none(fits, in_time, gives_kwh > 0, spare_kwh > 0))


def why_none(fits: Booleans, in_time: Booleans, far_enough: Booleans, charged: Booleans) -> tuple[Spared, ...]:
    """For each vehicle the first reason that leaves it without any site; ASSIGNED when a site is in its reach."""
    found = np.select(
        [(fits & far_enough & in_time).any(axis=1), ~fits.any(axis=1), ~charged, ~(fits & far_enough).any(axis=1)],
        [0, 1, 2, 3], default=4)
    names = (Spared.ASSIGNED, Spared.NO_PLUG, Spared.NO_ENERGY, Spared.TOO_FAR, Spared.NO_TIME)
    return tuple(names[number] for number in found)
