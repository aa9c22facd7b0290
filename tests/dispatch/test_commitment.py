"""The P90 promise: small cases by hand, nothing seen of the future, coverage on simulated seasons."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from gridrider.dispatch.commitment import Learning, Prior, commit_kw, promised_ratios, weighted_quantile

PRIOR = Prior(ratio_mean=0.85, ratio_sd=0.06)
RATIOS = st.lists(st.floats(0.0, 1.2), min_size=1, max_size=15)


def quantile(scores: list[float], weights: list[float], share: float) -> float:
    """One row, through the function of the module."""
    return float(weighted_quantile(np.array([scores]), np.array(weights), np.array([share]))[0])


def plain_promises(ratios: list[float], prior: Prior, learning: Learning) -> list[float]:
    """The same rule again, in exact fractions and lists, written from the formulas."""
    scores = [(Fraction(float(norm.ppf((k + 0.5) / prior.score_events)) * prior.ratio_sd), Fraction(1))
              for k in range(prior.score_events)]
    wanted = missing = 1 - Fraction(learning.coverage)
    level, promises = Fraction(prior.ratio_mean), []
    for number in range(len(ratios) + 1):
        rank = missing * (sum(weight for _, weight in scores) + 1)
        reached, below, quantile_ = Fraction(0), None, sorted(scores)[-1][0]
        for score, weight in sorted(scores):
            if reached + weight >= rank:
                part = Fraction(1) if below is None else (rank - reached) / weight
                quantile_ = score if below is None else below + part * (score - below)
                break
            reached, below = reached + weight, score
        promises.append(max(level + quantile_, Fraction(0)))
        if number == len(ratios):
            break
        ratio = Fraction(ratios[number])
        missing += Fraction(learning.step) * (wanted - (ratio < promises[-1]))
        missing = min(max(missing, wanted * Fraction(0.05)), wanted * Fraction(1.3))
        scores = [(score, weight * Fraction(learning.memory)) for score, weight in scores]
        scores.append((ratio - level, Fraction(1)))
        gain = max(1 / (Fraction(prior.level_events) + number + 1), Fraction(learning.gain_min))
        level += gain * (ratio - level)
    return [float(promise) for promise in promises]


def seasons(count: int, events: int, seed: int, *, drop_from: int | None = None) -> np.ndarray:
    """[count, events] delivered / nominal: a common factor per event moves every home's chance of staying."""
    chance = np.random.default_rng(seed)
    logit = chance.normal(1.9, 0.25, (count, 1)) + chance.uniform(0.2, 0.45, (count, 1)) * chance.normal(
        size=(count, events))
    if drop_from is not None:
        logit[:, drop_from:] -= 0.8
    return chance.binomial(5000, 1 / (1 + np.exp(-logit))) / 5000


def test_nine_scores_cover_ninety_percent_with_their_lowest() -> None:
    scores = [0.5, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6]
    assert quantile(scores, [1.0] * 9, 0.1) == 0.1


def test_nineteen_scores_cover_ninety_percent_with_their_second_lowest() -> None:
    assert quantile([k / 100 for k in range(19)], [1.0] * 19, 0.1) == pytest.approx(0.01, abs=1e-15)


def test_fourteen_scores_lie_half_way_between_two() -> None:
    assert quantile([float(k) for k in range(14)], [1.0] * 14, 0.1) == pytest.approx(0.5)


def test_equal_scores_are_taken_as_they_come() -> None:
    assert quantile([0.3] * 12, [1.0] * 12, 0.1) == 0.3
    assert quantile([0.1, 0.1, 0.1] + [0.5] * 16, [1.0] * 19, 0.1) == 0.1


def test_too_few_scores_give_the_lowest() -> None:
    assert quantile([0.4, 0.2], [1.0, 1.0], 0.1) == 0.2


def test_a_score_of_half_the_weight_counts_half() -> None:
    """Weights 0.5, 1, 1: the rank 0.4 * 3.5 = 1.4 lies 0.9 of the way from 0.5 (the first) to 1.5 (the second)."""
    assert quantile([0.0, 1.0, 2.0], [0.5, 1.0, 1.0], 0.4) == pytest.approx(0.9)


def test_before_the_first_event_the_prior_speaks() -> None:
    lowest = 0.85 + float(norm.ppf(0.5 / 9)) * 0.06
    assert promised_ratios([], PRIOR)[0] == pytest.approx(lowest, abs=1e-9)


@given(RATIOS)
def test_the_rule_written_again_agrees(ratios: list[float]) -> None:
    learning = Learning()
    assert promised_ratios(ratios, PRIOR, learning) == pytest.approx(plain_promises(ratios, PRIOR, learning), abs=1e-9)


@given(RATIOS, st.data())
def test_a_promise_sees_past_events_only(ratios: list[float], draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(ratios)))
    other = ratios[:at] + [0.123] * (len(ratios) - at)
    assert promised_ratios(other, PRIOR)[: at + 1].tolist() == promised_ratios(ratios, PRIOR)[: at + 1].tolist()


@given(st.integers(0, 8).flatmap(lambda events: st.lists(st.lists(st.floats(0.0, 1.2), min_size=events,
                                                                   max_size=events), min_size=2, max_size=3)))
def test_fleets_side_by_side_do_not_touch(two: list[list[float]]) -> None:
    together = promised_ratios(np.array(two), PRIOR)
    assert together.tolist() == [promised_ratios(one, PRIOR).tolist() for one in two]


def test_a_miss_makes_the_next_promise_lower() -> None:
    promises = promised_ratios([0.5], PRIOR)
    assert promises[1] < promises[0]


def test_a_steady_fleet_is_promised_nearly_in_full() -> None:
    assert promised_ratios([0.95] * 60, PRIOR)[-1] == pytest.approx(0.95, abs=0.01)


def test_kilowatts_are_the_ratio_of_the_next_nominal() -> None:
    ratio = promised_ratios([0.8, 0.9], PRIOR)[-1]
    assert commit_kw(500.0, [100.0, 0.0, 200.0], [80.0, 5.0, 180.0], PRIOR) == pytest.approx(500.0 * ratio)


def test_a_fleet_that_drew_power_delivered_nothing() -> None:
    assert commit_kw(10.0, [100.0], [-40.0], PRIOR) == commit_kw(10.0, [100.0], [0.0], PRIOR)


@pytest.mark.parametrize("ratio", [-0.01, float("nan"), float("inf")])
def test_a_ratio_that_is_none_is_a_broken_call(ratio: float) -> None:
    with pytest.raises(ValueError, match="ratios"):
        promised_ratios([0.9, ratio], PRIOR)


def test_coverage_of_seasons_with_correlated_opt_outs() -> None:
    ratios = seasons(250, 40, 7)
    covered = ratios >= promised_ratios(ratios, PRIOR)[:, :-1]
    assert 0.88 <= covered.mean() <= 0.92


def test_a_promise_that_takes_opt_outs_as_independent_fails_on_the_same_seasons() -> None:
    ratios = seasons(250, 40, 7)
    mean = np.cumsum(ratios, axis=1)[:, :-1] / np.arange(1, 40)
    promised = mean - norm.ppf(0.9) * np.sqrt(mean * (1 - mean) / 5000)
    assert (ratios[:, 1:] >= promised).mean() < 0.75


def test_after_a_lasting_drop_the_promise_holds_again_within_ten_events() -> None:
    ratios = seasons(250, 40, 8, drop_from=25)
    covered = (ratios >= promised_ratios(ratios, PRIOR)[:, :-1]).mean(axis=0)
    assert covered[25] < 0.5
    assert min(covered[34:]) >= 0.85
