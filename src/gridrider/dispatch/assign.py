"""Emergency assignment: which school bus or truck supplies which shelter or hospital.

Source: the policy of mobile microgrids (tariffs/municipal/byod-v2g, service mobile_microgrid). What the order of
preference is and what is assumed stands in docs/reference/emergency-assignment.md.
"""

from __future__ import annotations

import numpy as np

from .assign_bound import steps_at_most
from .assign_case import Case, case_of, present
from .assign_exact import best_of_all
from .assign_model import (
    Booleans,
    EmergencyOrder,
    EmergencyPlan,
    Floats,
    Integers,
    SiteKind,
    Sites,
    Spared,
    Uncovered,
    Vehicles,
)
from .assign_search import search


def assign(vehicles: Vehicles, sites: Sites, order: EmergencyOrder) -> EmergencyPlan:
    """Send vehicles to sites: most covered steps of hospitals, then of shelters, then least driving.

    A few vehicles are assigned by weighing every plan; many by a search that always ends alike, with bounds on what any
    plan could reach.
    """
    case = case_of(vehicles, sites, order)
    site = best_of_all(case) if case.few else search(case)
    covered, given_kwh, own_given_kwh = supplies(case, site)
    hospitals = np.array([kind is SiteKind.HOSPITAL for kind in sites.kinds], dtype=np.bool_)
    found = int(covered[hospitals].sum()), int(covered[~hospitals].sum())
    counted_exactly = bool((case.stays | (case.reach.gives_kwh <= 0)).all())
    bounds = found if case.few and counted_exactly else steps_at_most(case, hospitals, found)
    kinds = (SiteKind.HOSPITAL, SiteKind.SHELTER)
    return EmergencyPlan(
        site=site, given_kwh=given_kwh, own_given_kwh=own_given_kwh, covered=covered,
        spared=tuple(why_spared(case, site, vehicle) for vehicle in range(len(vehicles))),
        uncovered=tuple(why_uncovered(case, site, place, sites.critical_load_kw[place] > 0, covered[place])
                        for place in range(len(sites))),
        steps_covered=dict(zip(kinds, found, strict=True)), steps_bound=dict(zip(kinds, bounds, strict=True)),
        proven_best=case.few and counted_exactly, reach=case.reach)


def supplies(case: Case, site: Integers) -> tuple[Booleans, Floats, Floats]:
    """Which steps are covered, what each vehicle gives and what each site's own source gives."""
    covered = np.zeros(case.need_kwh.shape, dtype=np.bool_)
    own_given_kwh, given_kwh = np.zeros(case.need_kwh.shape), np.zeros((len(site), case.need_kwh.shape[1]))
    for place in range(len(case.need_kwh)):
        members = np.flatnonzero(site == place)
        covered[place], given = case.supply(place, members.tolist())
        given_kwh[members], own_given_kwh[place] = given[:-1], given[-1]
    return covered, given_kwh, own_given_kwh


def why_spared(case: Case, site: Integers, vehicle: int) -> Spared:
    """Why a vehicle is sent nowhere."""
    if site[vehicle] >= 0 or case.reach.spared[vehicle] is not Spared.ASSIGNED:
        return case.reach.spared[vehicle]
    for place in np.flatnonzero(case.reach.gives_kwh[vehicle] > 0).tolist():
        members = np.flatnonzero(site == place)
        full = (case.plug[members] == case.plug[vehicle]).sum() >= case.plugs[place, case.plug[vehicle]]
        with_it = [*members.tolist(), vehicle]
        if full and case.steps_covered(place, with_it) > case.steps_covered(place, members.tolist()):
            return Spared.PLUGS_TAKEN
    return Spared.NO_NEED


def why_uncovered(case: Case, site: Integers, place: int, wanted: Booleans,
                  covered: Booleans) -> tuple[Uncovered | None, ...]:
    """For each step of a site why it is not covered; None when it is, or needs nothing."""
    could, there = (
        present(case.reach, case.step_kwh_max, place, np.flatnonzero(vehicles).tolist(), len(wanted)).sum(axis=0)
        for vehicles in (case.reach.gives_kwh[:, place] > 0, site == place))
    weak = there + case.own_step_kwh_max[place] < case.need_kwh[place]
    names = np.select([covered | ~wanted, could <= 0, (case.need_kwh[place] <= 0) | weak], [0, 1, 2], default=3)
    return tuple((None, Uncovered.NO_VEHICLE, Uncovered.POWER, Uncovered.ENERGY)[name] for name in names)
