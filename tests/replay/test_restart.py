"""The process dies in the middle of an event: what was committed is there again, and nothing is sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gridrider.adapters.store_memory.store import MemoryStore
from gridrider.adapters.store_sqlite.store import SqliteStore
from gridrider.app.operate.desk import STREAM, Desk
from gridrider.app.operate.tick import resend, tick
from gridrider.app.ports import StaleVersion
from gridrider.dispatch.model import ANSWERS, INSTRUCTIONS, TELEMETRY
from tests.replay.links import HeldBack
from tests.replay.worlds import EVENT, LEASE, ROOT, TICK, Tiny, tiny

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DIES = EVENT + 15 * MINUTE


def until_it_dies(file: Path, place: str) -> None:
    """What the other process does: an event, and at the tick of `DIES` it kills itself before or after it sends."""
    with SqliteStore(file) as store:
        world = tiny(3, store=store)
        event_id = world.call()
        world.run(EVENT + 10 * MINUTE)
        world.opt_out(event_id, 1)
        world.run(DIES - TICK)
        world.live(DIES)
        world.devices = Deadly(world.world, place)
        world.look()


class Deadly:
    """Kills the process that asks it for telemetry, or that sends, before or after the devices hear."""

    def __init__(self, devices: Any, place: str) -> None:
        self.devices, self.place = devices, place

    def send(self, instructions: pa.Table) -> pa.Table:
        """Dies before or after."""
        if self.place == "before sending":
            os.kill(os.getpid(), signal.SIGKILL)
        self.devices.send(instructions)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    def answers(self) -> pa.Table:
        """As they are."""
        return self.devices.answers()

    def telemetry(self) -> pa.Table:
        """Dies, or tells."""
        if self.place == "before hearing":
            os.kill(os.getpid(), signal.SIGKILL)
        return self.devices.telemetry()


def never_killed(store: Any) -> Tiny:
    """The same run up to the same moment, in this process, the tick of `DIES` not begun."""
    world = tiny(3, store=store)
    event_id = world.call()
    world.run(EVENT + 10 * MINUTE)
    world.opt_out(event_id, 1)
    world.run(DIES - TICK)
    world.live(DIES)
    return world


def state_of(desk: Desk) -> dict[str, Any]:
    """Everything that a desk knows, comparable."""
    held = {name: np.asarray(getattr(desk.held, name)).tolist() for name in desk.held.__slots__ if name != "count"}
    called = [{name: np.asarray(part).tolist() if isinstance(part, np.ndarray) else part
               for name, part in ((name, getattr(each, name)) for name in each.__slots__) if name != "told"}
              for each in desk.called]
    return {"version": desk.version, "held": repr(held), "called": repr(called), "left": desk.left,
            "suspended": desk.suspended.tolist(), "storm": desk.storm_status.tolist(), "stopped": desk.stopped_at,
            "reports": desk.reports.to_pylist(), "reported_s": desk.reported_s.tolist()}


@pytest.mark.parametrize("place", ["before hearing", "before sending", "after sending"])
def test_a_killed_process_loses_nothing_that_was_committed(place: str, tmp_path: Path) -> None:
    file = tmp_path / "operation.sqlite"
    code = (f"from pathlib import Path; from tests.replay.test_restart import until_it_dies; "
            f"until_it_dies(Path({str(file)!r}), {place!r})")
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert died.returncode == -signal.SIGKILL, died.stderr
    world = never_killed(MemoryStore())
    if place != "before hearing":
        world.devices = HeldBack(devices=world.world)
        world.look()
    with SqliteStore(file) as store:
        desk = Desk.open(world.program, store)
        assert state_of(desk) == state_of(world.desk)
        unanswered = int((~desk.held.answered).sum())
        assert unanswered == (0 if place == "before hearing" else 3)
        # Where the devices had heard, the second message changes nothing; where not, it is the first.
        world.store, world.desk, world.devices = store, desk, world.world
        assert resend(desk, world.world, world.now) == unanswered
        assert resend(desk, world.world, world.now) == 0
        if place == "before hearing":
            world.look()
        world.run(EVENT + 3 * HOUR + 4 * TICK)
        numbers = [row["instruction_id"] for row in world.rows(INSTRUCTIONS)]
        assert len(numbers) == len(set(numbers))
        assert not any(row["issued_at"] > EVENT + 10 * MINUTE and row["delivered_milliwatt"]
                       for row in world.sent(1))
        assert world.findings(tmp_path / "run") == []


def test_what_is_forbidden_since_is_not_sent_again() -> None:
    """Decided and never sent; in the meantime one customer left, and another is warned of a storm."""
    world = tiny(3)
    event_id = world.call()
    world.run(EVENT - TICK)
    world.devices = link = HeldBack(devices=world.world)
    world.run(EVENT)
    world.reopen()
    world.opt_out(event_id, 0)
    world.suspend(1)
    assert len(link.waiting) == 1
    assert resend(world.desk, world.world, world.now) == 1
    world.live(world.now + TICK)
    assert world.world.state.battery_kw.tolist() == [1.0, 1.0, 5.0]


def test_what_is_over_is_not_sent_again() -> None:
    world = tiny(2)
    world.call()
    world.run(EVENT - TICK)
    world.devices = HeldBack(devices=world.world)
    world.run(EVENT)
    world.live(EVENT + LEASE)
    world.reopen()
    assert resend(world.desk, world.world, world.now) == 0


def test_of_two_processes_on_one_store_the_second_sends_nothing(tmp_path: Path) -> None:
    """Both came up with the same store; who commits first goes on, the other is told that it is late and stops."""
    file = tmp_path / "operation.sqlite"
    with SqliteStore(file) as store, SqliteStore(file) as same:
        world = tiny(3, store=store)
        world.call()
        world.run(EVENT - TICK)
        late = Desk.open(world.program, same)
        world.live(EVENT)
        link = HeldBack(devices=world.world)
        world.look()
        sent = len(world.rows(INSTRUCTIONS))
        with pytest.raises(StaleVersion):
            late.keep({TELEMETRY.name: world.store.read(TELEMETRY.name)}, key="the second hears too")
        world.live(EVENT + TICK)
        with pytest.raises(StaleVersion):
            tick(late, link, world.now)
        assert link.waiting == []
        assert len(world.rows(INSTRUCTIONS)) == sent
        assert Desk.open(world.program, same).version == world.desk.version == store.version(STREAM)
        assert world.rows(ANSWERS)
