"""Messages, and what becomes of them: reversion, reserve, silence, latency, wrong clocks, disobedience and lies."""

import numpy as np
import pytest

from gridrider.twin.fleet.commands import Commands, Mode
from gridrider.twin.fleet.communication import draw_silence
from gridrider.twin.fleet.homes import Lie
from gridrider.twin.fleet.run import run
from gridrider.twin.fleet.state import FleetState
from gridrider.twin.fleet.telemetry import telemetry
from tests.twin.fleet_world import BARE, fleet, one_run, quiet_day

ONE = np.array([0])
HOUR = 3600.0


def given_kw(parameters, commands: Commands, *, steps: int = 24, **how):
    """Mean kW of the first home's battery per 5-minute step from midnight."""
    around = how.pop("around", quiet_day(len(parameters), steps=steps))
    _, flows = one_run(parameters, around, commands, **how)
    return flows.delivered_kwh[:, 0] * 12


def follow(delivered_kw: float = 4.0, *, reverts_at_s: float = HOUR, **settings) -> Commands:
    return Commands.to(1, ONE, mode=Mode.FOLLOW, delivered_kw=delivered_kw, reverts_at_s=reverts_at_s, **settings)


@pytest.mark.parametrize("use_compiled", [False, True])
def test_a_battery_cut_off_in_mid_discharge_returns_by_itself(use_compiled: bool) -> None:
    parameters = fleet(BARE, 1)
    around = quiet_day(1, steps=24, silent_from_s=np.array([600.0]), silent_until_s=np.array([np.inf]))
    start = FleetState.start(parameters, clock_s=0.0, stored_share=1.0)
    cut, first = run(parameters, start, follow(3.0, reserve_pct=0.0), around.window(0, 4), dt_s=300,
                     use_compiled=use_compiled)
    # The link is dead by now: neither a release nor anything else gets through.
    _, last = run(parameters, cut, follow(5.0, reverts_at_s=1e6), around.window(4, 24), dt_s=300,
                  use_compiled=use_compiled)
    kw = np.concatenate([first.discharge_kwh, last.discharge_kwh])[:, 0] * 12
    assert kw[:12] == pytest.approx(3.0)
    assert kw[12:] == pytest.approx(1.0)  # its owner's self-consumption
    assert not telemetry(parameters, cut, around).reported[0]


def test_a_message_must_have_an_end() -> None:
    with pytest.raises(ValueError, match="finite reverts_at_s"):
        follow(reverts_at_s=np.inf)
    with pytest.raises(ValueError, match="needs delivered_kw"):
        Commands.to(1, ONE, mode=Mode.FOLLOW, reverts_at_s=1.0)
    with pytest.raises(ValueError, match="needs charge_to_pct"):
        Commands.to(1, ONE, mode=Mode.CHARGE, reverts_at_s=1.0)


def test_the_reserve_in_force_is_never_crossed_but_in_an_island() -> None:
    parameters = fleet(BARE, 1)
    state, _ = one_run(parameters, quiet_day(1, steps=48), follow(5.0, reverts_at_s=1e6, reserve_pct=30.0))
    assert state.stored_kwh[0] == pytest.approx(0.3 * 13.5)
    own, _ = one_run(parameters, quiet_day(1, steps=200), follow(5.0, reverts_at_s=1e6))
    assert own.stored_kwh[0] == pytest.approx(0.2 * 13.5)
    island = quiet_day(1, steps=200, outage_from_s=np.zeros(1), outage_until_s=np.full(1, 1e9))
    alone, flows = one_run(parameters, island, follow(5.0, reverts_at_s=1e6, reserve_pct=30.0))
    assert alone.stored_kwh[0] == pytest.approx(0.0, abs=1e-9)
    assert flows.discharge_kwh.sum() == pytest.approx(0.6 * 13.5 * 0.95)


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.CHARGE])
def test_a_held_battery_gives_nothing_and_takes_spare_sun(mode: Mode) -> None:
    parameters = fleet(BARE, 2, pv_kw=[0.0, 3.0], pv_kva=[0.0, 3.0])
    held = Commands.to(2, np.array([0, 1]), mode=mode, charge_to_pct=0.0, reverts_at_s=1e6)
    _, flows = one_run(parameters, quiet_day(2, steps=3, sun=1.0), held)
    assert not flows.discharge_kwh.any()
    assert flows.charge_kwh[0] * 12 == pytest.approx([0.0, 2.0])


def test_charging_by_rate_stops_at_its_aim() -> None:
    charge = Commands.to(1, ONE, mode=Mode.CHARGE, charge_to_pct=80.0, charge_kw=2.0, reverts_at_s=1e6)
    state, flows = one_run(fleet(BARE, 1), quiet_day(1, steps=48), charge)
    assert flows.charge_kwh[:17, 0] * 12 == pytest.approx(2.0)
    assert state.stored_kwh[0] == pytest.approx(0.8 * 13.5)
    assert flows.charge_kwh.sum() == pytest.approx(0.2 * 13.5 / 0.95)


def test_firmware_that_acknowledges_and_does_not_obey() -> None:
    parameters = fleet(BARE, 1, obeys=False)
    assert given_kw(parameters, follow()) == pytest.approx(1.0)
    state, _ = one_run(parameters, quiet_day(1, steps=3), follow())
    report = telemetry(parameters, state, quiet_day(1))
    assert report.mode[0] == Mode.FOLLOW
    assert report.delivered_kw[0] == pytest.approx(1.0)


def test_a_slow_device_starts_late_and_a_wrong_clock_early() -> None:
    late = given_kw(fleet(BARE, 1, latency_s=900.0), follow())
    assert late[:3] == pytest.approx(1.0)
    assert late[3:12] == pytest.approx(4.0)
    at_ten_minutes = follow(starts_at_s=600.0, reverts_at_s=1800.0)
    assert np.flatnonzero(given_kw(fleet(BARE, 1), at_ten_minutes) > 2).tolist() == [2, 3, 4, 5]
    early = given_kw(fleet(BARE, 1, clock_offset_s=300.0), at_ten_minutes)
    assert np.flatnonzero(early > 2).tolist() == [1, 2, 3, 4]


def test_a_limit_below_nameplate_and_one_on_export() -> None:
    assert given_kw(fleet(BARE, 1, battery_kw_max=2.5), follow(9.0))[0] == pytest.approx(2.5)
    assert given_kw(fleet(BARE, 1, export_kw_max=0.5), follow(9.0))[0] == pytest.approx(1.5)
    assert given_kw(fleet(BARE, 1, battery_exports=False), follow(9.0))[0] == pytest.approx(1.0)


def test_a_new_message_takes_the_place_of_the_old_and_a_scheduled_one_waits() -> None:
    parameters = fleet(BARE, 1)
    start = FleetState.start(parameters, clock_s=0.0)
    around = quiet_day(1, steps=12)
    held, _ = run(parameters, start, follow(4.0), around.window(0, 1), dt_s=300, use_compiled=False)
    _, flows = run(parameters, held, follow(2.0, starts_at_s=1200.0), around.window(1, 12), dt_s=300,
                   use_compiled=False)
    assert flows.discharge_kwh[:, 0] * 12 == pytest.approx([4.0] * 3 + [2.0] * 8)


def test_lies_in_telemetry() -> None:
    parameters = fleet(BARE, 3, lie=[Lie.NONE, Lie.ASKED_POWER, Lie.STORED], battery_kw_max=1.0, stored_lie_share=0.3)
    asked = Commands.to(3, np.arange(3), mode=Mode.FOLLOW, delivered_kw=4.0, reverts_at_s=1e6)
    state, _ = one_run(parameters, quiet_day(3, steps=1), asked)
    report = telemetry(parameters, state, quiet_day(3))
    assert report.delivered_kw == pytest.approx([1.0, 4.0, 1.0])
    assert report.stored_kwh - state.stored_kwh == pytest.approx([0.0, 0.0, 0.3 * 13.5])


def test_reports_are_lost_one_by_one() -> None:
    parameters = fleet(BARE, 4000, lost_share=0.1)
    state = FleetState.start(parameters, clock_s=0.0)
    report = telemetry(parameters, state, quiet_day(4000), rng=np.random.default_rng(1))
    assert 0.08 < 1 - report.reported.mean() < 0.12
    assert np.isnan(report.stored_kwh[~report.reported]).all()


def test_silence_comes_at_its_rate() -> None:
    parameters = fleet(BARE, 4000, silences_per_day=0.5, silence_h=2.0)
    from_s, until_s = draw_silence(parameters, start_s=0.0, end_s=86400.0, rng=np.random.default_rng(2))
    silent = np.isfinite(from_s)
    assert silent.mean() == pytest.approx(1 - np.exp(-0.5), abs=0.03)
    assert (until_s[silent] - from_s[silent]).mean() == pytest.approx(2 * HOUR, rel=0.08)


@pytest.mark.parametrize(("behaviour", "at_h", "kw"), [
    (0, 12, 1.0), (1, 12, 0.0), (1, 16, 1.0), (1, 21, 0.0), (2, 18, 1.0), (2, 3, -5.0), (2, 6, 0.0), (3, 18, 0.0)])
def test_batteries_left_alone(behaviour: int, at_h: int, kw: float) -> None:
    parameters = fleet(BARE, 1, behaviour=behaviour)
    _, flows = one_run(parameters, quiet_day(1, steps=1), clock_s=at_h * HOUR)
    assert flows.delivered_kwh[0, 0] * 12 == pytest.approx(kw)
