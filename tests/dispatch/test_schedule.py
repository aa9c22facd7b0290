"""Day plans against a linear programme, their policies followed step by step, and the compiled twin."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridrider.dispatch import schedule_compiled
from gridrider.dispatch.schedule import follow, schedule, thresholds
from gridrider.dispatch.schedule_model import Horizon, Policy, Storage, horizon, storage
from tests.dispatch.oracle_schedule import least_cost

BATTERY = storage(stored_kwh=5.0, stored_kwh_max=10.0, charge_efficiency=0.9, discharge_efficiency=0.9)


def world(seed: int, count: int = 3, drives: bool = False) -> tuple[Storage, Horizon]:
    """Batteries, cars and tanks of every kind, under prices of every kind; floors may be out of reach."""
    chance = np.random.default_rng(seed)
    steps = int(chance.choice([1, 2, 5, 24]))
    power = chance.uniform(0.5, 6, count)
    full = power * chance.uniform(0.5, 4, count)
    devices = storage(
        stored_kwh=full * chance.uniform(0, 1, count), stored_kwh_max=full,
        charge_efficiency=chance.uniform(0.8, 1, count), discharge_efficiency=chance.uniform(0.8, 1, count),
        kept_per_step=chance.choice([1.0, 0.97], count) if chance.random() < 0.5 else 1.0,
        wear_usd_per_kwh=chance.choice([0, 0.03], count), end_usd_per_kwh=chance.choice([0, 0.15], count))
    buy = chance.uniform(0, 0.6, (count, steps))
    if chance.random() < 0.5:
        buy = chance.choice([0.1, 0.2, 0.5], (1, steps))
    sell = buy * (1 if chance.random() < 0.3 else chance.uniform(0, 1, (1, steps)))
    plugged = chance.random((count, steps)) < 0.8
    reserve = 0.1 * full[:, None] + np.zeros((1, steps))
    floors = full[:, None] * chance.choice([0, 0.2, 0.95], (count, steps), p=[0.6, 0.3, 0.1])
    driven = np.zeros((1, 1))
    if drives:
        driven = full[:, None] * chance.choice([0, 0.3], (count, steps), p=[0.8, 0.2])
        driven[:, 0] = 0.0
        floors[:, :-1] = np.maximum(floors[:, :-1], driven[:, 1:])
    return devices, horizon(
        import_usd_per_kwh=buy, export_usd_per_kwh=sell, charge_kwh_max=power[:, None] * plugged,
        discharge_kwh_max=power[:, None] * plugged * chance.choice([0, 0.5, 1], (1, steps)),
        stored_kwh_min=floors if drives or chance.random() < 0.5 else reserve,
        net_load_kwh=chance.normal(0, 3, (count, steps)) if chance.random() < 0.7 else 0.0, withdrawn_kwh=driven)


@pytest.mark.parametrize("seed", range(60))
def test_a_plan_costs_what_the_linear_programme_costs_and_misses_no_more(seed: int) -> None:
    devices, ahead = world(seed)
    plan = schedule(devices, ahead)
    for place in range(devices.count):
        cost, missing = least_cost(devices, ahead, place)
        floor = ahead.stored_kwh_min[place]
        assert np.maximum(floor - plan.stored_kwh[place], 0).sum() == pytest.approx(missing.sum(), abs=1e-8)
        assert plan.cost_usd[place] == pytest.approx(cost, abs=1e-9)


def test_some_of_these_floors_are_out_of_reach_and_some_bind() -> None:
    missed = np.concatenate([schedule(*world(seed)).missed_kwh for seed in range(60)])
    assert 10 < np.count_nonzero(missed > 0.01) < 120


@pytest.mark.parametrize("seed", range(100, 130))
def test_a_car_is_charged_for_its_drives_at_least_cost(seed: int) -> None:
    devices, ahead = world(seed, drives=True)
    plan = schedule(devices, ahead)
    for place in np.flatnonzero((plan.missed_kwh == 0) & (plan.unserved_kwh == 0)):
        cost, missing = least_cost(devices, ahead, int(place))
        assert missing.sum() == pytest.approx(0, abs=1e-8)
        assert plan.cost_usd[place] == pytest.approx(cost, abs=1e-9)


def test_most_of_these_drives_can_be_served() -> None:
    plans = [schedule(*world(seed, drives=True)) for seed in range(100, 130)]
    served = np.concatenate([(plan.missed_kwh == 0) & (plan.unserved_kwh == 0) for plan in plans])
    assert 20 < np.count_nonzero(served) < 90


@given(seed=st.integers(0, 10**6), drives=st.booleans())
@settings(max_examples=60)
def test_a_plan_keeps_every_limit_and_its_books(seed: int, drives: bool) -> None:
    devices, ahead = world(seed, drives=drives)
    plan = schedule(devices, ahead)
    charged, discharged = np.maximum(-plan.delivered_kwh, 0), np.maximum(plan.delivered_kwh, 0)
    assert (charged <= ahead.charge_kwh_max + 1e-9).all()
    assert (discharged <= ahead.discharge_kwh_max + 1e-9).all()
    assert (plan.stored_kwh >= 0).all()
    assert (plan.stored_kwh <= devices.stored_kwh_max[:, None] + 1e-9).all()
    before = np.concatenate([devices.stored_kwh[:, None], plan.stored_kwh[:, :-1]], axis=1)
    left = np.maximum(before * devices.kept_per_step[:, None] - ahead.withdrawn_kwh, 0)
    moved = charged * devices.charge_efficiency[:, None] - discharged / devices.discharge_efficiency[:, None]
    np.testing.assert_allclose(plan.stored_kwh, left + moved, atol=1e-9)
    below = np.maximum(ahead.stored_kwh_min - plan.stored_kwh, 0)
    np.testing.assert_allclose(plan.missed_kwh, below.max(axis=1), atol=1e-12)
    assert not (discharged[below > 1e-9] > 1e-9).any(), "nobody discharges below the floor"
    bill = np.where((drawn := ahead.net_load_kwh - plan.delivered_kwh) > 0, ahead.import_usd_per_kwh,
                    ahead.export_usd_per_kwh) * drawn
    without = np.where(ahead.net_load_kwh > 0, ahead.import_usd_per_kwh, ahead.export_usd_per_kwh) * ahead.net_load_kwh
    wear = devices.wear_usd_per_kwh / devices.discharge_efficiency * discharged.sum(axis=1)
    at_end = devices.end_usd_per_kwh * plan.stored_kwh[:, -1]
    np.testing.assert_allclose(plan.cost_usd, (bill - without).sum(axis=1) + wear - at_end, atol=1e-9)


@given(seed=st.integers(0, 10**6), other=st.integers(0, 10**6))
@settings(max_examples=40)
def test_a_policy_followed_on_another_day_still_keeps_limits_and_floors(seed: int, other: int) -> None:
    devices, ahead = world(seed)
    chance = np.random.default_rng(other)
    real = replace(ahead, net_load_kwh=chance.normal(0, 3, (devices.count, ahead.steps)))
    start = replace(devices, stored_kwh=devices.stored_kwh_max * chance.uniform(0, 1, devices.count))
    plan = follow(thresholds(devices, ahead), start, real)
    assert (np.maximum(-plan.delivered_kwh, 0) <= ahead.charge_kwh_max + 1e-9).all()
    assert (np.maximum(plan.delivered_kwh, 0) <= ahead.discharge_kwh_max + 1e-9).all()
    assert (plan.stored_kwh <= devices.stored_kwh_max[:, None] + 1e-9).all()
    assert not (plan.delivered_kwh[plan.stored_kwh < ahead.stored_kwh_min - 1e-9] > 1e-9).any()
    best = schedule(start, real)
    equal = best.missed_kwh + plan.missed_kwh == 0
    assert (best.cost_usd[equal] <= plan.cost_usd[equal] + 1e-9).all()


@given(seed=st.integers(0, 10**6), drives=st.booleans(), one_price=st.booleans())
@example(seed=2820, drives=True, one_price=False)
@example(seed=3153, drives=True, one_price=True)
@example(seed=3507, drives=True, one_price=True)
@settings(max_examples=60)
def test_the_compiled_twin_agrees(seed: int, drives: bool, one_price: bool) -> None:
    devices, ahead = world(seed, drives=drives)
    if one_price:
        ahead = replace(ahead, export_usd_per_kwh=ahead.import_usd_per_kwh,
                        stored_kwh_min=np.repeat(0.1 * devices.stored_kwh_max[:, None], ahead.steps, axis=1))
    plan, twin = schedule(devices, ahead), schedule_compiled.schedule(devices, ahead)
    np.testing.assert_allclose(twin.cost_usd, plan.cost_usd, rtol=0, atol=1e-9)
    np.testing.assert_allclose(twin.missed_kwh, plan.missed_kwh, rtol=0, atol=1e-9)
    np.testing.assert_allclose(twin.unserved_kwh, plan.unserved_kwh, rtol=0, atol=1e-9)
    followed = follow(schedule_compiled.thresholds(devices, ahead), devices, ahead)
    np.testing.assert_allclose(followed.cost_usd, plan.cost_usd, rtol=0, atol=1e-9)
    cost_usd, delivered_kwh = schedule_compiled.totals(devices, ahead)
    assert cost_usd == pytest.approx(twin.cost_usd.sum(), abs=1e-9)
    np.testing.assert_allclose(delivered_kwh, twin.delivered_kwh.sum(axis=0), rtol=0, atol=1e-9)


def test_two_thresholds_say_it_all_where_import_and_export_have_one_price() -> None:
    policy = thresholds(BATTERY, horizon(import_usd_per_kwh=[0.1, 0.5, 0.2], charge_kwh_max=4, discharge_kwh_max=4,
                                         net_load_kwh=[1.0, -2.0, 0.0]))
    np.testing.assert_array_equal(policy.charge_import_to_kwh, policy.charge_surplus_to_kwh)
    np.testing.assert_array_equal(policy.discharge_load_to_kwh, policy.discharge_export_to_kwh)


def test_a_day_that_can_be_done_by_hand() -> None:
    """Buy 4 kWh at 10 cents, keep 3.6 of them; sell down to the reserve of 1 kWh at 50 cents, 4 kWh an hour."""
    ahead = horizon(import_usd_per_kwh=[0.1, 0.5, 0.5], charge_kwh_max=4, discharge_kwh_max=4, stored_kwh_min=1)
    plan = schedule(BATTERY, ahead)
    np.testing.assert_allclose(plan.stored_kwh[0], [8.6, 8.6 - 4 / 0.9, 1.0])
    assert plan.cost_usd[0] == pytest.approx(0.1 * 4 - 0.5 * 0.9 * 7.6)


def test_a_home_keeps_its_sun_for_the_evening_and_buys_nothing_to_sell() -> None:
    """Import 30 cents, export 5: the surplus of noon is stored as far as the evening's own load needs it."""
    ahead = horizon(import_usd_per_kwh=0.3, export_usd_per_kwh=0.05, charge_kwh_max=5, discharge_kwh_max=5,
                    net_load_kwh=[-4.0, 2.7, 1.8])
    plan = schedule(replace(BATTERY, stored_kwh=np.zeros(1)), ahead)
    np.testing.assert_allclose(plan.delivered_kwh, [[-4.0, 2.7, 0.54]])


def test_a_departure_out_of_reach_gets_the_best_that_can_be_had() -> None:
    ahead = horizon(import_usd_per_kwh=[0.1, 0.9], charge_kwh_max=2, discharge_kwh_max=0, stored_kwh_min=[0, 9])
    plan = schedule(BATTERY, ahead)
    np.testing.assert_allclose(plan.delivered_kwh, [[-2, -2]])
    assert plan.missed_kwh[0] == pytest.approx(9 - 5 - 2 * 2 * 0.9)


def test_a_trip_longer_than_the_store_ends_empty_and_says_so() -> None:
    ahead = horizon(import_usd_per_kwh=[0.1, 0.1, 0.1], charge_kwh_max=[1, 0, 1], discharge_kwh_max=0,
                    withdrawn_kwh=[0, 8, 0])
    for planned in (schedule, schedule_compiled.schedule):
        plan = planned(BATTERY, ahead)
        np.testing.assert_allclose(plan.stored_kwh, [[5.9, 0, 0]])
        assert plan.unserved_kwh[0] == pytest.approx(2.1)


def test_negative_prices_are_planned_where_only_one_direction_is_open() -> None:
    ahead = horizon(import_usd_per_kwh=[-0.2, 0.3], charge_kwh_max=3, discharge_kwh_max=[0, 3])
    plan = schedule(BATTERY, ahead)
    assert plan.cost_usd[0] == pytest.approx(least_cost(BATTERY, ahead)[0])
    with pytest.raises(ValueError, match="negative price"):
        schedule(BATTERY, replace(ahead, discharge_kwh_max=np.full((1, 2), 3.0)))


@pytest.mark.parametrize(("broken", "sentence"), [
    ({"export_usd_per_kwh": 0.2}, "never above"), ({"charge_kwh_max": -1.0}, "0 or more"),
    ({"import_usd_per_kwh": np.nan}, "are numbers"), ({"stored_kwh_min": 11.0}, "no floor"),
    ({"net_load_kwh": np.zeros((2, 1))}, "one row, or one per device"),
])
def test_what_makes_no_sense_is_refused(broken: dict[str, float], sentence: str) -> None:
    given: dict[str, object] = {"import_usd_per_kwh": 0.1, "charge_kwh_max": 1.0, "discharge_kwh_max": 1.0}
    with pytest.raises(ValueError, match=sentence):
        schedule(BATTERY, horizon(**given | broken))  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", [{"stored_kwh": 11.0}, {"charge_efficiency": 1.1}, {"kept_per_step": 0.0},
                                    {"wear_usd_per_kwh": -0.1}, {"end_usd_per_kwh": np.inf}])
def test_a_device_that_makes_no_sense_is_refused(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        storage(**{"stored_kwh": 5.0, "stored_kwh_max": 10.0} | broken)


def test_a_part_is_the_same_as_in_the_whole() -> None:
    devices, ahead = world(3, count=5)
    whole = thresholds(devices, ahead)
    some = thresholds(devices.part(slice(1, 3)), ahead.part(slice(1, 3)))
    for field in fields(Policy):
        np.testing.assert_array_equal(getattr(some, field.name), getattr(whole, field.name)[1:3])
