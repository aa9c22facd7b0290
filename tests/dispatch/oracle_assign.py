"""The best emergency assignment by trying every plan, from the page of rules and not from the code."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, product
from math import asin, cos, radians, sin, sqrt

from gridrider.dispatch.assign_model import EmergencyOrder, SiteKind, Sites, Vehicles

Source = tuple[float, tuple[float, ...]]
"""Energy in all, and the most in each step."""


def steps_at_best(need: Sequence[float], sources: Sequence[Source]) -> int:
    """The largest number of steps that the sources can cover together."""
    wanted = [step for step, kwh in enumerate(need) if kwh > 0]
    for count in range(len(wanted), 0, -1):
        if any(can_cover(need, sources, chosen) for chosen in combinations(wanted, count)):
            return count
    return 0


def can_cover(need: Sequence[float], sources: Sequence[Source], chosen: Sequence[int]) -> bool:
    """No part of the chosen steps needs more than can be brought into it (max-flow min-cut, every cut tried)."""
    return all(sum(need[step] for step in part)
               <= sum(min(energy, sum(most[step] for step in part)) for energy, most in sources) + 1e-9
               for size in range(1, len(chosen) + 1) for part in combinations(chosen, size))


def km_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance of two places in degrees, on a sphere of 6371.0088 km."""
    (lat, lon), (to_lat, to_lon) = [tuple(map(radians, place)) for place in (one, other)]
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return 2 * 6371.0088 * asin(sqrt(half))


def source_at(vehicles: Vehicles, sites: Sites, order: EmergencyOrder, v: int, s: int) -> tuple[Source, float] | None:
    """What a vehicle is at a site, and the way there and back; None when it can do nothing there."""
    place = (sites.latitude_deg[s], sites.longitude_deg[s])
    there = order.road_factor * km_between((vehicles.latitude_deg[v], vehicles.longitude_deg[v]), place)
    back = order.road_factor * km_between(place, (vehicles.home_latitude_deg[v], vehicles.home_longitude_deg[v]))
    stored = vehicles.stored_kwh[v] - vehicles.floor_kwh[v] - vehicles.consumption_kwh_per_km[v] * (there + back)
    until = vehicles.available_until_h[v]
    if not order.trips_waived:
        stored, until = stored - vehicles.trip_kwh[v], min(until, vehicles.trip_departs_h[v])
    arrives = max(vehicles.available_from_h[v], 0.0) + there / order.speed_km_per_h
    leaves = until - back / order.speed_km_per_h
    steps = sites.critical_load_kw.shape[1]
    most = tuple(float(vehicles.discharge_kw_max[v] * order.step_h)
                 if step * order.step_h >= arrives - 1e-9 and (step + 1) * order.step_h <= leaves + 1e-9 else 0.0
                 for step in range(steps))
    energy = stored * vehicles.discharge_efficiency[v]
    useful = any(kw > 0 and need > 0 for kw, need in zip(most, sites.critical_load_kw[s], strict=True))
    if energy < 1e-6 or not useful or not sites.plugs[s].get(vehicles.plugs[v]):
        return None
    return (float(energy), most), there + back


def plans(vehicles: Vehicles, sites: Sites, order: EmergencyOrder) -> Iterator[tuple[tuple[int, ...], int, int, float]]:
    """Every allowed plan: the site of each vehicle (-1 = none), hospitals' steps, shelters' steps, km."""
    found = {(v, s): source_at(vehicles, sites, order, v, s) for v in range(len(vehicles)) for s in range(len(sites))}

    @cache
    def steps(s: int, group: tuple[int, ...]) -> int:
        own = float(sites.own_kwh[s]), (float(sites.own_kw_max[s] * order.step_h),) * sites.critical_load_kw.shape[1]
        return steps_at_best((sites.critical_load_kw[s] * order.step_h).tolist(),
                             [own, *(each[0] for v in group if (each := found[v, s]))])

    for plan in product(range(-1, len(sites)), repeat=len(vehicles)):
        if any(s >= 0 and found[v, s] is None for v, s in enumerate(plan)):
            continue
        groups = [tuple(v for v, place in enumerate(plan) if place == s) for s in range(len(sites))]
        if any(sum(vehicles.plugs[v] == plug for v in group) > count
               for s, group in enumerate(groups) for plug, count in sites.plugs[s].items()):
            continue
        by_kind = {kind: sum(steps(s, groups[s]) for s in range(len(sites)) if sites.kinds[s] is kind)
                   for kind in SiteKind}
        km = sum(each[1] for v, s in enumerate(plan) if s >= 0 and (each := found[v, s]))
        yield plan, by_kind[SiteKind.HOSPITAL], by_kind[SiteKind.SHELTER], km


def best(vehicles: Vehicles, sites: Sites, order: EmergencyOrder) -> tuple[int, int, float]:
    """Hospitals' steps, shelters' steps and km of the best plan."""
    hospital, shelter, km = min((-hospital, -shelter, km) for _, hospital, shelter, km in plans(vehicles, sites, order))
    return -hospital, -shelter, km
