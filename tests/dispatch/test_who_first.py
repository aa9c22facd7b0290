"""Who is asked first: longest time-to-go, and the prices that bend it; merit order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch.allocate import Floats, allocate
from gridrider.dispatch.capability import Capability
from gridrider.dispatch.merit_order import allocate_by_price
from gridrider.dispatch.who_first import cycle_price_h, fairness_price_h, longest_time_to_go_first, proportional
from tests.dispatch.oracle_allocate import highs_maximum, members

KWH = st.sampled_from([-1.0, 0.0, 0.7, 2.0, 5.0, 13.5])
KW = st.sampled_from([0.0, 1.0, 3.3, 5.0, 11.5])


def serve(stored_kwh: Floats, power_kw: Floats, request_kw: Floats, step_h: float) -> float:
    """Energy of a request that longest time-to-go first leaves unserved, knowing nothing of later steps. [kWh]"""
    left_kwh, missing_kwh, level = stored_kwh.copy(), 0.0, -1.0
    for asked_kw in request_kw:
        curves = longest_time_to_go_first(stored_kwh=left_kwh, power_kw=power_kw, step_h=step_h)
        found = allocate(float(asked_kw), curves, start_level=level)
        assert (found.delivered_kw <= power_kw + 1e-12).all()
        left_kwh, level = left_kwh - found.delivered_kw * step_h, found.level
        assert (left_kwh >= np.minimum(stored_kwh, 0) - 1e-9).all()
        missing_kwh += found.shortfall_kw * step_h
    return missing_kwh


def asked(stored_kwh: list[float], power_kw: list[float], target_kw: float, step_h: float,
          price_h: Floats | float = 0.0) -> Floats:
    """What each battery is asked for in one step. [kW]"""
    curves = longest_time_to_go_first(stored_kwh=np.array(stored_kwh), power_kw=np.array(power_kw), step_h=step_h,
                                      price_h=price_h)
    return allocate(target_kw, curves).delivered_kw


def test_the_longest_time_to_go_is_asked_alone_until_the_others_come_level():
    assert asked([20.0, 10.0], [5.0, 5.0], 5.0, 1.0) == pytest.approx([5.0, 0.0])  # 4 h and 2 h, to 3 h and 2 h
    assert asked([15.0, 10.0], [5.0, 5.0], 5.0, 1.0) == pytest.approx([5.0, 0.0])  # to 2 h both
    assert asked([12.5, 10.0], [5.0, 5.0], 5.0, 1.0) == pytest.approx([3.75, 1.25])  # level at 1.75 h


def test_batteries_that_are_level_share_by_power():
    assert asked([20.0, 10.0], [10.0, 5.0], 6.0, 0.25) == pytest.approx([4.0, 2.0])


def test_the_level_is_the_time_to_go_at_the_end_of_the_step():
    curves = longest_time_to_go_first(stored_kwh=np.array([12.5, 10.0]), power_kw=np.array([5.0, 5.0]), step_h=1.0)
    assert allocate(5.0, curves).level == pytest.approx(-1.75)


def test_no_battery_goes_below_its_floor():
    assert asked([0.5, -2.0, 0.0], [5.0, 5.0, 5.0], 15.0, 0.25).tolist() == [2.0, 0.0, 0.0]
    assert asked([5.0, 5.0], [5.0, 0.0], 9.0, 0.25).tolist() == [5.0, 0.0]


@pytest.mark.parametrize(("power_kw", "step_h", "sentence"), [
    (5.0, 0.0, "a step of 0.0 h"), (5.0, math.nan, "a step of nan h"), (-1.0, 0.25, "0 kW or more")])
def test_steps_and_powers_that_make_no_sense_are_refused(power_kw, step_h, sentence):
    with pytest.raises(ValueError, match=sentence):
        longest_time_to_go_first(stored_kwh=np.ones(1), power_kw=np.array([power_kw]), step_h=step_h)


@settings(max_examples=50)
@given(stored_kwh=st.lists(KWH, min_size=6, max_size=6), power_kw=st.lists(KW, min_size=6, max_size=6),
       request_kw=st.lists(st.floats(0, 40), min_size=1, max_size=12), step_h=st.sampled_from([0.05, 0.25, 1.0]))
def test_it_serves_all_that_any_policy_could(stored_kwh, power_kw, request_kw, step_h) -> None:
    """Unserved energy is the least there is, for any request, as the programme that knows the future finds it."""
    stored, power, request = np.array(stored_kwh), np.array(power_kw), np.array(request_kw)
    steps, count = len(request), len(stored)
    variables = [(device, step) for device in range(count) for step in range(steps)]
    inside = members([-1] * (count + steps), [device for device, _ in variables]) + members(
        [-1] * (count + steps), [count + step for _, step in variables])
    served_kwh = highs_maximum(np.ones(count * steps), inside, np.r_[np.maximum(stored, 0), request * step_h],
                               np.zeros(count * steps), np.repeat(power * step_h, steps))
    least_kwh = request.sum() * step_h - served_kwh
    assert Capability.of(stored, power).missing_kwh(request, step_h) == pytest.approx(least_kwh, abs=1e-6)
    assert serve(stored, power, request, step_h) == pytest.approx(least_kwh, abs=1e-6)


@settings(max_examples=50)
@given(stored_kwh=st.lists(KWH, min_size=5, max_size=5), power_kw=st.lists(KW, min_size=5, max_size=5),
       share=st.floats(0.05, 1.0), steps=st.integers(1, 40))
def test_it_holds_a_constant_power_as_long_as_capability_promises(stored_kwh, power_kw, share, steps) -> None:
    stored, power = np.array(stored_kwh), np.array(power_kw)
    able_kw = power[stored > 0].sum()
    hours = Capability.of(stored, power).hours_for_power(share * able_kw)
    if able_kw > 0:
        assert serve(stored, power, np.full(steps, share * able_kw), hours / steps) == pytest.approx(0, abs=1e-8)
        too_long = serve(stored, power, np.full(steps, share * able_kw), 1.02 * hours / steps)
        assert too_long > 1e-4 * able_kw * hours


def test_a_price_of_half_an_hour_is_half_an_hour_less_to_go():
    dear = asked([12.5, 10.0], [5.0, 5.0], 5.0, 1.0, price_h=np.array([0.5, 0.0]))
    assert dear == pytest.approx([2.5, 2.5])
    assert asked([12.5, 10.0], [5.0, 5.0], 5.0, 1.0, price_h=7.0) == pytest.approx([3.75, 1.25])  # equal for all


def test_prices_add_up():
    fair = fairness_price_h(np.array([4.0, 0.0, 2.0]), weight=0.5)
    assert fair.tolist() == [1.0, -1.0, 0.0]
    cycles = cycle_price_h(np.array([0.0, 50.0, 25.0]), np.full(3, 50.0), year_left_share=0.5, weight_h=24)
    assert cycles.tolist() == [12.0, -12.0, 0.0]
    first, second, third = asked([10.0] * 3, [5.0] * 3, 7.0, 1.0, price_h=fair + cycles)
    assert (first, second, third) == (0.0, 5.0, 2.0)


def test_the_customer_with_few_cycles_left_is_asked_last_however_full():
    price_h = cycle_price_h(np.array([1.0, 40.0, 40.0]), np.full(3, 50.0), year_left_share=0.8, weight_h=24)
    stored_kwh, power_kw = [40.0, 5.0, 2.5], [5.0, 5.0, 5.0]
    assert asked(stored_kwh, power_kw, 7.5, 0.25) == pytest.approx([5.0, 2.5, 0.0])
    assert asked(stored_kwh, power_kw, 7.5, 0.25, price_h) == pytest.approx([0.0, 5.0, 2.5])
    assert asked(stored_kwh, power_kw, 12.0, 0.25, price_h) == pytest.approx([2.0, 5.0, 5.0])  # but still asked


def test_a_device_without_a_cycle_budget_counts_as_spared():
    price_h = cycle_price_h(np.array([math.inf, 50.0, 60.0, -3.0]), np.array([math.inf, 50.0, 50.0, 50.0]),
                            year_left_share=1.0, weight_h=10)
    assert price_h.tolist() == [0.0, 0.0, 0.0, 10.0]


def test_fairness_of_nobody_is_nothing():
    assert len(fairness_price_h(np.empty(0), weight=1.0)) == 0


def test_over_an_event_season_fairness_evens_out_the_hours_used():
    """Equal batteries, one a little larger: without a price it serves every event, with one all take turns."""
    power_kw, spread_h = np.full(4, 5.0), {}
    for weight in (0.0, 1.0):
        used_h = np.zeros(4)
        for _ in range(20):
            curves = longest_time_to_go_first(stored_kwh=np.array([13.0, 12.0, 12.0, 12.0]), power_kw=power_kw,
                                              step_h=0.25, price_h=fairness_price_h(used_h, weight=weight))
            used_h += allocate(5.0, curves).delivered_kw * 0.25 / power_kw
        spread_h[weight] = np.ptp(used_h)
    assert spread_h[0.0] > 2
    assert spread_h[1.0] < 0.5


def test_proportional_gives_each_the_same_share_of_its_range():
    curves = proportional(np.array([0.0, -2.0, 1.0]), np.array([5.0, 8.0, 1.0]))
    found = allocate(5.0, curves)
    assert found.level == pytest.approx(0.4)
    assert found.delivered_kw == pytest.approx([2.0, 2.0, 1.0])


@settings(max_examples=50)
@given(prices=st.lists(st.sampled_from([0.1, 0.2, 0.2, 0.5, 3.0]), min_size=1, max_size=9), share=st.floats(0, 1),
       seed=st.integers(0, 99))
def test_merit_order_costs_what_the_linear_programme_says(prices: list[float], share: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    low = -chance.integers(0, 3, len(prices)).astype(float)
    high, price = low + chance.uniform(0, 6, len(prices)), np.array(prices)
    target_kw = low.sum() + share * (high - low).sum()
    found = allocate_by_price(target_kw, price, low, high)
    everybody = members([-1], [0] * len(prices))
    enough = (1e3 - price, everybody, np.array([target_kw]), low, high)  # so dear that the target is always reached
    assert 1e3 * target_kw - found.delivered_kw @ price == pytest.approx(highs_maximum(*enough), abs=1e-6)
    assert found.delivered_kw.sum() == pytest.approx(target_kw, abs=1e-9)
    assert (low - 1e-12 <= found.delivered_kw).all()
    assert (found.delivered_kw <= high + 1e-12).all()


def test_merit_order_asks_equal_prices_in_their_order_and_tells_the_last_price():
    price, low, high = np.array([2.0, 1.0, 2.0, 1.0]), np.zeros(4), np.full(4, 5.0)
    found = allocate_by_price(12.0, price, low, high)
    assert (found.delivered_kw.tolist(), found.price, found.shortfall_kw) == ([2.0, 5.0, 0.0, 5.0], 2.0, 0.0)
    assert allocate_by_price(10.0, price, low, high).price == 1.0
    assert allocate_by_price(10.1, price, low, high).price == 2.0


def test_merit_order_tells_what_is_short():
    price, low, high = np.array([2.0, 1.0]), np.array([1.0, 0.0]), np.full(2, 5.0)
    assert allocate_by_price(12.0, price, low, high).shortfall_kw == 2.0
    below = allocate_by_price(0.5, price, low, high)
    assert (below.delivered_kw.tolist(), below.shortfall_kw) == ([1.0, 0.0], -0.5)
    nobody = allocate_by_price(3.0, np.empty(0), np.empty(0), np.empty(0))
    assert (len(nobody.delivered_kw), nobody.shortfall_kw) == (0, 3.0)
    with pytest.raises(ValueError, match="must be finite"):
        allocate_by_price(3.0, np.array([math.nan]), np.zeros(1), np.ones(1))
    with pytest.raises(ValueError, match="no minimum may lie above"):
        allocate_by_price(3.0, np.zeros(1), np.ones(1), np.zeros(1))
