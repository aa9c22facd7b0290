"""How much power may be promised so that nine events in ten deliver it, learned from past events only.

Opt-outs are correlated: a heat wave, a holiday or a third event in a week moves all homes together, and a fleet does
not average that away. So no correlation is modelled. What is scored is the whole fleet's ratio of delivered to nominal
power in one event, in which all that homes share is contained. With y the ratio of an event, in time order:

    level       m(t+1) = m(t) + g(t) * (y(t) - m(t)),   g(t) = max(1 / (worth + t), gain_min)
    score       e(t) = y(t) - m(t), one step ahead, so that the error of the level is in it
    promise     m(t) + Q, Q the score at rank a(t) * (W + 1) of all past scores, weighted memory ** age, W their weight
    miss share  a(t+1) = a(t) + step * ((1 - coverage) - missed(t)), inside bounds

The rank and the "+ 1" are the finite-sample correction of conformal prediction (Vovk, Gammerman, Shafer, Algorithmic
Learning in a Random World, 2005); lower weights for older scores are its form without exchangeability (Barber, Candès,
Ramdas, Tibshirani, Annals of Statistics 51(2), 2023); the last line is adaptive conformal inference (Gibbs, Candès,
NeurIPS 2021), which pulls the realised share of misses to the wanted one. Its guarantee for any sequence needs promises
that may fall without bound; ours have bounds, so here it is tested and not proven. Between two
scores the rank is interpolated, which takes equal scores as they come.

Before the first event all comes from a stated `Prior`, as if it had been so many events.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MISS_SHARE_BOUNDS = (0.05, 1.3)
"""How far the miss share aimed at may be moved, times the wanted one: promises kept by luck are not spent on misses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed of the ratio delivered / nominal before any event; assumed, to be said wherever it is used."""

    ratio_mean: float
    ratio_sd: float
    level_events: float = 4.0
    """How many events the mean is worth."""
    score_events: int = 9
    """How many scores the spread is worth: at normal quantiles. Nine are the fewest whose lowest covers 90%."""

    def scores(self) -> Floats:
        """[score_events] the scores that stand for the spread."""
        shares = (np.arange(self.score_events) + 0.5) / self.score_events
        return np.array([NormalDist(0.0, self.ratio_sd).inv_cdf(share) for share in shares])


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """How fast past events are forgotten. The defaults were set on simulated seasons, see the benchmark."""

    coverage: float = 0.9
    memory: float = 0.93
    """What a score's weight is multiplied by at each later event: 14 events are remembered."""
    gain_min: float = 0.25
    """The least share of the newest error that moves the level."""
    step: float = 0.05
    """How far one miss or hit moves the miss share aimed at."""


LEARNING = Learning()


def promised_ratios(ratios: ArrayLike, prior: Prior, learning: Learning = LEARNING) -> Floats:
    """The promise for each event and for the one to come, each from the events before it.

    `ratios` is [events] or [fleets, events], delivered / nominal in time order, >= 0; the result has one event more in
    its last axis, and is >= 0. Element t depends on the ratios before t only. Raises ValueError where a ratio is not a
    number >= 0.
    """
    seen = np.atleast_2d(np.asarray(ratios, dtype=np.float64))
    if not bool(np.all(np.isfinite(seen) & (seen >= 0.0))):
        raise ValueError("ratios of delivered to nominal power must be numbers >= 0")
    fleets, events = seen.shape
    known = prior.score_events
    scores = np.concatenate([np.tile(prior.scores(), (fleets, 1)), np.empty((fleets, events))], axis=1)
    weights = np.ones(known + events)
    level = np.full(fleets, prior.ratio_mean)
    missing_wanted = 1.0 - learning.coverage
    lowest, highest = (missing_wanted * times for times in MISS_SHARE_BOUNDS)
    missing = np.full(fleets, missing_wanted)
    promises = np.empty((fleets, events + 1))
    for event in range(events + 1):
        past = known + event
        quantile = weighted_quantile(scores[:, :past], weights[:past], missing)
        promises[:, event] = np.maximum(level + quantile, 0.0)
        if event == events:
            break
        ratio = seen[:, event]
        missed = ratio < promises[:, event]
        missing = np.clip(missing + learning.step * (missing_wanted - missed), lowest, highest)
        weights[:past] *= learning.memory
        scores[:, past] = ratio - level
        level += max(1.0 / (prior.level_events + event + 1.0), learning.gain_min) * (ratio - level)
    return promises if np.ndim(ratios) > 1 else promises[0]


def weighted_quantile(scores: Floats, weights: Floats, shares: Floats) -> Floats:
    """[rows] the score at weighted rank share * (total weight + 1), between two scores interpolated.

    `scores` is [rows, n], `weights` [n] > 0, `shares` [rows]. With equal weights of one this is the Weibull quantile,
    rank share * (n + 1): a new exchangeable score lies below it with just that probability where the rank is whole.
    Ranks beyond the ends take the lowest and the highest score.
    """
    order = np.argsort(scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    ranks = np.cumsum(weights[order], axis=1)
    wanted = shares * (weights.sum() + 1.0)
    return np.array([np.interp(rank, row_ranks, row) for rank, row_ranks, row
                     in zip(wanted, ranks, ordered, strict=True)])


def commit_kw(nominal_kw: float, past_nominal_kw: ArrayLike, past_delivered_kw: ArrayLike, prior: Prior,
              learning: Learning = LEARNING) -> float:
    """The power to promise for the next event, kW > 0 as delivered to the grid.

    `nominal_kw` is what the fleet would deliver if nobody opted out or failed; the two others are [events]: the same
    for past events in time order, and what was measured. An event of no nominal power teaches nothing.
    """
    nominal = np.asarray(past_nominal_kw, dtype=np.float64)
    delivered = np.asarray(past_delivered_kw, dtype=np.float64)
    asked = nominal > 0.0
    # A fleet that drew power delivered nothing of its promise; how much it drew is not the promise's affair.
    ratios = np.maximum(delivered[asked], 0.0) / nominal[asked]
    return float(nominal_kw * promised_ratios(ratios, prior, learning)[-1])
