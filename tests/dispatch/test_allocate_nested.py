"""Limits that nest: both twins held against Clarabel, the conditions of an optimum, and what a limit's change does."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch import allocate_nested as in_numpy
from gridrider.dispatch import allocate_nested_compiled as in_machine_code
from gridrider.dispatch.allocate import Floats, SupplyCurves, allocate
from gridrider.dispatch.feeder_tree import FeederTree
from tests.dispatch.oracle_allocate import by_clarabel, discomfort, fleet, highs_maximum, members

TWINS = pytest.mark.parametrize("allocate_nested", [in_numpy.allocate_nested, in_machine_code.allocate_nested],
                                ids=["numpy", "compiled"])
BOTH = (in_numpy.allocate_nested, in_machine_code.allocate_nested)

STREET = FeederTree.of([2, 2, -1], [0, 1, 0, 1, 2, -1])
"""Groups 0 and 1 in group 2; devices 0 and 2 in 0, 1 and 3 in 1, 4 in 2 itself, 5 in none."""


@st.composite
def trees(draw) -> tuple[list[int], list[int]]:
    """Up to 8 groups, each in an earlier numbered one or later numbered one or none, and up to 20 devices anywhere."""
    groups = draw(st.integers(1, 8))
    names = draw(st.permutations(range(groups)))
    parent = [-1] * groups
    for place in range(1, groups):
        above = draw(st.integers(-1, place - 1))
        parent[names[place]] = -1 if above < 0 else names[above]
    return parent, draw(st.lists(st.integers(-1, groups - 1), min_size=1, max_size=20))


def six(power_kw: float = 5.0) -> SupplyCurves:
    """Six devices of one size that all want to deliver level times one."""
    return SupplyCurves(preferred_kw=np.zeros(6), kw_per_level=np.ones(6), power_kw_min=np.zeros(6),
                        power_kw_max=np.full(6, power_kw))


@TWINS
def test_a_slack_limit_changes_nothing_and_is_worth_nothing(allocate_nested):
    found = allocate_nested(12.0, six(), STREET, group_kw_max=[4.5, 4.5, 10.5])
    assert found.delivered_kw == pytest.approx(np.full(6, 2.0))
    assert found.cap_dual.tolist() == [0, 0, 0]
    assert found.group_total_kw == pytest.approx([4.0, 4.0, 10.0])


@TWINS
def test_prices_add_up_along_the_tree(allocate_nested):
    """12 kW: zone 2 takes 8, so device 5 gives 4; of the 8, feeder 0 takes 2, and the other three share 6."""
    found = allocate_nested(12.0, six(), STREET, group_kw_max=[2.0, math.inf, 8.0])
    assert found.delivered_kw == pytest.approx([1, 2, 1, 2, 2, 4])
    assert found.level == pytest.approx(4)
    assert found.cap_dual == pytest.approx([1, 0, 2])  # feeder 0 inside zone 2: 4 - 2 - 1 = 1
    assert found.group_level == pytest.approx([1, 2, 2])
    assert found.shortfall_kw == 0


@TWINS
def test_what_is_short_is_told_by_cause(allocate_nested):
    found = allocate_nested(40.0, six(), STREET, group_kw_max=[2.0, math.inf, 8.0])
    assert found.delivered_kw == pytest.approx([1, 2, 1, 2, 2, 5])
    assert (found.shortfall_devices_kw, found.shortfall_caps_kw) == pytest.approx((10.0, 17.0))
    assert found.cap_dual[0] > 0
    assert found.cap_dual[2] > 0
    only_caps = allocate_nested(20.0, six(), STREET, group_kw_max=[2.0, math.inf, 8.0])
    assert (only_caps.shortfall_devices_kw, only_caps.shortfall_caps_kw) == pytest.approx((0.0, 7.0))
    too_little = allocate_nested(-1.0, six(), STREET, group_kw_max=[2.0, math.inf, 8.0], group_kw_min=[1.0, -9, -9])
    assert (too_little.shortfall_devices_kw, too_little.shortfall_caps_kw) == pytest.approx((-1.0, -1.0))


@TWINS
def test_a_minimum_of_a_group_is_kept_and_its_dual_is_negative(allocate_nested):
    found = allocate_nested(6.0, six(), STREET, group_kw_max=[9.0, 9.0, 99.0], group_kw_min=[4.0, 0.0, 0.0])
    assert found.delivered_kw == pytest.approx([2, 0.5, 2, 0.5, 0.5, 0.5])
    assert found.cap_dual == pytest.approx([-1.5, 0, 0])


@TWINS
def test_a_limit_that_cannot_be_kept_is_told_and_the_rest_goes_on(allocate_nested):
    curves = SupplyCurves(preferred_kw=np.zeros(6), kw_per_level=np.ones(6), power_kw_min=np.full(6, 1.0),
                          power_kw_max=np.full(6, 5.0))
    found = allocate_nested(12.0, curves, STREET, group_kw_max=[1.5, 99.0, 99.0])
    assert found.delivered_kw == pytest.approx([1, 2.5, 1, 2.5, 2.5, 2.5])
    assert found.over_kw == pytest.approx([0.5, 0, 0])
    under = allocate_nested(12.0, curves, STREET, group_kw_max=[99.0, 99, 99], group_kw_min=[11.0, 0, 0])
    assert under.over_kw == pytest.approx([-1.0, 0, 0])
    assert np.isfinite(np.concatenate([found.cap_dual, under.cap_dual])).all()


def limits_of(inside: sparse.csr_matrix, curves: SupplyCurves, tightness: list[float]) -> Floats:
    """Limits between what a group must and could deliver, by its own devices alone."""
    low, high = inside @ curves.power_kw_min, inside @ curves.power_kw_max
    return np.asarray(low + np.array(tightness) * (high - low) + 0.01)


@settings(max_examples=60)
@given(tree=trees(), seed=st.integers(0, 999), share=st.floats(0.05, 0.95),
       tightness=st.lists(st.floats(0.05, 1.1), min_size=8, max_size=8))
def test_clarabel_finds_the_same_optimum_and_duals(tree, seed, share, tightness) -> None:
    parent, labels = tree
    curves, inside = fleet(len(labels), seed), members(parent, labels)
    kw_max = limits_of(inside, curves, tightness[: len(parent)])
    reach = in_numpy.allocate_nested(1e6, curves, FeederTree.of(parent, labels), group_kw_max=kw_max).delivered_kw.sum()
    target_kw = curves.power_kw_min.sum() + share * (reach - curves.power_kw_min.sum())
    solved_kw, level, duals = by_clarabel(target_kw, curves, inside, kw_max)
    price = level - inside.T @ duals
    for allocate_nested in BOTH:
        found = allocate_nested(target_kw, curves, FeederTree.of(parent, labels), group_kw_max=kw_max)
        least = discomfort(solved_kw, curves)
        assert discomfort(found.delivered_kw, curves) == pytest.approx(least, rel=1e-7, abs=1e-7)
        assert found.delivered_kw == pytest.approx(solved_kw, abs=1e-3)
        assert found.shortfall_kw == pytest.approx(0, abs=1e-9)
        inner = np.flatnonzero((found.delivered_kw > curves.power_kw_min + 0.01)
                               & (found.delivered_kw < curves.power_kw_max - 0.01))
        ours = np.append(found.group_level, found.level)[np.array(labels)]
        assert ours[inner] == pytest.approx(price[inner], abs=1e-3)


@settings(max_examples=60)
@given(tree=trees(), seed=st.integers(0, 999), share=st.floats(-0.1, 1.1),
       tightness=st.lists(st.floats(-0.1, 1.2), min_size=8, max_size=8), with_minima=st.booleans())
def test_limits_are_kept_and_the_conditions_of_an_optimum_hold(tree, seed, share, tightness, with_minima) -> None:
    parent, labels = tree
    curves, inside = fleet(len(labels), seed), members(parent, labels)
    kw_max = limits_of(inside, curves, tightness[: len(parent)])
    kw_min = kw_max - 6.0 if with_minima else np.full(len(parent), -math.inf)
    target_kw = curves.power_kw_min.sum() + share * (curves.power_kw_max - curves.power_kw_min).sum()
    ours, theirs = (each(target_kw, curves, FeederTree.of(parent, labels), group_kw_max=kw_max, group_kw_min=kw_min)
                    for each in BOTH)
    assert ours.delivered_kw == pytest.approx(theirs.delivered_kw, abs=1e-9)
    assert ours.shortfall_caps_kw == pytest.approx(theirs.shortfall_caps_kw, abs=1e-9)
    for found in (ours, theirs):
        totals = inside @ found.delivered_kw
        assert found.group_total_kw == pytest.approx(totals, abs=1e-9)
        assert found.over_kw == pytest.approx(totals - np.clip(totals, kw_min, kw_max), abs=1e-9)
        assert found.delivered_kw.sum() + found.shortfall_kw == pytest.approx(target_kw, abs=1e-9)
        # Stationary: every device reads its own curve at the price where it stands.
        price = found.level - inside.T @ found.cap_dual
        assert price == pytest.approx(np.append(found.group_level, found.level)[np.array(labels)], abs=1e-9)
        at_price = np.clip(curves.preferred_kw + curves.kw_per_level * price, curves.power_kw_min, curves.power_kw_max)
        assert found.delivered_kw == pytest.approx(at_price, abs=1e-8)
        # Complementary: a dual only where its limit binds.
        binds_above, binds_below = totals > kw_max - 1e-8, totals < kw_min + 1e-8
        assert (found.cap_dual[~binds_above] <= 1e-12).all()
        assert (found.cap_dual[~binds_below] >= -1e-12).all()


@TWINS
def test_a_dual_is_what_another_kilowatt_of_the_limit_is_worth(allocate_nested):
    curves = fleet(60, seed=4)
    parent, labels = [3, 3, 4, 5, 5, -1], [device % 4 if device % 4 < 3 else -1 for device in range(60)]
    kw_max = limits_of(members(parent, labels), curves, [0.5, 0.9, 0.7, 0.6, 0.95, 0.6])
    tree, step_kw = FeederTree.of(parent, labels), 1e-3
    target_kw = 0.55 * curves.power_kw_max.sum()

    def cost(limits_kw) -> float:
        return discomfort(allocate_nested(target_kw, curves, tree, group_kw_max=limits_kw).delivered_kw, curves)

    found = allocate_nested(target_kw, curves, tree, group_kw_max=kw_max)
    assert np.flatnonzero(found.cap_dual > 0.01).tolist() == [0, 3, 5]  # each inside the next
    for group in range(len(parent)):
        wider, narrower = kw_max.copy(), kw_max.copy()
        wider[group] += step_kw
        narrower[group] -= step_kw
        assert found.cap_dual[group] == pytest.approx((cost(narrower) - cost(wider)) / (2 * step_kw), abs=1e-4)


@settings(max_examples=40)
@given(tree=trees(), seed=st.integers(0, 999), tightness=st.lists(st.floats(0.05, 1.1), min_size=8, max_size=8))
def test_what_limits_leave_reachable_is_what_a_linear_programme_says(tree, seed, tightness) -> None:
    parent, labels = tree
    curves, inside = fleet(len(labels), seed), members(parent, labels)
    kw_max = limits_of(inside, curves, tightness[: len(parent)])
    most_kw = highs_maximum(np.ones(len(labels)), inside, kw_max, curves.power_kw_min, curves.power_kw_max)
    for allocate_nested in BOTH:
        found = allocate_nested(1e5, curves, FeederTree.of(parent, labels), group_kw_max=kw_max)
        assert found.delivered_kw.sum() == pytest.approx(most_kw, abs=1e-6)


@TWINS
@pytest.mark.parametrize("step_h", [1 / 900, 0.25])
def test_no_limit_of_a_large_fleet_is_passed_by_a_billionth_of_a_kilowatt(allocate_nested, step_h):
    """20,000 batteries in 200 streets, 10 feeders, 2 zones and all; the devices stand in no order."""
    chance = np.random.default_rng(5)
    streets = chance.integers(0, 200, 20_000)
    parent = np.concatenate([200 + np.arange(200) // 20, 210 + np.arange(10) // 5, [212, 212, -1]])
    power_kw = chance.choice([3.3, 5.0, 11.5], 20_000)
    stored_kwh = power_kw * chance.uniform(0, 6, 20_000)
    curves = SupplyCurves(preferred_kw=stored_kwh / step_h, kw_per_level=power_kw / step_h,
                          power_kw_min=np.zeros(20_000), power_kw_max=np.minimum(power_kw, stored_kwh / step_h))
    own_kw = np.bincount(streets, curves.power_kw_max, 200)
    kw_max = np.concatenate([own_kw * chance.uniform(0.3, 1.2, 200), own_kw.reshape(10, 20).sum(axis=1) * 0.5,
                             own_kw.reshape(2, 100).sum(axis=1) * [0.45, 0.6], [own_kw.sum() * 0.44]])
    found = allocate_nested(own_kw.sum() * 0.9, curves, FeederTree.of(parent, streets), group_kw_max=kw_max)
    by_street = np.array([found.delivered_kw[streets == street].sum() for street in range(200)])
    totals = np.concatenate([by_street, by_street.reshape(10, 20).sum(axis=1), by_street.reshape(2, 100).sum(axis=1),
                             [by_street.sum()]])
    assert (totals - kw_max).max() <= 1e-9
    assert found.shortfall_caps_kw > 0
    assert found.shortfall_devices_kw == 0
    assert totals[-1] == pytest.approx(kw_max[-1], rel=1e-11)


def test_without_groups_it_is_the_plain_allocation() -> None:
    curves = fleet(40)
    for allocate_nested in BOTH:
        found = allocate_nested(50.0, curves, FeederTree.of([], [-1] * 40), group_kw_max=[])
        assert found.delivered_kw == pytest.approx(allocate(50.0, curves).delivered_kw, abs=1e-9)


@TWINS
def test_devices_that_answer_to_no_level_count_toward_their_groups(allocate_nested):
    curves = SupplyCurves(preferred_kw=np.array([3.0, 0, 0, 0, 0, 0]), kw_per_level=np.array([0.0, 1, 1, 1, 1, 1]),
                          power_kw_min=np.zeros(6), power_kw_max=np.full(6, 5.0))
    found = allocate_nested(12.0, curves, STREET, group_kw_max=[4.0, 99, 99])
    assert found.delivered_kw == pytest.approx([3, 2, 1, 2, 2, 2])


@TWINS
@pytest.mark.parametrize(("limits", "sentence"), [
    ({"group_kw_max": [1.0, 2.0]}, "3 groups need one limit each"),
    ({"group_kw_max": [1.0, 2.0, math.nan]}, "a number or inf for none"),
    ({"group_kw_max": [1.0, 2.0, -math.inf]}, "a number or inf for none"),
    ({"group_kw_max": [1.0, 2.0, 3.0], "group_kw_min": [0, math.inf, 0]}, "a number or -inf for none"),
    ({"group_kw_max": [1.0, 2.0, 3.0], "group_kw_min": [0, 2.5, 0]}, "group 1 has a minimum of 2.5 kW above")])
def test_limits_that_make_no_sense_are_refused(allocate_nested, limits, sentence):
    with pytest.raises(ValueError, match=sentence):
        allocate_nested(5.0, six(), STREET, **limits)


@TWINS
def test_curves_and_targets_are_checked(allocate_nested):
    with pytest.raises(ValueError, match="the tree has 6 devices and there are curves of 5"):
        allocate_nested(5.0, six().part(slice(5)), STREET, group_kw_max=[1, 1, 1])
    with pytest.raises(ValueError, match="kw_per_level of device 0 is nan"):
        allocate_nested(5.0, SupplyCurves(preferred_kw=np.zeros(6), kw_per_level=np.full(6, math.nan),
                                          power_kw_min=np.zeros(6), power_kw_max=np.ones(6)), STREET,
                        group_kw_max=[1, 1, 1])
    with pytest.raises(ValueError, match="must be finite"):
        allocate_nested(math.nan, six(), STREET, group_kw_max=[1, 1, 1])


@pytest.mark.parametrize(("parent", "labels", "sentence"), [
    ([1, 0, -1], [0], "group 0 hangs in a ring"), ([0], [0], "group 0 hangs in a ring"),
    ([-1, 2], [0], "group 1 hangs on group 2, and there are 2 groups"), ([-1], [-2], "device 0 hangs on group -2")])
def test_a_tree_that_is_none_is_refused(parent, labels, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        FeederTree.of(parent, labels)


@given(tree=trees())
def test_each_group_is_one_slice_of_the_sorted_devices(tree) -> None:
    parent, labels = tree
    made, inside = FeederTree.of(parent, labels), members(parent, labels).toarray()
    for rank, group in enumerate(made.groups):
        assert sorted(made.devices[made.first[rank]:made.last[rank]]) == np.flatnonzero(inside[group]).tolist()
        above = made.parent_rank[rank]
        assert (made.groups[above] if above >= 0 else -1) == parent[group]
        assert above == -1 or above > rank


def test_devices_that_stand_by_group_are_not_moved() -> None:
    assert FeederTree.of([-1, -1], [0, 0, 1, -1]).sorted_already
    assert not FeederTree.of([-1, -1], [0, 1, 0, -1]).sorted_already
