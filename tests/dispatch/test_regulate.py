"""Regulation: a bisection per step as oracle, the floor under any signal, what a device reckons by itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.dispatch import regulate as plain
from gridrider.dispatch import regulate_compiled
from gridrider.dispatch.regulate import RegulatingDevices, setpoint_kw

TWINS = pytest.mark.parametrize("regulate", [plain.regulate, regulate_compiled.regulate], ids=["numpy", "compiled"])


def fleet(count: int, seed: int) -> tuple[RegulatingDevices, np.ndarray]:
    """Devices and what they have stored; some at their floor, below it, or full, some without any room at all."""
    chance = np.random.default_rng(seed)
    full = chance.uniform(5, 30, count)
    floor = full * chance.choice([0.0, 0.2, 0.5, 1.0], count, p=[0.2, 0.5, 0.25, 0.05])
    devices = RegulatingDevices(
        discharge_kw_max=chance.uniform(1, 10, count), charge_kw_max=chance.uniform(0, 10, count), full_kwh=full,
        floor_kwh=floor, discharge_efficiency=chance.uniform(0.8, 1, count),
        charge_efficiency=chance.uniform(0.8, 1, count), weight=chance.uniform(0.3, 3, count))
    stored = np.select([chance.random(count) < 0.1, chance.random(count) < 0.1, chance.random(count) < 0.1],
                       [floor, floor * 0.7, full], chance.uniform(floor, full))
    return devices, stored


def bisected(signal_kw: float, devices: RegulatingDevices, stored: np.ndarray, online: np.ndarray) -> list[float]:
    """The set-points again, device by device in plain floats, the level halved 80 times between far ends."""
    def at(level: float) -> list[float]:
        asked = []
        for n in range(len(devices)):
            above = max(stored[n] - devices.floor_kwh[n], 0.0)
            room = max(devices.full_kwh[n] - stored[n], 0.0)
            most = min(devices.discharge_kw_max[n], 15 * above * devices.discharge_efficiency[n])
            least = -min(devices.charge_kw_max[n], 15 * room / devices.charge_efficiency[n])
            share = above / (above + room) if above + room > 0 else 0.0
            wanted = devices.weight[n] * devices.discharge_kw_max[n] * (level + 2 * (share - 0.5))
            asked.append(min(max(wanted, least), most) if online[n] else 0.0)
        return asked

    low, high = -1e4, 1e4
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle)) < signal_kw else (low, middle)
    return at(high)


@TWINS
@pytest.mark.parametrize("share", [-2.0, -0.4, 0.0, 0.3, 0.8, 2.0])
def test_a_bisection_finds_the_same_set_points(regulate, share: float) -> None:
    devices, stored = fleet(30, 1)
    online = np.random.default_rng(2).random(30) > 0.1
    signal_kw = share * float(devices.discharge_kw_max.sum()) / 2
    step = regulate(signal_kw, devices, stored, online)
    for _ in range(2):
        asked = bisected(signal_kw, devices, step.stored_kwh, online)
        assert step.answer.delivered_kw == pytest.approx(asked, abs=1e-7)
        step = regulate(signal_kw, devices, step.stored_kwh, online, step.answer)


@TWINS
@settings(max_examples=25)
@given(data=st.data())
def test_no_signal_takes_a_device_past_its_floor_or_its_top(regulate, data: st.DataObject) -> None:
    """Devices drop out and come back, floors rise and fall; what is stored may then lie below a floor, and stays."""
    count = data.draw(st.integers(1, 8))
    devices, stored = fleet(count, data.draw(st.integers(0, 1000)))
    kilowatts = float(devices.discharge_kw_max.sum())
    step_s = data.draw(st.sampled_from([1.0, 4.0, 60.0, 120.0]))
    floors = st.lists(st.sampled_from([0.0, 0.2, 0.8, 1.0]), min_size=count, max_size=count)
    step = regulate(0.0, devices, stored, np.ones(count, np.bool_))
    chance = np.random.default_rng(data.draw(st.integers(0, 1000)))
    for turn in range(120):
        before, asked_of = step, devices
        if turn % 40 == 39:
            devices = replace(devices, floor_kwh=devices.full_kwh * np.array(data.draw(floors)))
        online = chance.random(count) > 0.2
        signal_kw = float(chance.choice([-3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0])) * kilowatts
        step = regulate(signal_kw, devices, before.stored_kwh, online, before.answer, step_s=step_s)
        assert np.all(step.stored_kwh >= np.minimum(before.stored_kwh, asked_of.floor_kwh))
        assert np.all(step.stored_kwh <= np.maximum(before.stored_kwh, asked_of.full_kwh))
        assert np.all(step.answer.delivered_kw[step.stored_kwh <= devices.floor_kwh] <= 0.0)
        assert np.all(step.answer.delivered_kw[~online] == 0.0)


@TWINS
def test_hours_of_an_unbalanced_signal_end_near_the_floor_and_not_below(regulate) -> None:
    devices, stored = fleet(30, 5)
    online = np.ones(30, np.bool_)
    step = regulate(0.0, devices, stored, online)
    lowest = np.minimum(devices.floor_kwh, stored)
    for turn in range(2000):
        signal_kw = float(devices.discharge_kw_max.sum()) * (0.6 + 0.4 * np.sin(turn))
        step = regulate(signal_kw, devices, step.stored_kwh, online, step.answer, step_s=12.0)
        assert np.all(step.stored_kwh >= lowest)
    assert (step.stored_kwh - lowest).sum() < 0.05 * (stored - lowest).sum()
    assert step.answer.shortfall_kw > 0.0


@TWINS
def test_the_signal_is_followed_to_a_hundred_thousandth(regulate) -> None:
    devices, stored = fleet(2000, 3)
    online = np.random.default_rng(4).random(2000) > 0.03
    kilowatts = float(devices.discharge_kw_max.sum())
    step, older = regulate(0.0, devices, stored, online), None
    for turn in range(30):
        signal_kw = 0.3 * kilowatts * np.sin(turn / 3)
        older, step = step, regulate(signal_kw, devices, step.stored_kwh, online, step.answer, into=older)
        assert step.answer.shortfall_kw == 0.0
        assert abs(step.answer.delivered_kw.sum() - signal_kw) <= 1e-5 * kilowatts


@TWINS
def test_a_signal_out_of_reach_gives_all_there_is_and_says_what_is_missing(regulate) -> None:
    devices, stored = fleet(10, 6)
    online = np.arange(10) != 3
    for sign in (1, -1):
        step = regulate(sign * 1e4, devices, stored, online)
        bound = step.curves.power_kw_max if sign > 0 else step.curves.power_kw_min
        assert step.answer.delivered_kw.tolist() == bound.tolist()
        assert step.answer.shortfall_kw == pytest.approx(sign * 1e4 - bound.sum())


def test_both_twins_agree_over_many_steps() -> None:
    devices, stored = fleet(500, 7)
    online = np.random.default_rng(8).random(500) > 0.05
    steps = [twin(0.0, devices, stored, online) for twin in (plain.regulate, regulate_compiled.regulate)]
    for turn in range(50):
        signal_kw = 0.5 * float(devices.discharge_kw_max.sum()) * np.sin(turn / 5)
        steps = [twin(signal_kw, devices, step.stored_kwh, online, step.answer)
                 for twin, step in zip((plain.regulate, regulate_compiled.regulate), steps, strict=True)]
        assert steps[1].answer.delivered_kw == pytest.approx(steps[0].answer.delivered_kw, abs=1e-8)
        assert steps[1].stored_kwh == pytest.approx(steps[0].stored_kwh, abs=1e-9)


def test_a_device_reckons_the_same_set_point_from_the_level_alone() -> None:
    devices, stored = fleet(20, 9)
    answer = plain.regulate(12.0, devices, stored, np.ones(20, np.bool_)).answer
    alone = [setpoint_kw(answer.level, stored[n : n + 1], devices.part(slice(n, n + 1)))[0] for n in range(20)]
    assert alone == pytest.approx(answer.delivered_kw.tolist(), abs=1e-9)


def test_fuller_devices_give_more() -> None:
    ones = np.ones(2)
    two = RegulatingDevices(discharge_kw_max=5 * ones, charge_kw_max=5 * ones, full_kwh=10 * ones, floor_kwh=2 * ones,
                            discharge_efficiency=ones, charge_efficiency=ones, weight=ones)
    fuller, emptier = plain.regulate(2.0, two, np.array([7.0, 5.0]), np.ones(2, np.bool_)).answer.delivered_kw
    assert fuller == pytest.approx(1.0 + 5.0 * 0.25) and emptier == pytest.approx(1.0 - 5.0 * 0.25)


@TWINS
@pytest.mark.parametrize(("step_s", "lawful"), [(120.0, True), (120.1, False), (0.0, False)])
def test_a_step_too_long_for_the_floor_is_a_broken_call(regulate, step_s: float, lawful: bool) -> None:
    devices, stored = fleet(2, 1)
    if lawful:
        regulate(0.0, devices, stored, np.ones(2, np.bool_), step_s=step_s)
    else:
        with pytest.raises(ValueError, match="floor is safe"):
            regulate(0.0, devices, stored, np.ones(2, np.bool_), step_s=step_s)


def test_devices_of_unequal_length_are_a_broken_call() -> None:
    devices, _ = fleet(3, 1)
    with pytest.raises(ValueError, match="equal length"):
        replace(devices, weight=np.ones(2))
