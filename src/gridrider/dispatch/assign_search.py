"""A good assignment of many vehicles: sites are filled by greatest gain, then moves and swaps are made while any helps.

The value of a plan is its covered steps, a hospital's counting more than all of the shelters', less all driving, which
counts less than one step. Every move of one vehicle and every exchange of two is weighed at once; the best is made.
Vehicles that leave a site before its need ends are valued from above, so a move that concerns them is made only once
the steps have been counted exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .assign_case import Case
from .assign_model import Floats, Integers

MOVES_MAX = 1_000
REFUSED_MAX = 200
"""So many moves may prove worthless when counted, then the search ends: a count, so that it ends alike anywhere."""
PART_WORTH = 0.3
"""What a step that is all but covered counts at first, so that energy gathers where it can complete one."""
GAIN_MIN = 1e-9
NO_SITE = -1

Move = tuple[tuple[int, int], ...]
"""Vehicles and the sites they go to."""


def search(case: Case) -> Integers:
    """The site of each vehicle, -1 = none."""
    return Search(case).run()


class Search:
    """The plan at hand, and what each move would gain."""

    def __init__(self, case: Case) -> None:
        vehicles, sites = case.reach.gives_kwh.shape
        self.case = case
        self.site = np.full(vehicles, NO_SITE, dtype=np.int64)
        self.free = case.plugs.copy()
        self.useful = case.reach.gives_kwh > 0
        self.offered = case.own_offers.copy()
        self.part_worth = 0.0
        self.worth = np.zeros(sites)
        self.joined = np.zeros((vehicles, sites))  # gain at a site if the vehicle comes
        self.left = np.zeros(vehicles)  # gain at its site if the vehicle leaves: at most 0
        self.replaced = np.zeros((vehicles, vehicles))  # gain at the first one's site if the second takes its place
        self.refused: set[Move] = set()
        self.patience = REFUSED_MAX

    def run(self) -> Integers:
        """Fill, then improve: first with an eye on steps that are nearly covered, then for covered steps alone."""
        fill(self)
        for self.part_worth in (PART_WORTH, 0.0):
            self.refused.clear()
            self.patience = REFUSED_MAX
            for site in range(len(self.worth)):
                self.weigh(site)
            for _ in range(MOVES_MAX):
                move = self.best_move()
                if not move:
                    break
                self.make(move)
        return self.site

    def members(self, site: int) -> list[int]:
        """The vehicles at a site."""
        return np.flatnonzero(self.site == site).tolist()

    def make(self, move: Move) -> None:
        """Move vehicles and weigh anew what the sites concerned would gain."""
        changed = self.changed_by(move)
        for vehicle, site in move:
            self.place(vehicle, site)
        for site in changed:
            self.weigh(site)
        self.refused = {each for each in self.refused if not set(self.changed_by(each)) & set(changed)}

    def place(self, vehicle: int, site: int) -> None:
        """Note a vehicle at another site."""
        for place, sign in ((int(self.site[vehicle]), 1), (site, -1)):
            if place != NO_SITE:
                self.free[place, self.case.plug[vehicle]] += sign
                self.offered[place] -= sign * self.case.offers[vehicle, place]
        self.site[vehicle] = site

    def weigh(self, site: int) -> None:
        """What a site is worth now, and what it would gain from each vehicle that comes, leaves, or takes a place."""
        members, useful = self.members(site), np.flatnonzero(self.useful[:, site])
        coming = self.case.offers[useful, site]
        self.offered[site] = self.case.offered(site, members)  # afresh, so that no rounding gathers
        self.worth[site] = self.counted(site, members)
        without = self.offered[site] - self.case.offers[members, site]
        self.joined[useful, site] = self.worth_at(site, self.offered[site] + coming) - self.worth[site]
        self.left[members] = self.worth_at(site, without) - self.worth[site]
        if members:
            replacing = self.worth_at(site, without[:, None] + coming) - self.worth[site]
            self.replaced[np.array(members)[:, None], useful] = replacing

    def worth_at(self, site: int, offers: Floats) -> Floats:
        """What a site is worth with such offers, from above where vehicles leave; shape (..., T) in, (...) out."""
        steps = self.case.most(site, offers)
        worth = self.case.weight[site] * steps
        return np.asarray(worth + self.part_worth * part(self.case, site, offers, steps) if self.part_worth else worth)

    def counted(self, site: int, vehicles: Sequence[int]) -> float:
        """What a site is worth with these vehicles, its steps counted exactly."""
        steps = self.case.steps_covered(site, vehicles)
        nearly = part(self.case, site, self.case.offered(site, vehicles), np.asarray(steps))
        return float(self.case.weight[site] * steps + self.part_worth * nearly)

    def changed_by(self, move: Move) -> list[int]:
        """The sites that a move concerns."""
        return sorted({place for vehicle, site in move for place in (int(self.site[vehicle]), site)} - {NO_SITE})

    def best_move(self) -> Move:
        """The move that gains most, counted exactly; empty when none gains."""
        while self.patience:
            gain, move = max(self.best_single(), self.best_swap())
            if gain <= GAIN_MIN:
                break
            if self.gain(move) > GAIN_MIN:
                return move
            self.refused.add(move)
            self.patience -= 1
        return ()

    def gain(self, move: Move) -> float:
        """What a move gains, with its steps counted exactly."""
        goes = dict(move)
        total = 0.0
        for site in self.changed_by(move):
            members = [vehicle for vehicle in {*self.members(site), *goes}
                       if goes.get(vehicle, int(self.site[vehicle])) == site]
            total += self.counted(site, members) - self.worth[site]
        after = sum(self.km_at(vehicle, site) - self.km_at(vehicle, int(self.site[vehicle])) for vehicle, site in move)
        return float(total - self.case.weight_per_km * after)

    def km_at(self, vehicle: int, site: int) -> float:
        """How far a vehicle drives for a site."""
        return 0.0 if site == NO_SITE else float(self.case.km[vehicle, site])

    def costs(self) -> tuple[Floats, Floats]:
        """What driving costs: of each vehicle now, and at each site."""
        at_site = self.case.weight_per_km * self.case.km
        placed = self.site != NO_SITE
        return np.where(placed, at_site[np.arange(len(self.site)), self.site], 0.0), at_site

    def best_single(self) -> tuple[float, Move]:
        """The best way to send one vehicle elsewhere, or home."""
        now, at_site = self.costs()
        leaving = np.where(self.site != NO_SITE, self.left, 0.0) + now
        sites = np.arange(len(self.worth))
        allowed = self.useful & (self.free[:, self.case.plug].T > 0) & (self.site[:, None] != sites)
        gains = np.concatenate([np.where(allowed, leaving[:, None] + self.joined - at_site, -np.inf),
                                np.where(self.site != NO_SITE, leaving, -np.inf)[:, None]], axis=1)
        for move in self.refused:
            if len(move) == 1:
                gains[move[0]] = -np.inf  # a site of -1 is the last column: home
        vehicle, site = np.unravel_index(int(gains.argmax()), gains.shape)
        return float(gains[vehicle, site]), ((int(vehicle), int(site) if site < len(sites) else NO_SITE),)

    def best_swap(self) -> tuple[float, Move]:
        """The best exchange of a vehicle at a site with one at another site or at none."""
        now, at_site = self.costs()
        placed = np.flatnonzero(self.site != NO_SITE)
        if not len(placed):
            return -np.inf, ()
        there = self.site[placed]
        # comes[i, w]: what w gains by taking the place of placed vehicle i
        comes = self.replaced[placed] - at_site[:, there].T + now[placed][:, None]
        same = self.case.plug[placed][:, None] == self.case.plug
        allowed = self.useful[:, there].T & (same | (self.free[there][:, self.case.plug] > 0))
        comes = np.where(allowed & (self.site != there[:, None]), comes, -np.inf)
        gains = comes.copy()
        gains[:, placed] += comes[:, placed].T
        for move in self.refused:
            if len(move) == 2:
                gains[np.searchsorted(placed, move[0][0]), move[1][0]] = -np.inf
        first, other = np.unravel_index(int(gains.argmax()), gains.shape)
        vehicle = int(placed[first])
        return float(gains[first, other]), ((vehicle, int(self.site[other])), (int(other), int(self.site[vehicle])))


def fill(plan: Search) -> None:
    """Send vehicles one after the other to where they bring most, hospitals first; part of a step counts, too."""
    case = plan.case
    for weight in sorted(set(case.weight.tolist()), reverse=True):
        gains = np.full(plan.useful.shape, -np.inf)
        waiting = np.flatnonzero(case.weight == weight).tolist()
        while waiting:
            for site in waiting:
                gains[:, site] = brought(case, site, plan.offered[site])
            allowed = plan.useful & (plan.free[:, case.plug].T > 0) & (plan.site == NO_SITE)[:, None]
            best = int(np.where(allowed, gains, -np.inf).argmax())
            vehicle, site = divmod(best, len(plan.worth))
            waiting = [site] if allowed[vehicle, site] and gains[vehicle, site] > GAIN_MIN else []
            if waiting:
                plan.place(vehicle, site)


def brought(case: Case, site: int, offered: Floats) -> Floats:
    """What each vehicle would bring to a site, in steps and parts of one, less its driving, shape (N,)."""
    with_each = offered + case.offers[:, site]
    steps, now = case.most(site, with_each), case.most(site, offered)
    gain = steps + part(case, site, with_each, steps) - now - part(case, site, offered, now)
    return np.asarray(gain - case.weight_per_km * case.km[:, site], dtype=np.float64)


def part(case: Case, site: int, offers: Floats, steps: Integers) -> Floats:
    """How near offers that cover so many steps are to one more, 0 to 1; 0 when all are covered."""
    least = case.least[site]
    if not len(least):
        return np.zeros(offers.shape[:-1])
    row = least[np.minimum(steps, len(least) - 1)]
    reached = np.divide(offers[..., :len(least)], row, out=np.ones_like(row), where=row > 0).min(axis=-1)
    return np.asarray(np.where(steps < len(least), np.minimum(reached, 1.0), 0.0), dtype=np.float64)
