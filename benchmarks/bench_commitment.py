"""How often a P90 promise is kept over a thousand simulated seasons whose opt-outs are correlated.

    python -m benchmarks.bench_commitment

Each season is another fleet of 5,000 homes with 40 events. In each event a home takes part with a chance whose logit is
the fleet's own mean (normal, mean 1.9, sd 0.25) plus what all homes share in that event (sd 0.2 to 0.45 by fleet,
correlated 0.3 with the event before). These numbers are assumed, not measured. Four kinds of what is shared: normal and
independent from event to event, normal and correlated, heavy tails (t with 4 degrees), and one event in twelve with a
further drop of 1.0. The estimator starts from a stated prior (0.85, sd 0.06, which is not the mean of the seasons) and
sees past events only; coverage counts all events, the first ones too. Beside it stands the common textbook promise that
takes homes as independent. Bars: 88 to 92% over all events; 85% at the tenth event after a change of regime and later.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gridrider.dispatch.commitment import Prior, promised_ratios

Floats = NDArray[np.float64]

SEASONS, EVENTS, HOMES = 1_000, 40, 5_000
CHANGED_AT = 20
COVERAGE_MIN, COVERAGE_MAX, RECOVERED_MIN = 0.88, 0.92, 0.85
PRIOR = Prior(ratio_mean=0.85, ratio_sd=0.06)
KINDS = ("independent events", "correlated events", "heavy tails", "sudden drops")
CHANGES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "participation falls by some 11 points": lambda logit, mean: logit - 0.8,
    "participation rises by some 7 points": lambda logit, mean: logit + 0.8,
    "what is shared spreads twice as far": lambda logit, mean: 2.0 * logit - mean,
}


def logits(kind: str, chance: np.random.Generator) -> tuple[Floats, Floats]:
    """[seasons, events] the logit of taking part, and [seasons, 1] its mean."""
    mean = chance.normal(1.9, 0.25, (SEASONS, 1))
    spread = chance.uniform(0.2, 0.45, (SEASONS, 1))
    follow = 0.0 if kind == KINDS[0] else 0.3
    shared, shocks = np.zeros(SEASONS), np.empty((SEASONS, EVENTS))
    for event in range(EVENTS):
        fresh = chance.standard_t(4, SEASONS) / np.sqrt(2.0) if kind == KINDS[2] else chance.normal(size=SEASONS)
        shared = follow * shared + np.sqrt(1.0 - follow * follow) * fresh
        shocks[:, event] = shared
    drops = (chance.random((SEASONS, EVENTS)) < 1 / 12) * (kind == KINDS[3])
    return mean + spread * shocks - drops, mean


def delivered(logit: Floats, chance: np.random.Generator) -> Floats:
    """[seasons, events] the part of the homes that takes part."""
    return chance.binomial(HOMES, 1.0 / (1.0 + np.exp(-logit))) / HOMES


def independent(ratios: Floats) -> Floats:
    """[seasons, events - 1] the promise of a model of independent homes, from the mean of the events before."""
    mean = np.cumsum(ratios, axis=1)[:, :-1] / np.arange(1, ratios.shape[1])
    return mean - NormalDist().inv_cdf(0.9) * np.sqrt(mean * (1.0 - mean) / HOMES)


def main() -> int:
    """Simulate and print; exit 1 when a bar is missed."""
    print(f"python {platform.python_version()}, numpy {np.__version__}; {SEASONS} seasons of {EVENTS} events")
    begin = time.perf_counter()
    broken = 0
    for number, kind in enumerate(KINDS):
        chance = np.random.default_rng([144, number])
        ratios = delivered(logits(kind, chance)[0], chance)
        promises = promised_ratios(ratios, PRIOR)[:, :-1]
        kept = ratios >= promises
        textbook = (ratios[:, 1:] >= independent(ratios)).mean()
        short = np.mean(promises[:, 10:]) - np.mean(np.quantile(ratios, 0.1, axis=1))
        met = COVERAGE_MIN <= kept.mean() <= COVERAGE_MAX
        broken += not met
        print(f"{kind:<20} kept {kept.mean():.1%} ({'bar met' if met else 'BAR MISSED'}: 88-92%); first event "
              f"{kept[:, 0].mean():.0%}, events 2-10 {kept[:, 1:10].mean():.1%}, last ten {kept[:, -10:].mean():.1%}; "
              f"promise {100 * short:+.1f} points to the season's own P90; independent-normal model {textbook:.1%}")
    for number, (name, change) in enumerate(CHANGES.items()):
        chance = np.random.default_rng([145, number])
        logit, mean = logits(KINDS[1], chance)
        logit[:, CHANGED_AT:] = change(logit, mean)[:, CHANGED_AT:]
        ratios = delivered(logit, chance)
        kept = (ratios >= promised_ratios(ratios, PRIOR)[:, :-1]).mean(axis=0)[CHANGED_AT:]
        met = bool(kept[9:].min() >= RECOVERED_MIN)
        broken += not met
        by_event = " ".join(f"{100 * share:.0f}" for share in kept[:10])
        print(f"{name}: tenth event after it {kept[9]:.1%}, worst later {kept[9:].min():.1%} "
              f"({'bar met' if met else 'BAR MISSED'}: >= 85%); events 1-10 in %: {by_event} (mean "
              f"{kept[:10].mean():.1%}); events 11-20 {kept[10:].mean():.1%}")
    print(f"{time.perf_counter() - begin:.1f} s")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
