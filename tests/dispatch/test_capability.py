"""What a fleet can promise: power by hours, its inverse, and requests; held against the source's own form by power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch.capability import Capability

KWH = st.sampled_from([0.0, 0.7, 2.0, 5.0, 13.5, 27.0])
KW = st.sampled_from([1.0, 3.3, 5.0, 11.5])
BATTERIES = st.lists(st.tuples(KWH, KW), min_size=1, max_size=8)

THREE = Capability.of([10.0, 10.0, 5.0], [5.0, 10.0, 5.0])
"""5 kW for 2 h, 10 kW for 1 h, 5 kW for 1 h."""


def e_p_transform(power_kw: np.ndarray, hours: np.ndarray, level_kw: float) -> float:
    """Energy above a power level of a profile that holds each power for its hours. [kWh]"""
    return float((np.maximum(power_kw - level_kw, 0) * hours).sum())


def full_power_profile(batteries: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """What the fleet delivers when all batteries run at full power until they are empty: powers, and their hours."""
    empty_h = sorted({0.0} | {energy / power for energy, power in batteries})
    hours = np.diff(empty_h)
    power_kw = np.array([sum(power for energy, power in batteries if energy / power >= end) for end in empty_h[1:]])
    return power_kw, hours


@pytest.mark.parametrize(("hours", "power_kw"), [(0.5, 20.0), (1.0, 20.0), (1.25, 17.0), (2.0, 12.5), (5.0, 5.0)])
def test_power_for_hours_and_back(hours: float, power_kw: float) -> None:
    assert THREE.power_for_hours(hours) == pytest.approx(power_kw)
    assert THREE.hours_for_power(power_kw) == pytest.approx(max(hours, 1.0))


def test_more_than_all_power_is_never_held_and_nothing_forever() -> None:
    assert THREE.hours_for_power(20.0) == 1.0
    assert THREE.hours_for_power(20.0001) == 0.0
    assert THREE.hours_for_power(0.0) == math.inf
    assert THREE.hours_for_power(-3.0) == math.inf


@settings(max_examples=50)
@given(batteries=BATTERIES, hours=st.floats(0.01, 20))
def test_the_power_held_is_what_each_battery_could_spread_over_the_hours(batteries, hours) -> None:
    energy, power = (np.array(column) for column in zip(*batteries, strict=True))
    expected = np.minimum(power, energy / hours).sum()
    assert Capability.of(energy, power).power_for_hours(hours) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50)
@given(batteries=BATTERIES, share=st.floats(0.01, 1.0))
def test_hours_are_the_longest_at_which_the_power_is_held(batteries, share) -> None:
    energy, power = (np.array(column) for column in zip(*batteries, strict=True))
    able_kw = power[energy > 0].sum()
    if able_kw > 0:
        fleet = Capability.of(energy, power)
        hours = fleet.hours_for_power(share * able_kw)
        assert fleet.power_for_hours(hours) >= share * able_kw * (1 - 1e-9)
        assert fleet.power_for_hours(hours * 1.001) < share * able_kw


@settings(max_examples=50)
@given(batteries=BATTERIES, request=st.lists(st.tuples(st.floats(0, 60), st.floats(0.05, 3)), min_size=1, max_size=8))
def test_a_request_can_be_served_when_its_e_p_transform_lies_below_the_fleet_s(batteries, request) -> None:
    """The criterion of arXiv 1805.09315, checked at every power at which either curve bends."""
    energy, power = (np.array(column) for column in zip(*batteries, strict=True))
    asked_kw, hours = (np.array(column) for column in zip(*request, strict=True))
    full_kw, full_h = full_power_profile(batteries)
    excess_kwh = [e_p_transform(asked_kw, hours, level) - e_p_transform(full_kw, full_h, level)
                  for level in [0.0, *asked_kw, *full_kw]]
    fleet = Capability.of(energy, power)
    assert fleet.missing_kwh(asked_kw, hours) == pytest.approx(max(0.0, *excess_kwh), abs=1e-9)
    assert fleet.can_serve(asked_kw, hours, tolerance_kwh=1e-6) == (max(excess_kwh) <= 1e-6)


def test_both_sides_of_what_can_be_served() -> None:
    assert THREE.can_serve([20.0, 5.0], 1.0)
    assert THREE.can_serve([5.0, 20.0], 1.0)  # the order does not matter
    assert not THREE.can_serve([20.0, 5.01], 1.0)
    assert not THREE.can_serve([20.01], 0.1)
    assert THREE.missing_kwh([20.0, 7.0], 1.0) == pytest.approx(2.0)
    assert THREE.can_serve([20.0, -9.0, 5.0], 1.0)  # what is not asked for is not needed, and nothing is recharged
    assert not THREE.can_serve([20.0, -9.0, 5.1], 1.0)
    assert THREE.can_serve([], 1.0)


@settings(max_examples=50)
@given(batteries=BATTERIES, seed=st.integers(0, 99))
def test_the_order_of_batteries_does_not_matter(batteries, seed) -> None:
    mixed = np.array(batteries)[np.random.default_rng(seed).permutation(len(batteries))]
    one, other = Capability.of(*np.array(batteries).T), Capability.of(*mixed.T)
    assert one.hours == pytest.approx(other.hours)
    assert one.energy_kwh == pytest.approx(other.energy_kwh)


def test_batteries_that_promise_nothing() -> None:
    assert Capability.of([], []).hours_for_power(1.0) == 0.0
    assert Capability.of([-3.0, 0.0, 5.0], [5.0, 5.0, 0.0]).power_for_hours([1.0, 2.0]).tolist() == [0.0, 0.0]
    assert Capability.of([-3.0, 5.0], [5.0, 5.0]).hours_for_power(5.0) == 1.0


@pytest.mark.parametrize(("energy", "power", "sentence"), [
    ([math.nan], [1.0], "must be finite"), ([1.0], [math.inf], "must be finite"), ([1.0], [1.0, 2.0], "one of each"),
    ([1.0], [-1.0], "0 kW or more")])
def test_numbers_that_make_no_sense_are_refused(energy, power, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        Capability.of(energy, power)
