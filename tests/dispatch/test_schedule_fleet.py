"""Fleets coupled by prices against one linear programme of all devices, and the small programme within."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch import schedule_fleet
from gridrider.dispatch.schedule import schedule
from gridrider.dispatch.schedule_fleet import FleetPlan, couple, plan_each
from gridrider.dispatch.schedule_master import cheapest_mix
from gridrider.dispatch.schedule_model import Floats, Horizon, Storage, horizon, storage
from tests.dispatch.oracle_schedule import fleet_least_cost, solve

STEPS = 12
EVENT = slice(7, 10)


def fleet(seed: int, count: int, ask: float) -> tuple[Storage, Horizon, Floats]:
    """Batteries with a reserve, some with the sun, and a target that asks for a share of what they could deliver."""
    chance = np.random.default_rng(seed)
    power = chance.choice([3.3, 5.0, 11.5], count)
    full = power * chance.uniform(1.5, 4, count)
    loss = chance.uniform(0.9, 0.97, count)
    devices = storage(stored_kwh=full * chance.uniform(0.2, 0.9, count), stored_kwh_max=full, charge_efficiency=loss,
                      discharge_efficiency=loss, wear_usd_per_kwh=0.02, end_usd_per_kwh=0.1)
    buy = 0.2 + 0.05 * np.sin(np.arange(STEPS))
    ahead = horizon(import_usd_per_kwh=buy, export_usd_per_kwh=buy * chance.choice([0.5, 1.0]),
                    charge_kwh_max=power[:, None], discharge_kwh_max=power[:, None], stored_kwh_min=0.2 * full[:, None],
                    net_load_kwh=chance.normal(0, 2, (count, STEPS)) if seed % 2 else 0.0)
    target = np.zeros(STEPS)
    target[EVENT] = ask * power.sum() * chance.uniform(0.6, 1, 3)
    return devices, ahead, target


def optimum(devices: Storage, ahead: Horizon, target: Floats, short_usd_per_kwh: float) -> float:
    """What one linear programme of the whole fleet costs."""
    rows = [(np.ones(devices.count), np.eye(STEPS)[step], target[step]) for step in np.flatnonzero(target)]
    return fleet_least_cost(devices, ahead, rows, short_usd_per_kwh)


@pytest.mark.parametrize(("seed", "count", "ask"), [(1, 30, 0.5), (2, 30, 0.6), (3, 60, 0.4), (4, 60, 0.7),
                                                    (5, 100, 0.55), (6, 30, 1.5)])
def test_the_optimum_lies_in_the_gap(seed: int, count: int, ask: float) -> None:
    devices, ahead, target = fleet(seed, count, ask)
    plan = couple(devices, ahead, target)
    best = optimum(devices, ahead, target, schedule_fleet.SHORT_USD_PER_KWH)
    whole = plan.cost_usd + schedule_fleet.SHORT_USD_PER_KWH * plan.short_kwh.sum()
    assert plan.bound_usd - 1e-6 <= best <= whole + 1e-6
    assert plan.gap <= 1e-4
    assert plan.gap_usd == pytest.approx(whole - plan.bound_usd)
    assert plan.rounds > 2, "the target binds"
    assert (plan.delivered_kwh + plan.short_kwh >= target - 1e-9)[EVENT].all()


def test_a_target_out_of_reach_gets_what_the_fleet_has_and_says_what_is_short() -> None:
    devices, ahead, target = fleet(6, 30, 1.5)
    plan = couple(devices, ahead, target)
    dear = replace(ahead, import_usd_per_kwh=ahead.import_usd_per_kwh + 10 * (target > 0),
                   export_usd_per_kwh=ahead.export_usd_per_kwh + 10 * (target > 0))
    most = schedule(devices, dear).delivered_kwh[:, EVENT].sum()
    assert plan.short_kwh.sum() > 0.2 * target.sum()
    assert plan.delivered_kwh[EVENT].sum() == pytest.approx(most, rel=0.01)
    assert plan.worth_usd_per_kwh.max() == pytest.approx(schedule_fleet.SHORT_USD_PER_KWH, rel=0.05)


def test_without_a_target_every_device_plans_alone() -> None:
    devices, ahead, _ = fleet(1, 10, 0.5)
    plan = couple(devices, ahead, np.zeros(STEPS))
    assert plan.rounds == 1
    assert plan.cost_usd == pytest.approx(schedule(devices, ahead).cost_usd.sum())


@pytest.mark.parametrize("seed", [2, 3])
def test_the_plans_of_the_devices_make_the_plan_of_the_fleet(seed: int) -> None:
    devices, ahead, target = fleet(seed, 40, 0.6)
    plan = couple(devices, ahead, target)
    each = plan_each(devices, ahead, plan)
    np.testing.assert_allclose(each.delivered_kwh.sum(axis=0), plan.delivered_kwh, atol=1e-9)
    assert each.cost_usd.sum() == pytest.approx(plan.cost_usd, abs=1e-9)
    assert (each.stored_kwh <= devices.stored_kwh_max[:, None] + 1e-9).all()
    assert (each.stored_kwh >= ahead.stored_kwh_min - 1e-9).all()
    assert len(plan.shares) > 1, "no single price row would do"
    np.testing.assert_allclose(plan.shares.sum(), 1)


def test_a_large_fleet_starts_from_a_sample_of_itself() -> None:
    devices, ahead, target = fleet(4, 600, 0.6)
    alone, sampled = couple(devices, ahead, target, sample=600), couple(devices, ahead, target, sample=60)
    assert sampled.rounds <= alone.rounds
    assert max(sampled.bound_usd, alone.bound_usd) <= min(sampled.cost_usd, alone.cost_usd) + 1e-9
    assert sampled.gap <= 1e-4


def test_without_the_compiler_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    given = fleet(2, 20, 0.6)
    compiled: FleetPlan = couple(*given)
    monkeypatch.setattr(schedule_fleet, "HAVE_NUMBA", False)
    plain = couple(*given)
    assert plain.cost_usd == pytest.approx(compiled.cost_usd, rel=2e-4)
    assert plain.bound_usd <= compiled.cost_usd + 1e-9
    np.testing.assert_allclose(plan_each(given[0], given[1], plain).delivered_kwh.sum(axis=0), plain.delivered_kwh)


@given(seed=st.integers(0, 10**6), plans=st.integers(1, 12), targets=st.integers(1, 8))
@settings(max_examples=60)
def test_the_cheapest_mix_is_the_linear_programmes(seed: int, plans: int, targets: int) -> None:
    chance = np.random.default_rng(seed)
    cost, short = chance.normal(0, 100, plans), float(chance.choice([1.0, 10.0]))
    delivered: Floats = 100.0 * chance.integers(-3, 9, (plans, targets)).astype(np.float64)
    target: Floats = 100.0 * chance.integers(0, 9, targets).astype(np.float64)
    shares, prices = cheapest_mix(cost, delivered, target, short)
    rows = sparse.vstack([sparse.hstack([sparse.csr_matrix(delivered.T), sparse.identity(targets)]),
                          sparse.csr_matrix(np.r_[np.ones(plans), np.zeros(targets)])]).tocsr()
    best, _ = solve(np.r_[cost, np.full(targets, short)], np.zeros(plans + targets), np.full(plans + targets, np.inf),
                    rows, np.r_[target, 1.0], np.r_[np.full(targets, np.inf), 1.0])
    lacks = np.maximum(target - shares @ delivered, 0).sum()
    assert shares @ cost + short * lacks == pytest.approx(best, abs=1e-6)
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1)
    assert ((prices >= 0) & (prices <= short + 1e-9)).all()
    dual = (cost - delivered @ prices).min() + prices @ target
    assert dual == pytest.approx(best, abs=1e-6), "the prices prove the mix"
