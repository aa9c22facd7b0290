"""One target over a fleet: the numpy kernel and its compiled twin, held against a sweep over sorted corners."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch import allocate as in_numpy
from gridrider.dispatch import allocate_compiled as in_machine_code
from gridrider.dispatch.allocate import Floats, SupplyCurves
from tests.dispatch.oracle_allocate import by_clarabel, by_sorting, discomfort, fleet, members

TWINS = pytest.mark.parametrize("allocate", [in_numpy.allocate, in_machine_code.allocate], ids=["numpy", "compiled"])
KW = st.floats(-20, 20).map(lambda kw: round(kw, 3))


@st.composite
def fleets(draw, fixed: bool = True) -> SupplyCurves:
    """Up to 12 devices; with `fixed` some answer to no level, or have no room between their bounds."""
    count = draw(st.integers(1, 12))
    low = np.array(draw(st.lists(KW, min_size=count, max_size=count)))
    room = np.array(draw(st.lists(st.sampled_from([0.0, 0.5, 3.3, 11.5] if fixed else [0.5, 3.3, 11.5]),
                                  min_size=count, max_size=count)))
    slopes = st.sampled_from([0.0, 1e-3, 1.0, 5.0, 4e4] if fixed else [1e-3, 1.0, 5.0, 4e4])
    return SupplyCurves(preferred_kw=np.array(draw(st.lists(KW, min_size=count, max_size=count))),
                        kw_per_level=np.array(draw(st.lists(slopes, min_size=count, max_size=count))),
                        power_kw_min=low, power_kw_max=low + room)


def reach(curves: SupplyCurves) -> tuple[float, float]:
    """The least and the most that a fleet delivers at any level. [kW]"""
    return float(curves.at(-1e9).sum()), float(curves.at(1e9).sum())


@TWINS
@pytest.mark.parametrize("count", [1, 2, 100, 20_000])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.55, 0.95])
def test_the_sweep_over_sorted_corners_finds_the_same(allocate, count, share):
    curves = fleet(count)
    low, high = reach(curves)
    target_kw = low + share * (high - low)
    found, sorted_kw = allocate(target_kw, curves), by_sorting(target_kw, curves)
    assert discomfort(found.delivered_kw, curves) == pytest.approx(discomfort(sorted_kw, curves), rel=1e-9)
    assert np.abs(found.delivered_kw - sorted_kw).max() < 1e-8
    assert found.delivered_kw.sum() == pytest.approx(target_kw, rel=1e-12)
    assert (found.shortfall_kw, abs(found.residual_kw) < 1e-9) == (0, True)


@TWINS
def test_clarabel_finds_the_same_optimum(allocate):
    curves = fleet(300)
    found = allocate(400.0, curves)
    solved_kw, level, _ = by_clarabel(400.0, curves, members([], [-1] * 300), np.empty(0))
    assert discomfort(found.delivered_kw, curves) == pytest.approx(discomfort(solved_kw, curves), rel=1e-7)
    assert found.level == pytest.approx(level, abs=1e-6)


@TWINS
def test_a_large_fleet_begins_at_a_sample_and_ends_at_the_same_level(allocate):
    curves = fleet(in_numpy.SAMPLE_ABOVE + 17)
    found, begun_far_off = allocate(1e5, curves), allocate(1e5, curves, start_level=-50.0)
    assert found.level == pytest.approx(begun_far_off.level, rel=1e-12)
    assert found.passes < begun_far_off.passes


@given(curves=fleets(), share=st.floats(-0.2, 1.2))
def test_twins_agree_keep_bounds_and_reach_what_can_be_reached(curves: SupplyCurves, share: float) -> None:
    low, high = reach(curves)
    target_kw = low + share * (high - low)
    ours, theirs = in_numpy.allocate(target_kw, curves), in_machine_code.allocate(target_kw, curves)
    reachable_kw = min(max(target_kw, low), high)
    for found in (ours, theirs):
        assert (curves.power_kw_min <= found.delivered_kw).all()
        assert (found.delivered_kw <= curves.power_kw_max).all()
        assert found.delivered_kw.sum() == pytest.approx(reachable_kw, abs=1e-9)
        assert found.shortfall_kw == pytest.approx(target_kw - reachable_kw, abs=1e-9)
        assert found.residual_kw == pytest.approx(0, abs=1e-9)
        assert curves.at(found.level) == pytest.approx(found.delivered_kw, abs=1e-6)  # the level can be broadcast
    assert ours.delivered_kw == pytest.approx(theirs.delivered_kw, abs=1e-9)


@given(curves=fleets(), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_no_device_delivers_less_when_more_is_asked(curves: SupplyCurves, shares: tuple[float, float]) -> None:
    low, high = reach(curves)
    less, more = (in_numpy.allocate(low + share * (high - low), curves) for share in sorted(shares))
    assert (less.delivered_kw <= more.delivered_kw + 1e-9).all()


@given(curves=fleets(fixed=False), share=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_the_order_of_devices_does_not_matter(curves: SupplyCurves, share: float, seed: int) -> None:
    low, high = reach(curves)
    order = np.random.default_rng(seed).permutation(len(curves))
    mixed = SupplyCurves(preferred_kw=curves.preferred_kw[order], kw_per_level=curves.kw_per_level[order],
                         power_kw_min=curves.power_kw_min[order], power_kw_max=curves.power_kw_max[order])
    target_kw = low + share * (high - low)
    assert (in_numpy.allocate(target_kw, mixed).delivered_kw
            == pytest.approx(in_numpy.allocate(target_kw, curves).delivered_kw[order], abs=1e-9))


@TWINS
@pytest.mark.parametrize(("target_kw", "shortfall_kw", "delivered_kw"), [
    (16.0, 0.0, [5.0, 11.0]), (16.5, 0.5, [5.0, 11.0]), (-3.0, 0.0, [-3.0, 0.0]), (-3.25, -0.25, [-3.0, 0.0])])
def test_a_target_out_of_reach_gives_the_nearest_and_what_is_short(allocate, target_kw, shortfall_kw, delivered_kw):
    curves = SupplyCurves(preferred_kw=np.array([0.0, 1.0]), kw_per_level=np.array([5.0, 10.0]),
                          power_kw_min=np.array([-3.0, 0.0]), power_kw_max=np.array([5.0, 11.0]))
    found = allocate(target_kw, curves)
    assert (found.shortfall_kw, found.delivered_kw.tolist()) == (shortfall_kw, delivered_kw)
    assert curves.at(found.level).tolist() == delivered_kw
    assert curves.at(found.level + math.copysign(0.01, -target_kw)).tolist() != delivered_kw


@TWINS
def test_a_device_that_answers_to_no_level_delivers_the_same_at_every_target(allocate):
    curves = SupplyCurves(preferred_kw=np.array([2.0, 9.0, 0.0]), kw_per_level=np.array([0.0, 0.0, 1.0]),
                          power_kw_min=np.array([0.0, 0.0, 0.0]), power_kw_max=np.array([5.0, 5.0, 5.0]))
    assert allocate(8.5, curves).delivered_kw.tolist() == [2.0, 5.0, 1.5]
    assert allocate(99.0, curves).delivered_kw.tolist() == [2.0, 5.0, 5.0]
    assert allocate(0.0, curves).shortfall_kw == -7.0


@TWINS
def test_odd_fleets_are_served(allocate):
    nothing, one = np.empty(0), np.ones(1)
    empty = SupplyCurves(preferred_kw=nothing, kw_per_level=nothing, power_kw_min=nothing, power_kw_max=nothing)
    assert (len(allocate(5.0, empty).delivered_kw), allocate(5.0, empty).shortfall_kw) == (0, 5.0)
    idle = SupplyCurves(preferred_kw=0 * one, kw_per_level=0 * one, power_kw_min=0 * one, power_kw_max=0 * one)
    assert (allocate(5.0, idle).delivered_kw.tolist(), allocate(5.0, idle).shortfall_kw) == ([0.0], 5.0)
    assert allocate(0.0, idle).shortfall_kw == 0
    single = SupplyCurves(preferred_kw=-3 * one, kw_per_level=7 * one, power_kw_min=0 * one, power_kw_max=9 * one)
    assert allocate(4.0, single).level == pytest.approx(1.0)


@TWINS
@pytest.mark.parametrize("start_level", [None, 1e7, -1e7])
def test_levels_that_lie_orders_of_magnitude_apart_are_found(allocate, start_level):
    """Slopes from 1e-12 to 1e12: Newton's steps do not help, and the corners are searched."""
    count = 200
    curves = SupplyCurves(preferred_kw=np.zeros(count), kw_per_level=10.0 ** np.linspace(-12, 12, count),
                          power_kw_min=np.zeros(count), power_kw_max=np.full(count, 5.0))
    for share in (0.001, 0.33, 0.5, 0.999):
        found = allocate(share * 5 * count, curves, start_level=start_level)
        assert found.delivered_kw.sum() == pytest.approx(share * 5 * count, rel=1e-12)
        assert found.delivered_kw == pytest.approx(curves.at(found.level), abs=1e-9)  # so it is the optimum
        assert found.passes < 150


@TWINS
def test_the_search_among_corners_finds_what_newton_finds(allocate, monkeypatch):
    curves = fleet(500)
    expected = by_sorting(700.0, curves)
    monkeypatch.setattr(in_numpy, "NEWTON_PASSES_MAX", 1)
    found = in_numpy.allocate(700.0, curves)
    assert found.delivered_kw == pytest.approx(expected, abs=1e-9)
    corners = in_machine_code._search_corners(700.0, *in_machine_code.columns(curves), -math.inf, math.inf)
    assert curves.at(corners[0]) == pytest.approx(expected, abs=1e-9)


@TWINS
def test_the_result_may_be_put_into_an_array_that_is_there(allocate):
    curves, room = fleet(50), np.empty(50)
    assert allocate(60.0, curves, into_kw=room).delivered_kw is room
    assert room.sum() == pytest.approx(60.0)
    for unfit in (np.empty(49), np.empty(50, np.float32), np.empty(100)[::2]):
        with pytest.raises(ValueError, match="one contiguous float64"):
            allocate(60.0, curves, into_kw=unfit)


@TWINS
@pytest.mark.parametrize(("column", "wrong", "sentence"), [
    ("preferred_kw", math.nan, "preferred_kw of device 3 is nan"), ("kw_per_level", math.inf, "kw_per_level of device"),
    ("power_kw_min", -math.inf, "power_kw_min of device 3 is -inf"), ("power_kw_max", math.nan, "power_kw_max of dev"),
    ("kw_per_level", -1.0, "kw_per_level of device 3 is -1.0; it may not be negative"),
    ("power_kw_min", 99.0, "device 3 must deliver 99.0 kW at least and")])
def test_curves_that_are_not_sound_are_refused(allocate, column, wrong, sentence):
    curves = fleet(10)
    spoiled = getattr(curves, column).copy()
    spoiled[3] = wrong
    with pytest.raises(ValueError, match=sentence):
        allocate(5.0, replace(curves, **{column: spoiled}))


@TWINS
@pytest.mark.parametrize("target_kw", [math.nan, math.inf, -math.inf])
def test_a_target_that_is_no_number_is_refused(allocate, target_kw):
    with pytest.raises(ValueError, match="must be finite"):
        allocate(target_kw, fleet(3))


@pytest.mark.parametrize("odd", [np.zeros(2), np.zeros((3, 1)), np.zeros(3, np.float32)])
def test_curves_of_unequal_shape_or_type_are_refused(odd: Floats) -> None:
    with pytest.raises(ValueError, match="four float64 arrays"):
        SupplyCurves(preferred_kw=np.zeros(3), kw_per_level=np.zeros(3), power_kw_min=np.zeros(3), power_kw_max=odd)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), step_h=st.sampled_from([1 / 3600, 1 / 900, 0.25]))
def test_the_target_is_met_although_the_level_is_coarse(seed: int, step_h: float) -> None:
    """In short steps a level's last digit is worth a watt; what it leaves is settled."""
    chance = np.random.default_rng(seed)
    power_kw = chance.choice([3.3, 5.0, 11.5], 300)
    stored_kwh = power_kw * chance.uniform(0, 8, 300)
    curves = SupplyCurves(preferred_kw=stored_kwh / step_h, kw_per_level=power_kw / step_h,
                          power_kw_min=np.zeros(300), power_kw_max=np.minimum(power_kw, stored_kwh / step_h))
    for allocate in (in_numpy.allocate, in_machine_code.allocate):
        assert abs(allocate(700.0, curves).delivered_kw.sum() - 700.0) < 1e-11
