"""Pre-charge before an event: at least cost, never dearer than what it earns, and out of the baseline's window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch.schedule import follow, schedule
from gridrider.dispatch.schedule_model import horizon, storage
from gridrider.dispatch.schedule_prepare import prepare
from tests.dispatch.oracle_schedule import least_cost

BATTERY = storage(stored_kwh=3.0, stored_kwh_max=13.5, charge_efficiency=0.9, discharge_efficiency=0.9,
                  end_usd_per_kwh=0.1)
EVENT = slice(5, 7)
PRICES = np.array([0.2, 0.1, 0.2, 0.3, 0.3, 0.4, 0.4, 0.1])
DAY = horizon(import_usd_per_kwh=PRICES, export_usd_per_kwh=0.05, charge_kwh_max=5, discharge_kwh_max=5,
              stored_kwh_min=2.7, net_load_kwh=0.5)


def test_it_is_charged_in_the_cheapest_hours_and_worth_it() -> None:
    made = prepare(BATTERY, DAY, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=2.0)
    assert made.prepares.all()
    assert made.reached_kwh[0] == pytest.approx(12.0)
    assert made.plan.delivered_kwh[0, 1] == pytest.approx(-5)
    assert made.plan.delivered_kwh[0, EVENT].sum() == pytest.approx(0.9 * (12.0 - 2.7))
    assert made.pay_usd[0] == pytest.approx(2.0 * 0.9 * (12.0 - 2.7))
    assert made.sentence(0) == (
        f"Holding 12.00 kWh of the wanted 12.00 kWh at the event's start costs {made.cost_usd[0]:.2f} USD more than "
        f"the ordinary plan; the event pays {made.pay_more_usd[0]:.2f} USD more, 16.74 USD in all. "
        "The device pre-charges.")


def test_its_cost_is_the_linear_programmes() -> None:
    """Full at the start, and paid so well that the event empties it: then cost less pay is least when cost is."""
    made = prepare(BATTERY, DAY, event=EVENT, target_kwh=13.5, pay_usd_per_kwh=2.0)
    floor, charge, pay = np.full((1, 8), 2.7), np.full((1, 8), 5.0), np.zeros(8)
    floor[0, 4], charge[0, EVENT], pay[EVENT] = 13.5, 0.0, 2.0
    asked = replace(DAY, stored_kwh_min=floor, charge_kwh_max=charge, import_usd_per_kwh=DAY.import_usd_per_kwh + pay,
                    export_usd_per_kwh=DAY.export_usd_per_kwh + pay)
    with_event, _ = least_cost(BATTERY, asked)
    without, _ = least_cost(BATTERY, DAY)
    assert made.cost_usd[0] == pytest.approx(with_event + made.pay_usd[0] - without, abs=1e-9)
    assert made.cost_usd[0] > 0


def rate_that_pays() -> float:
    """The pay per kWh at which pre-charge just breaks even, from its cost where all that is held is delivered."""
    made = prepare(BATTERY, DAY, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=2.0)
    return float(2.0 * made.cost_usd[0] / made.pay_more_usd[0])


@pytest.mark.parametrize(("off", "may_exceed", "prepares", "told"), [
    (0.001, False, True, "The device pre-charges."),
    (-0.001, False, False, "The device does not pre-charge: it would cost more than it earns."),
    (-0.001, True, True, "at a loss, because the rider says so."),
])
def test_it_never_costs_more_than_it_earns_unless_the_rider_says_so(off: float, may_exceed: bool, prepares: bool,
                                                                    told: str) -> None:
    made = prepare(BATTERY, DAY, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=rate_that_pays() + off,
                   cost_may_exceed_pay=may_exceed)
    assert made.prepares[0] == prepares
    assert made.sentence(0).endswith(told)
    if not prepares:
        np.testing.assert_allclose(made.plan.delivered_kwh, schedule(BATTERY, DAY).delivered_kwh, atol=1e-9)


def test_it_stays_out_of_the_baselines_window() -> None:
    window = np.array([False, True, True, False, False, False, False, False])
    made = prepare(BATTERY, DAY, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=2.0, kept_out=window)
    ordinary = schedule(BATTERY, DAY)
    assert made.prepares.all()
    assert (made.plan.delivered_kwh[0, window] >= ordinary.delivered_kwh[0, window] - 1e-9).all()
    assert made.reached_kwh[0] == pytest.approx(12.0)
    free = prepare(BATTERY, DAY, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=2.0)
    assert made.cost_usd[0] > free.cost_usd[0], "the cheap hour lies in the window"


def test_a_home_that_serves_its_load_in_the_window_still_does() -> None:
    """To keep that energy for the event would raise the baseline."""
    day = replace(DAY, import_usd_per_kwh=np.array([[0.2, 0.6, 0.2, 0.3, 0.3, 0.4, 0.4, 0.1]]),
                  net_load_kwh=np.array([[0.5, 2.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]]))
    window = np.array([False, True, False, False, False, False, False, False])
    full = replace(BATTERY, stored_kwh=np.array([6.0]))
    ordinary = schedule(full, day)
    assert ordinary.delivered_kwh[0, 1] == pytest.approx(2.0)
    made = prepare(full, day, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=9.0, kept_out=window)
    assert made.plan.delivered_kwh[0, 1] == pytest.approx(2.0)
    assert made.prepares[0]


def test_where_only_the_window_could_reach_the_target_it_is_left() -> None:
    """The target leaves no room for what the home ordinarily does in the window."""
    day = replace(DAY, charge_kwh_max=np.array([[0.0] * 5 + [5.0] * 3]), net_load_kwh=np.full((1, 8), 1.0))
    full = replace(BATTERY, stored_kwh=np.array([6.0]))
    window = np.array([False, False, False, True, True, False, False, False])
    assert schedule(full, day).delivered_kwh[0, window].sum() > 0
    made = prepare(full, day, event=EVENT, target_kwh=6.0, pay_usd_per_kwh=9.0, kept_out=window)
    assert not made.prepares[0]
    assert "in the steps that make the baseline" in made.sentence(0)


def test_a_target_out_of_reach_gets_the_best_that_can_be_had() -> None:
    slow = replace(DAY, charge_kwh_max=np.full((1, 8), 1.0))
    made = prepare(BATTERY, slow, event=EVENT, target_kwh=12.0, pay_usd_per_kwh=2.0)
    assert made.reached_kwh[0] == pytest.approx(3.0 + 5 * 0.9)
    assert made.prepares[0]
    now = prepare(BATTERY, DAY, event=slice(0, 2), target_kwh=12.0, pay_usd_per_kwh=2.0)
    assert now.reached_kwh[0] == 3.0


@pytest.mark.parametrize("event", [slice(8, 9), slice(3, 3)])
def test_an_event_outside_of_the_horizon_is_refused(event: slice) -> None:
    with pytest.raises(ValueError, match="within the horizon"):
        prepare(BATTERY, DAY, event=event, target_kwh=12.0, pay_usd_per_kwh=2.0)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40)
def test_nobody_loses_and_no_window_is_drawn_upon(seed: int) -> None:
    chance = np.random.default_rng(seed)
    count, steps = 6, 12
    full = chance.uniform(3, 14, count)
    devices = storage(stored_kwh=full * chance.uniform(0.2, 1, count), stored_kwh_max=full, charge_efficiency=0.93,
                      discharge_efficiency=0.93, wear_usd_per_kwh=0.01, end_usd_per_kwh=chance.uniform(0, 0.3))
    buy = chance.uniform(0.05, 0.6, (1, steps))
    day = horizon(import_usd_per_kwh=buy, export_usd_per_kwh=buy * chance.uniform(0, 1), charge_kwh_max=3,
                  discharge_kwh_max=3, stored_kwh_min=0.2 * full[:, None],
                  net_load_kwh=chance.normal(0, 2, (count, steps)))
    window = np.zeros(steps, bool)
    window[3:5] = True
    made = prepare(devices, day, event=slice(7, 9), target_kwh=full * chance.uniform(0.3, 1), kept_out=window,
                   pay_usd_per_kwh=chance.uniform(0, 1, count))
    ordinary = schedule(devices, day)
    gain = made.pay_more_usd - made.cost_usd
    assert (gain[made.prepares] >= 0).all()
    np.testing.assert_allclose(made.plan.cost_usd[~made.prepares], ordinary.cost_usd[~made.prepares], atol=1e-9)
    assert (made.plan.delivered_kwh[:, window] >= ordinary.delivered_kwh[:, window] - 1e-6).all()
    assert (made.plan.stored_kwh >= day.stored_kwh_min - 1e-9).all()
    again = follow(made.policy, devices, day)
    np.testing.assert_allclose(again.delivered_kwh[~made.prepares], ordinary.delivered_kwh[~made.prepares], atol=1e-9)
