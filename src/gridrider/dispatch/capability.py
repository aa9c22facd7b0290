"""What a fleet of batteries can promise: power by hours, and whether it can serve a request.

Batteries that differ in energy and power, and are not recharged during an event, can serve a request exactly when for
every duration T the energy of the T hours in which most is asked is at most sum min(energy, power * T): no device
gives more in T hours, whatever the policy, and longest time-to-go first gives it. This is the E-p transform of the
source read by duration instead of by power (each is the Legendre transform of the other: E(p) = max over T of
served(T) - p T), in which form both sides are bent lines and only a few durations need a look.

Source: Evans, Tindemans, Angeli, "A Graphical Measure of Aggregate Flexibility for Energy-Constrained Distributed
Resources", IEEE Transactions on Smart Grid 11(1), 2020, 106-117 (arXiv 1805.09315); the same fleet as one store: "Exact
aggregate models for optimal management of heterogeneous fleets of storage devices", arXiv 2111.02395.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .allocate import Floats

ROUNDING = 1e-12
"""The share by which a power may seem out of reach because of rounding, and is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """The most energy that a fleet delivers in T hours: a line bent at the hours at which batteries run empty.

    `hours` are the corners, from 0, ascending, and `energy_kwh` the energy by then; beyond the last corner the fleet
    is empty. Both have the same shape, at most one more than there are batteries.
    """

    hours: Floats
    energy_kwh: Floats

    @classmethod
    def of(cls, energy_kwh: ArrayLike, power_kw: ArrayLike) -> Capability:
        """The capability of batteries with so much energy above their floors, and so much power; O(N log N).

        Both have shape (N,). A battery below its floor, or without power, promises nothing. Raises ValueError for a
        number that is not finite and a negative power.
        """
        stored, power = np.asarray(energy_kwh, dtype=np.float64), np.asarray(power_kw, dtype=np.float64)
        if stored.shape != power.shape or not (np.isfinite(stored).all() and np.isfinite(power).all()):
            raise ValueError("energy and power must be finite, one of each for every battery")
        if (power < 0).any():
            raise ValueError("the power that a battery may deliver must be 0 kW or more")
        able = (stored > 0) & (power > 0)
        stored, power = stored[able], power[able]
        order = np.argsort(stored / power, kind="stable")
        stored, power = stored[order], power[order]
        hours = stored / power
        empty_kwh = np.cumsum(stored)
        still_kw = np.cumsum(power[::-1])[::-1] - power  # of those that hold out longer
        corners = np.diff(hours, append=np.inf) > 0  # of batteries that are empty together, the last
        return cls(hours=np.concatenate([[0.0], hours[corners]]),
                   energy_kwh=np.concatenate([[0.0], (empty_kwh + still_kw * hours)[corners]]))

    def energy_for_hours(self, hours: ArrayLike) -> Floats:
        """The most energy that can be delivered in so many hours, shape of `hours`. [kWh]"""
        return np.interp(np.asarray(hours, dtype=np.float64), self.hours, self.energy_kwh)

    def power_for_hours(self, hours: ArrayLike) -> Floats:
        """The largest constant power that can be held for so many hours (> 0), shape of `hours`. [kW]"""
        return self.energy_for_hours(hours) / np.asarray(hours, dtype=np.float64)

    def hours_for_power(self, power_kw: float) -> float:
        """The longest time for which a constant power can be held: 0 when never, infinite for nothing or less. [h]"""
        if power_kw <= 0:
            return math.inf
        held_kwh = power_kw * self.hours[1:]
        reaches = np.flatnonzero(self.energy_kwh[1:] >= held_kwh * (1 - ROUNDING))
        if not len(reaches):
            return 0.0
        corner = int(reaches[-1]) + 1
        hours, energy_kwh = self.hours[corner:corner + 2], self.energy_kwh[corner:corner + 2]
        rest_kw = float((energy_kwh[1] - energy_kwh[0]) / (hours[1] - hours[0])) if len(hours) == 2 else 0.0
        return float(energy_kwh[0] - rest_kw * hours[0]) / (power_kw - rest_kw)

    def missing_kwh(self, request_kw: ArrayLike, step_h: ArrayLike) -> float:
        """The energy of a request that no policy could serve: 0 when the fleet can serve all of it. [kWh]

        The request is constant within each step: `request_kw` has shape (T,), and `step_h` the same shape, or is one
        step for all. A request below 0 counts as 0: nothing is recharged within an event.
        """
        asked_kw = np.maximum(np.asarray(request_kw, dtype=np.float64), 0.0)
        steps_h = np.broadcast_to(np.asarray(step_h, dtype=np.float64), asked_kw.shape)
        most_first = np.argsort(-asked_kw, kind="stable")
        hours = np.cumsum(steps_h[most_first])
        asked_kwh = np.cumsum((asked_kw * steps_h)[most_first])
        return max(float((asked_kwh - self.energy_for_hours(hours)).max(initial=0.0)), 0.0)

    def can_serve(self, request_kw: ArrayLike, step_h: ArrayLike, *, tolerance_kwh: float = 1e-9) -> bool:
        """Whether the fleet can serve a request that is constant within each step; see `missing_kwh`."""
        return self.missing_kwh(request_kw, step_h) <= tolerance_kwh
