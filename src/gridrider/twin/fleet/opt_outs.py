"""Who opts out of an event, and when: a hazard that all customers of an event share in part.

Shared frailty: given the event's factor F, customer i leaves with hazard F p_i h(t), where p_i is the customer's
propensity and F is drawn once per event from a gamma distribution of mean 1 and variance v. On a hot evening more
people leave, and they leave together: two customers of cumulated hazard H are both still there with probability
(1 + 2 H v) ** (-1/v), not (1 + H v) ** (-2/v). Clayton, Biometrika 65 (1978); Vaupel et al., Demography 16 (1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homes import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutHazard:
    """How customers leave; every default is assumed."""

    at_notice: float = 0.006
    """Cumulated hazard of the moment the notice is read."""
    per_notice_h: float = 0.0002
    """For each hour between notice and event."""
    per_event_h: float = 0.004
    """For each hour of the event."""
    short_notice_h: float = 4.0
    """Notice shorter than this raises the hazard at notice ..."""
    short_notice_factor: float = 2.0
    """... up to this factor with no notice at all."""
    per_consecutive: float = 0.25
    """Raises all hazards by this share for each event in a row before this one."""
    common_variance: float = 0.5
    """Of the factor that all customers of an event share; 0 = they decide independently."""


def draw_opt_outs(hazard: OptOutHazard, propensity: Floats, *, notice_h: float, duration_h: float,
                  consecutive: Ints | int, seed: int, event_index: int) -> Floats:
    """Hours from the notice until each customer leaves; +inf = stays to the end. The event begins at `notice_h`.

    The same (seed, event_index) gives the same answer; `consecutive` counts the events in a row that a customer was
    called to before this one.
    """
    rng = np.random.default_rng([seed, event_index])
    variance = hazard.common_variance
    common = rng.gamma(1.0 / variance, variance) if variance > 0.0 else 1.0
    threshold = rng.standard_exponential(len(propensity))
    frailty = common * propensity * (1.0 + hazard.per_consecutive * np.asarray(consecutive, dtype=np.float64))
    short = max(0.0, 1.0 - notice_h / hazard.short_notice_h)
    at_notice = hazard.at_notice * (1.0 + (hazard.short_notice_factor - 1.0) * short)
    with np.errstate(divide="ignore"):
        needed = threshold / frailty
    before_h = _reached_h(np.maximum(needed - at_notice, 0.0), hazard.per_notice_h)
    by_start = at_notice + hazard.per_notice_h * notice_h
    leaves_h = np.where(needed < by_start, before_h,
                        notice_h + _reached_h(np.maximum(needed - by_start, 0.0), hazard.per_event_h))
    return np.where(leaves_h < notice_h + duration_h, leaves_h, np.inf)


def _reached_h(needed: Floats, per_h: float) -> Floats:
    """How many hours it takes to cumulate a hazard; at once where nothing is needed, never where none comes."""
    return needed / per_h if per_h > 0.0 else np.where(needed > 0.0, np.inf, 0.0)
