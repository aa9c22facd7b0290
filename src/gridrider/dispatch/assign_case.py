"""The assignment as arrays: what each vehicle offers each site, and how long a set of vehicles supplies one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .assign_model import Booleans, EmergencyOrder, Floats, Integers, Reach, SiteKind, Sites, Vehicles
from .assign_reach import reach
from .assign_supply import ENERGY_KWH_MIN, cover, least_needs, steps_covered_at_most

DIVISIONS_MAX = 100_000
"""So many ways to divide vehicles are weighed in about a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order's vehicles and sites; N vehicles, S sites, T steps, P types of plug."""

    reach: Reach
    need_kwh: Floats
    """Shape (S, T); 0 also in steps that no set of vehicles can carry."""
    step_kwh_max: Floats
    """What each vehicle gives in a step at most, shape (N,)."""
    own_kwh: Floats
    own_step_kwh_max: Floats
    plug: Integers
    """The type of each vehicle's plug, shape (N,)."""
    plugs: Integers
    """Shape (S, P)."""
    least: tuple[Floats, ...]
    """For each site what its steps of least need take; see `least_needs`."""
    offers: Floats
    """What a vehicle gives a site in any k steps at most, shape (N, S, T)."""
    own_offers: Floats
    """Likewise the site's own source, shape (S, T)."""
    stays: Booleans
    """The vehicle is at the site in every step that needs power, shape (N, S)."""
    few: bool
    """So few vehicles that every plan can be weighed."""
    weight: Floats
    """What a covered step counts: so much for a hospital that no number of shelters outweighs one, shape (S,)."""
    weight_per_km: float
    """What a kilometre costs: all driving together less than one covered step."""
    known: dict[tuple[int, tuple[int, ...]], int] = field(default_factory=dict)
    """Steps that were found to be covered before, by site and vehicles."""

    @property
    def km(self) -> Floats:
        """The ways there and back, shape (N, S)."""
        return self.reach.drive_km + self.reach.back_km

    def supply(self, site: int, vehicles: Iterable[int], *, thorough: bool = True) -> tuple[Booleans, Floats]:
        """Which steps of the site these vehicles cover, and who gives what; the last row is its own source."""
        chosen = sorted(vehicles)
        energy_kwh = np.append(self.reach.gives_kwh[chosen, site], self.own_kwh[site])
        there = np.concatenate([present(self.reach, self.step_kwh_max, site, chosen, self.need_kwh.shape[1]),
                                np.full((1, self.need_kwh.shape[1]), self.own_step_kwh_max[site])])
        return cover(self.need_kwh[site], energy_kwh, there, thorough=thorough)

    def offered(self, site: int, vehicles: Iterable[int]) -> Floats:
        """What these vehicles and its own source give a site in any k steps at most, shape (T,)."""
        return np.asarray(self.own_offers[site] + self.offers[list(vehicles), site].sum(axis=0), dtype=np.float64)

    def most(self, site: int, offers: Floats) -> Integers:
        """How many steps can be covered with such offers, shape (..., T) in, (...) out; at most, if vehicles leave."""
        return steps_covered_at_most(self.least[site], offers[..., :len(self.least[site])])

    def steps_covered(self, site: int, vehicles: Iterable[int]) -> int:
        """How many steps of the site these vehicles cover."""
        chosen = tuple(sorted(vehicles))
        if (site, chosen) not in self.known:
            exact = self.stays[list(chosen), site].all()
            self.known[site, chosen] = int(self.most(site, self.offered(site, chosen)) if exact
                                           else self.supply(site, chosen, thorough=self.few)[0].sum())
        return self.known[site, chosen]


def present(there: Reach, step_kwh_max: Floats, site: int, vehicles: Sequence[int], steps: int) -> Floats:
    """What each vehicle could give a site in each of T steps by its power, shape (len(vehicles), T)."""
    first, end = there.first_step[vehicles, site][:, None], there.end_step[vehicles, site][:, None]
    return np.where((np.arange(steps) >= first) & (np.arange(steps) < end), step_kwh_max[vehicles][:, None], 0.0)


def case_of(vehicles: Vehicles, sites: Sites, order: EmergencyOrder) -> Case:
    """The arrays of an order."""
    there = reach(vehicles, sites, order)
    types = sorted(set(vehicles.plugs))
    plug = np.array([types.index(name) for name in vehicles.plugs], dtype=np.int64)
    plugs = np.array([[site.get(name, 0) for name in types] for site in sites.plugs],
                     dtype=np.int64).reshape(len(sites), len(types))
    step_kwh_max, own_step_kwh_max = vehicles.discharge_kw_max * order.step_h, sites.own_kw_max * order.step_h
    wanted_kwh = np.maximum(sites.critical_load_kw, 0.0) * order.step_h
    most_kwh = strongest(there, step_kwh_max, plug, plugs, wanted_kwh.shape[1]) + own_step_kwh_max[:, None]
    need_kwh = np.where(wanted_kwh <= most_kwh + ENERGY_KWH_MIN, wanted_kwh, 0.0)

    needed = np.concatenate([np.zeros((len(sites), 1)), np.cumsum(need_kwh > 0, axis=1)], axis=1)
    rows, k = np.arange(len(sites)), np.arange(1, need_kwh.shape[1] + 1)
    steps_there = needed[rows, there.end_step] - needed[rows, there.first_step]
    of_shelters = 1.0 + (need_kwh[[kind is SiteKind.SHELTER for kind in sites.kinds]] > 0).sum()
    km_max = (there.drive_km + there.back_km).max(axis=1, initial=0.0).sum()
    return Case(
        reach=there, need_kwh=need_kwh, step_kwh_max=step_kwh_max, own_kwh=sites.own_kwh,
        own_step_kwh_max=own_step_kwh_max, plug=plug, plugs=plugs,
        least=tuple(least_needs(need[need > 0]) for need in need_kwh),
        offers=np.minimum(there.gives_kwh[..., None],
                          step_kwh_max[:, None, None] * np.minimum(k, steps_there[..., None])),
        own_offers=np.minimum(sites.own_kwh[:, None], own_step_kwh_max[:, None] * k),
        stays=steps_there == needed[:, -1], few=len(sites) * 3 ** len(vehicles) <= DIVISIONS_MAX,
        weight=np.array([of_shelters if kind is SiteKind.HOSPITAL else 1.0 for kind in sites.kinds]),
        weight_per_km=0.5 / (1.0 + float(km_max)))


def strongest(there: Reach, step_kwh_max: Floats, plug: Integers, plugs: Integers, steps: int) -> Floats:
    """What the strongest vehicles that fit into a site's plugs could give it in each step, shape (S, T)."""
    most_kwh = np.zeros((len(plugs), steps))
    for site, kind in np.ndindex(plugs.shape):
        fitting = np.flatnonzero((there.gives_kwh[:, site] > 0) & (plug == kind)).tolist()
        each = np.sort(present(there, step_kwh_max, site, fitting, steps), axis=0)[::-1]
        most_kwh[site] += each[:plugs[site, kind]].sum(axis=0)
    return most_kwh
