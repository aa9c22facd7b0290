"""The end of an event without snap-back: who gets his own set-point back when, under a cap on what the fleet draws.

Homes let go all at once all start their machines at once. They may be let go at random minutes, along a ramp, or in a
sequence chosen from a model of each home (`release_models`), which is the problem

    minimise  max over t of  (other(t) + sum over homes of power(home, way(home), t)) / limit(t)

over one way for each home, from the ways in time for it. Weights on the times turn it into one small choice per home,
the way that costs least at these weights; so it is solved a few homes at a time, the weights following the fleet's load
(a soft maximum that is sharpened sweep by sweep; multiplicative weights, Plotkin, Shmoys, Tardos, Mathematics of
Operations Research 20(2), 1995). Any weights bound the optimum from below, so that a plan says how good it is.

The plan is one minute (or ramp) for each home, sent before the event ends: a home that hears nothing more still goes
free by the last of its ways, whatever becomes of the cap. Rebound after set-back: Almassalkhi, arXiv 2510.10651; Hao et
al., IEEE Transactions on Power Systems 30(1), 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .release_models import Floats, Profiles

Ints = NDArray[np.int64]

SWEEPS = 12
"""How often each home chooses again."""
SHARPNESS_FIRST, SHARPNESS_LAST = 10.0, 100.0
"""How much more a block at the peak weighs than one a tenth below it: from e to e ** 10."""
PARTS_MAX = 500
"""Into how many parts a fleet is dealt in a sweep; homes of a part choose at the same weights."""
FORBIDDEN = np.float32(1e30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """Which way each of N devices goes, and what the fleet should then draw."""

    way: Ints
    """[N] row of the ways."""
    predicted_kw: Floats
    """[B] the devices and the other load together, by the model."""
    over_limit_kw: float
    """How far the worst block lies above the limit; 0 without a limit or where it holds."""
    peak_share_least: float
    """No choice of ways in time has a lower worst ratio of predicted power to limit (to 1 kW without a limit)."""
    late: Ints
    """Devices for which no way is in time; they go first, by row 0."""


def step_ways(*, last_minute: int = 120, every_minutes: int = 5, minutes: int = 240) -> Floats:
    """[K, minutes] ways that give everything back at minute 0, every, 2 * every ... up to the last."""
    released = np.arange(0, last_minute + 1, every_minutes)
    return (np.arange(minutes) < released[:, None]).astype(np.float64)


def ramp_ways(lengths_minutes: ArrayLike, *, minutes: int = 240) -> Floats:
    """[K, minutes] ways that give back evenly, over each of the lengths > 0."""
    lengths = np.asarray(lengths_minutes, dtype=np.float64)[:, None]
    return np.maximum(1.0 - np.arange(minutes) / lengths, 0.0)


def random_ways(ways: Floats, devices: int, generator: np.random.Generator) -> Ints:
    """[devices] a way for each, any as likely as any other: all that can be done without a model."""
    return generator.integers(0, len(ways), devices)


def plan_release(profiles: Profiles, generator: np.random.Generator, *, limit_kw: ArrayLike | None = None,
                 other_kw: ArrayLike = 0.0, urgency: Floats | None = None) -> ReleasePlan:
    """Choose a way for each device so that the fleet draws as little above the limit as can be.

    `limit_kw` > 0 is the most that may be drawn, one number or [B]; without it the peak is made as low as it goes.
    `other_kw`, one number or [B], is drawn besides. Under a limit that holds, devices then go earlier, the more
    urgent before the less ([N], say degrees away; all alike without it), as far as the limit has room; row 0 of the
    ways must be the earliest. The generator only breaks the order in which devices choose.
    """
    devices, _, blocks = profiles.power_kw.shape
    limit = np.broadcast_to(np.asarray(1.0 if limit_kw is None else limit_kw, dtype=np.float64), (blocks,))
    if not bool(np.all(limit > 0.0)):
        raise ValueError("a limit on the power drawn after an event must be above zero")
    other = np.broadcast_to(np.asarray(other_kw, dtype=np.float64), (blocks,))
    late = np.flatnonzero(~profiles.in_time.any(axis=1))
    allowed = profiles.in_time.copy()
    allowed[late, 0] = True
    way, least = _flatten(profiles.power_kw, allowed, limit, other, generator)
    load = _drawn(profiles.power_kw, way) + other
    if limit_kw is not None and bool(np.all(load <= limit)):
        _hasten(profiles.power_kw, allowed, way, limit - load, np.zeros(devices) if urgency is None else urgency)
        load = _drawn(profiles.power_kw, way) + other
    over_kw = 0.0 if limit_kw is None else max(0.0, float((load - limit).max()))
    return ReleasePlan(way=way, predicted_kw=load, over_limit_kw=over_kw, peak_share_least=least, late=late)


def _flatten(power_kw: NDArray[np.float32], allowed: NDArray[np.bool_], limit: Floats, other: Floats,
             generator: np.random.Generator) -> tuple[Ints, float]:
    """The best ways found, and the lower bound on the worst ratio of load to limit."""
    devices = len(power_kw)
    forbidden = np.where(allowed, np.float32(0.0), FORBIDDEN)
    way = np.argmax(allowed, axis=1)
    load = _drawn(power_kw, way) + other
    best, best_worst, least = way.copy(), float(np.max(load / limit)), 0.0
    for sharpness in np.geomspace(SHARPNESS_FIRST, SHARPNESS_LAST, SWEEPS):
        for some in np.array_split(generator.permutation(devices), min(devices, PARTS_MAX) or 1):
            weights = _weights(load, limit, sharpness)
            chosen = np.argmin(power_kw[some] @ weights + forbidden[some], axis=1)
            load += _drawn(power_kw[some], chosen) - _drawn(power_kw[some], way[some])
            way[some] = chosen
        weights = _weights(load, limit, sharpness)
        cheapest = np.min(power_kw @ weights + forbidden, axis=1).sum(dtype=np.float64)
        least = max(least, float(cheapest + weights @ other))
        worst = float(np.max(load / limit))
        if worst < best_worst:
            best, best_worst = way.copy(), worst
    return best, least


def _weights(load: Floats, limit: Floats, sharpness: float) -> NDArray[np.float32]:
    """[B] what a kilowatt costs in each block; times the limit they sum to one."""
    ratio = load / limit
    worst = float(ratio.max())
    soft = np.exp(sharpness * (ratio / worst - 1.0)) if worst > 0.0 else np.ones_like(ratio)
    weights: NDArray[np.float32] = (soft / soft.sum() / limit).astype(np.float32)
    return weights


def _drawn(power_kw: NDArray[np.float32], way: Ints) -> Floats:
    """[B] what devices draw together when each goes its way. [kW]"""
    return np.asarray(power_kw[np.arange(len(way)), way].sum(axis=0, dtype=np.float64))


def _hasten(power_kw: NDArray[np.float32], allowed: NDArray[np.bool_], way: Ints, room: Floats,
            urgency: Floats) -> None:
    """Let devices go earlier, one after the other, where the room left takes what they would draw."""
    for device in np.argsort(-urgency, kind="stable"):
        earlier = slice(0, way[device])
        more_kw = power_kw[device, earlier].astype(np.float64) - power_kw[device, way[device]]
        fits = np.flatnonzero(allowed[device, earlier] & np.all(more_kw <= room, axis=1))
        if len(fits):
            room -= more_kw[fits[0]]
            way[device] = fits[0]
