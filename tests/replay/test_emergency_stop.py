"""The emergency stop: everybody is let go at once, nobody is asked until it is over, the proof says who showed it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from gridrider.app.operate.own_good import pre_charges
from gridrider.app.operate.stop import emergency_stop, proof_of_release, resume
from gridrider.app.operate.tick import resend
from gridrider.dispatch.model import ANSWERS, INSTRUCTIONS
from tests.replay.links import HeldBack
from tests.replay.worlds import EVENT, LEASE, TICK, Tiny, tiny

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def stop(world: Tiny) -> None:
    """Somebody stops the program now."""
    emergency_stop(world.desk, world.devices, by="operator", because="a test", now=world.now)


def origins(world: Tiny, home: int) -> list[str]:
    """What a home was told, in order."""
    return [row["origin"] for row in world.sent(home)]


def test_a_stop_in_an_event_is_kept_until_it_is_resumed(tmp_path: Path) -> None:
    world = tiny(3)
    world.call()
    world.run(EVENT + 10 * MINUTE)
    stop(world)
    stopped = world.now
    world.run(stopped + HOUR)
    assert [origins(world, home)[-1] for home in range(3)] == ["emergency_stop"] * 3
    assert world.world.state.battery_kw.tolist() == [1.0] * 3
    proof = proof_of_release(world.desk, world.now)
    assert proof.told == proof.shown and proof.open == () and proof.by is None
    resume(world.desk, by="shift lead", because="all is well", now=world.now)
    world.run(world.now + 2 * TICK)
    assert world.world.state.battery_kw.tolist() == [5.0] * 3
    world.run(EVENT + 3 * HOUR + 4 * TICK)
    assert world.findings(tmp_path) == []


def test_a_stop_lets_go_of_charging_and_keeping_too() -> None:
    world = tiny(3)
    world.call(EVENT + HOUR, hours=1.0)
    world.run(world.now + TICK)
    desk = world.desk
    rows = pre_charges(desk, desk.called[0], desk.telemetry(world.now), np.array([True, False, False]), world.now)
    desk.keep({INSTRUCTIONS.name: rows}, key="prepare")
    desk.keep({ANSWERS.name: world.devices.send(rows)}, key="prepare sent")
    stop(world)
    world.run(world.now + TICK)
    assert origins(world, 0) == ["pre_charge", "emergency_stop"]
    assert origins(world, 1) == origins(world, 2) == []
    assert not world.world.state.held.reverts_at_s[0] > world.now.timestamp()


@pytest.mark.parametrize("times", [1, 3])
def test_stopping_again_is_stopping_once(times: int) -> None:
    world = tiny(2)
    world.call()
    world.run(EVENT)
    for _ in range(times):
        stop(world)
    assert origins(world, 0) == ["event", "emergency_stop"]
    resume(world.desk, by="shift lead", because="all is well", now=world.now)
    stop(world)
    assert world.desk.stopped_at == world.now


def test_a_stop_survives_the_process(tmp_path: Path) -> None:
    """It was committed and not sent when the process died: it is sent again, and nobody is asked."""
    world = tiny(2)
    world.call()
    world.run(EVENT + 10 * MINUTE)
    world.devices = HeldBack(devices=world.world)
    stop(world)
    world.devices = world.world
    world.reopen()
    assert world.desk.stopped_at == world.now
    assert resend(world.desk, world.world, world.now) == 2
    world.run(world.now + 4 * TICK)
    assert world.world.state.battery_kw.tolist() == [1.0] * 2
    assert [origins(world, home)[-1] for home in range(2)] == ["emergency_stop"] * 2
    assert world.findings(tmp_path) == []


def test_who_never_shows_it_stays_open_and_is_free_by_the_time_that_was_told() -> None:
    world = tiny(2)
    world.call()
    world.run(EVENT + 10 * MINUTE)
    world.cut_link(1)
    stop(world)
    by = proof_of_release(world.desk, world.now).by
    assert by == world.now + LEASE
    world.run(by + TICK)
    assert world.world.state.battery_kw.tolist() == [1.0] * 2
    assert list(proof_of_release(world.desk, world.now).open) == world.names(1).to_pylist()
