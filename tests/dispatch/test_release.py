"""The end of an event: every home free by the last minute, the cap kept by the prediction, bounds that are bounds."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch import release_compiled, release_models
from gridrider.dispatch.release import plan_release, ramp_ways, random_ways, step_ways
from gridrider.dispatch.release_models import Profiles, ThermalHomes, joined, recharge_profiles, thermal_profiles

WARM_EVENING_C = 34 - 4 * np.arange(240) / 240
WAYS = step_ways(every_minutes=15)
TWINS = pytest.mark.parametrize("follow", [release_models.thermal_profiles, release_compiled.thermal_profiles],
                                ids=["numpy", "compiled"])


def homes(count: int, seed: int, *, heating: bool = False) -> ThermalHomes:
    """Homes at the end of an event that let them drift two degrees."""
    chance = np.random.default_rng(seed)
    side = -1.0 if heating else 1.0
    setpoint = chance.uniform(20, 24, count)
    heat = chance.uniform(8, 14, count)
    return ThermalHomes(
        setpoint_c=setpoint, event_offset_c=np.full(count, 2.0 * side), band_half_c=np.full(count, 0.25),
        indoor_c=setpoint + side * chance.uniform(1.0, 2.2, count), mass_c=setpoint + side * 0.4,
        running=chance.random(count) < 0.05, capacity_indoor_kwh_per_k=chance.uniform(1, 2.5, count),
        capacity_mass_kwh_per_k=chance.uniform(8, 18, count),
        conductance_outdoor_kw_per_k=chance.uniform(0.12, 0.25, count),
        conductance_mass_kw_per_k=chance.uniform(0.8, 1.6, count),
        gain_kw=np.full(count, 0.5), machine_heat_kw=-side * heat, machine_kw=heat / 3.3)


def followed(home: ThermalHomes, way: np.ndarray, outdoor_c: np.ndarray) -> tuple[list[float], list[float]]:
    """One home in plain floats, from the page's sentences: the power and the air temperature each minute."""
    (setpoint,), (offset,), (half,), (air,), (mass,), (running,) = (
        home.setpoint_c, home.event_offset_c, home.band_half_c, home.indoor_c, home.mass_c, home.running)
    cools = home.machine_heat_kw[0] < 0
    phase, power_kw, air_c = "switching", [], []
    for minute, still in enumerate(way):
        target = setpoint + offset * still
        too_much, too_little = air < target - half, air > target + half
        if not cools:
            too_much, too_little = air > target + half, air < target - half
        running = (running or too_little) and not too_much
        if phase == "switching" and too_much and still == 0:
            phase = "resting"
        if phase == "resting" and (air >= target if cools else air <= target):
            phase = "holding"
        from_mass = home.conductance_mass_kw_per_k[0] * (mass - air)
        losses = home.conductance_outdoor_kw_per_k[0] * (outdoor_c[minute] - air) + from_mass + home.gain_kw[0]
        share = {"switching": float(running), "resting": 0.0,
                 "holding": min(max(-losses / home.machine_heat_kw[0], 0.0), 1.0)}[phase]
        power_kw.append(share * home.machine_kw[0])
        air += (losses + share * home.machine_heat_kw[0]) / home.capacity_indoor_kwh_per_k[0] / 60
        mass -= from_mass / home.capacity_mass_kwh_per_k[0] / 60
        air_c.append(air)
    return power_kw, air_c


@TWINS
@pytest.mark.parametrize("heating", [False, True])
def test_a_home_written_out_in_plain_floats_agrees(follow, heating: bool) -> None:
    some, ways = homes(12, 1, heating=heating), np.concatenate([WAYS, ramp_ways([60, 120])])
    outdoor_c = WARM_EVENING_C - 35 * heating
    made = follow(some, ways, outdoor_c)
    for home, way in product(range(12), range(len(ways))):
        power_kw, air_c = followed(some.part(slice(home, home + 1)), ways[way], outdoor_c)
        assert made.power_kw[home, way] == pytest.approx(np.reshape(power_kw, (-1, 15)).mean(axis=1), abs=1e-5)
        away = (np.array(air_c[180:]) - some.setpoint_c[home]) * (-1 if heating else 1)
        assert made.in_time[home, way] == (away.max() <= 0.5)


def test_numpy_and_compiled_agree_on_a_larger_fleet() -> None:
    some = homes(600, 2)
    first, second = (follow(some, WAYS, WARM_EVENING_C) for follow in (thermal_profiles,
                                                                       release_compiled.thermal_profiles))
    assert first.power_kw == pytest.approx(second.power_kw, abs=1e-4)
    assert first.in_time.tolist() == second.in_time.tolist()


def test_a_tank_of_water_is_a_home_without_mass() -> None:
    """200 l at 48 C, the owner's 55 C put off by 7 K: they take (7 + band) * 0.232 kWh, to a minute of 3 kW."""
    one = np.ones(1)
    tank = ThermalHomes(setpoint_c=55 * one, event_offset_c=-7 * one, band_half_c=one, indoor_c=48 * one,
                        mass_c=0 * one, running=np.zeros(1, np.bool_), capacity_indoor_kwh_per_k=0.232 * one,
                        capacity_mass_kwh_per_k=one, conductance_outdoor_kw_per_k=0.0 * one,
                        conductance_mass_kw_per_k=0.0 * one, gain_kw=0.0 * one, machine_heat_kw=3 * one,
                        machine_kw=3 * one)
    made = thermal_profiles(tank, step_ways(), np.full(240, 20.0))
    energy_kwh = made.power_kw[0].sum(axis=1) / 4
    assert energy_kwh == pytest.approx(np.full(25, 8 * 0.232), abs=3 / 60 + 1e-6)
    assert made.in_time.all()


@pytest.mark.parametrize(("kwh", "in_time"), [(5.0, True), (5.0001, False)])
def test_a_battery_charges_from_its_minute_until_it_is_full(kwh: float, in_time: bool) -> None:
    """Released at minute 120 and full by 180: one hour at 5 kW."""
    made = recharge_profiles(np.array([kwh]), np.array([5.0]), WAYS)
    assert made.in_time[0, -1] == in_time
    assert made.power_kw[0, -1, :12].tolist() == [0.0] * 8 + [5.0] * 4
    assert made.power_kw.sum(axis=2) / 4 == pytest.approx(np.full((1, 9), kwh), abs=1e-5)


def test_a_ramp_lets_a_battery_charge_with_what_is_given_back() -> None:
    made = recharge_profiles(np.array([100.0]), np.array([6.0]), ramp_ways([120]))
    assert made.power_kw[0, 0, ::4].tolist() == pytest.approx([6 * 7 / 120, 6 * 67 / 120, 6.0, 6.0], abs=1e-5)


def test_ways_end_when_they_say() -> None:
    assert [int(way.sum()) for way in step_ways(last_minute=30, every_minutes=10)] == [0, 10, 20, 30]
    (ramp,) = ramp_ways([4], minutes=6)
    assert ramp.tolist() == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    drawn = random_ways(WAYS, 9000, np.random.default_rng(1))
    assert np.bincount(drawn) / 1000 == pytest.approx(np.ones(9), abs=0.15)


SMALL = st.integers(1, 4).flatmap(lambda devices: st.tuples(st.just(devices), st.integers(1, 4), st.integers(1, 5)))


@settings(max_examples=60)
@given(SMALL, st.integers(0, 10_000), st.booleans())
def test_the_plan_lies_between_its_bound_and_what_it_says(shape: tuple[int, int, int], seed: int,
                                                          limited: bool) -> None:
    """Every choice tried: none beats the bound, none breaks what is in time, and the prediction is the sum."""
    chance = np.random.default_rng(seed)
    profiles = Profiles(power_kw=chance.exponential(1.0, shape).astype(np.float32),
                        in_time=chance.random(shape[:2]) < 0.8)
    other = chance.uniform(0, 2, shape[2])
    limit = chance.uniform(2, 6, shape[2]) if limited else None
    plan = plan_release(profiles, np.random.default_rng(1), limit_kw=limit, other_kw=other)
    devices = np.arange(shape[0])
    assert plan.predicted_kw == pytest.approx(other + profiles.power_kw[devices, plan.way].sum(axis=0), abs=1e-5)
    for device in devices:
        assert profiles.in_time[device, plan.way[device]] or (device in plan.late and plan.way[device] == 0)
    assert plan.late.tolist() == [device for device in devices if not profiles.in_time[device].any()]
    shares = []
    for ways in product(range(shape[1]), repeat=shape[0]):
        if all(profiles.in_time[device, way] or (device in plan.late and way == 0) for device, way in enumerate(ways)):
            load = other + profiles.power_kw[devices, list(ways)].sum(axis=0)
            shares.append(float(np.max(load / (1.0 if limit is None else limit))))
    assert plan.peak_share_least <= min(shares) * (1 + 1e-5)
    assert max(plan.predicted_kw / (1.0 if limit is None else limit)) >= min(shares) * (1 - 1e-5)
    over = 0.0 if limit is None else max(0.0, float(np.max(plan.predicted_kw - limit)))
    assert plan.over_limit_kw == pytest.approx(over)


@pytest.fixture(scope="module")
def fleet() -> tuple[ThermalHomes, Profiles]:
    """Homes with what they would draw for a release every quarter hour."""
    some = homes(800, 3)
    return some, thermal_profiles(some, WAYS, WARM_EVENING_C)


def test_a_sequence_lowers_the_peak_of_random_release_and_is_nearly_the_best(fleet) -> None:
    """Devices are let go in a sequence, so that what comes back after an event makes no peak of its own (R144)."""
    _, profiles = fleet
    plan = plan_release(profiles, np.random.default_rng(1))
    at_random = profiles.power_kw[np.arange(800), random_ways(WAYS, 800, np.random.default_rng(2))].sum(axis=0).max()
    at_once = profiles.power_kw[:, 0].sum(axis=0).max()
    assert plan.predicted_kw.max() < 0.85 * at_random < 0.5 * at_once
    assert plan.peak_share_least <= plan.predicted_kw.max() <= 1.05 * plan.peak_share_least
    assert profiles.in_time[np.arange(800), plan.way].all() and not len(plan.late)


def test_the_same_seed_gives_the_same_plan(fleet) -> None:
    first, second = (plan_release(fleet[1], np.random.default_rng(5)).way.tolist() for _ in range(2))
    assert first == second


def test_a_limit_with_room_is_kept_and_homes_go_as_early_as_it_lets_them(fleet) -> None:
    some, profiles = fleet
    lowest = plan_release(profiles, np.random.default_rng(1))
    limit_kw = 1.3 * float(lowest.predicted_kw.max())
    plan = plan_release(profiles, np.random.default_rng(1), limit_kw=limit_kw, urgency=some.indoor_c - some.setpoint_c)
    assert plan.over_limit_kw == 0.0 and plan.predicted_kw.max() <= limit_kw
    assert plan.way.mean() < 0.8 * lowest.way.mean()
    warmest = np.argsort(-(some.indoor_c - some.setpoint_c))[:200]
    assert plan.way[warmest].mean() < plan.way.mean()


def test_under_a_limit_that_never_binds_everybody_goes_at_once(fleet) -> None:
    assert not plan_release(fleet[1], np.random.default_rng(1), limit_kw=1e6).way.any()


def test_under_a_limit_that_cannot_hold_everybody_still_goes_and_the_excess_is_said(fleet) -> None:
    _, profiles = fleet
    plan = plan_release(profiles, np.random.default_rng(1), limit_kw=100.0)
    assert plan.over_limit_kw == pytest.approx(plan.predicted_kw.max() - 100.0)
    assert plan.peak_share_least > 1.0
    assert profiles.in_time[np.arange(800), plan.way].all()


def test_other_load_is_gone_around(fleet) -> None:
    _, profiles = fleet
    other = np.zeros(16)
    other[2:6] = 500.0
    plan = plan_release(profiles, np.random.default_rng(1), other_kw=other)
    alone = plan_release(profiles, np.random.default_rng(1))
    assert plan.predicted_kw.max() < (alone.predicted_kw + other).max()


def test_batteries_and_homes_are_planned_together(fleet) -> None:
    batteries = recharge_profiles(np.full(100, 4.0), np.full(100, 5.0), WAYS)
    plan = plan_release(joined(fleet[1], batteries), np.random.default_rng(1))
    assert len(plan.way) == 900
    assert plan.predicted_kw.max() <= 1.05 * plan.peak_share_least


def test_a_fleet_of_none_has_a_plan() -> None:
    none = Profiles(power_kw=np.zeros((0, 2, 3), np.float32), in_time=np.zeros((0, 2), np.bool_))
    assert plan_release(none, np.random.default_rng(1)).predicted_kw.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("limit_kw", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_none_is_a_broken_call(fleet, limit_kw: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        plan_release(fleet[1], np.random.default_rng(1), limit_kw=limit_kw)


@TWINS
@pytest.mark.parametrize(("minutes", "block", "back_by"), [(239, 15, 180), (240, 17, 180), (240, 15, 240)])
def test_times_that_do_not_fit_are_a_broken_call(follow, minutes: int, block: int, back_by: int) -> None:
    with pytest.raises(ValueError, match="minutes"):
        follow(homes(1, 1), WAYS, WARM_EVENING_C[:minutes], block_minutes=block, back_by_minute=back_by)


def test_homes_that_make_no_sense_are_a_broken_call() -> None:
    some = homes(3, 1)
    with pytest.raises(ValueError, match="equal length"):
        replace(some, gain_kw=np.zeros(2))
    with pytest.raises(ValueError, match="neither heats nor cools"):
        replace(some, machine_heat_kw=np.array([1.0, 0.0, 1.0]))
    with pytest.raises(ValueError, match="ways"):
        Profiles(power_kw=np.zeros((2, 3, 4), np.float32), in_time=np.zeros((2, 2), np.bool_))
