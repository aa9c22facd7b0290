"""Events that are called off, missed or crowded out: nobody stays held, and everybody is told why he was not asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from gridrider.app.operate.call import cancel_event
from gridrider.app.operate.own_good import pre_charges
from gridrider.dispatch.model import ANSWERS, INSTRUCTIONS, SKIPPED
from gridrider.twin.fleet.surroundings import Trips
from tests.replay.worlds import EVENT, TICK, tiny, tiny_vehicles

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_an_event_called_off_while_it_runs_hands_everybody_back(tmp_path: Path) -> None:
    world = tiny(3)
    event_id = world.call()
    world.run(EVENT + 10 * MINUTE)
    for _ in range(2):
        cancel_event(world.desk, event_id, "operator", world.now)
    world.run(world.now + TICK)
    cancel_event(world.desk, event_id, "operator", world.now)
    world.run(world.now + 4 * TICK)
    assert [world.sent(home)[-1]["origin"] for home in range(3)] == ["restore"] * 3
    assert world.sent(0)[-1]["issued_at"] == EVENT + 15 * MINUTE
    assert world.findings(tmp_path) == []


def test_an_event_called_off_before_it_starts_lets_the_prepared_go() -> None:
    world = tiny(2)
    event_id = world.call()
    world.run(world.now + TICK)
    desk = world.desk
    rows = pre_charges(desk, desk.called[0], desk.telemetry(world.now), np.ones(2, np.bool_), world.now)
    world.desk.keep({INSTRUCTIONS.name: rows}, key="prepare")
    world.desk.keep({ANSWERS.name: world.devices.send(rows)}, key="prepare sent")
    assert [world.sent(home)[-1]["origin"] for home in range(2)] == ["pre_charge"] * 2
    cancel_event(world.desk, event_id, "operator", world.now)
    world.run(world.now + TICK)
    assert [world.sent(home)[-1]["origin"] for home in range(2)] == ["restore"] * 2


def test_who_cannot_be_asked_is_skipped_though_the_first_look_comes_late(tmp_path: Path) -> None:
    """The program is away at the event's start, and one home has nothing to give; it is told once."""
    world = tiny(2, stored_share=[0.9, 0.2])
    world.call()
    world.run(EVENT - TICK)
    world.live(EVENT + 20 * MINUTE)
    world.reopen()
    world.run(world.now + 2 * TICK)
    world.reopen()
    world.run(EVENT + 3 * HOUR + 4 * TICK)
    assert [row["enrollment_id"] for row in world.rows(SKIPPED)] == world.names(1).to_pylist()
    assert world.findings(tmp_path) == []


def test_a_vehicle_that_must_charge_for_two_reasons_gets_one_instruction() -> None:
    """A storm is warned of, and it leaves soon: charging for the storm charges for the trip too."""
    world = tiny_vehicles(2, departs=EVENT + HOUR, ev_target_kwh=30.0)
    world.run(world.now + TICK)
    world.feed.say(world.now)
    world.run(world.now + 3 * TICK)
    numbers = [row["instruction_id"] for row in world.rows(INSTRUCTIONS)]
    assert len(set(numbers)) == len(numbers)
    assert {row["origin"] for row in world.sent(0)[-1:]} == {"storm_charge"}


def test_a_vehicle_that_charges_for_its_trip_is_not_taken_by_an_event(tmp_path: Path) -> None:
    """It could give some of it and charge again in time, but its departure goes before the event."""
    departs = EVENT + 100 * MINUTE
    world = tiny_vehicles(2, departs=departs, ev_target_kwh=28.0)
    world.world.trips_of = lambda day: Trips(
        departs_s=np.array([[departs.timestamp(), np.inf]]), returns_s=np.array([[departs.timestamp() + 3600, np.inf]]),
        trip_kwh=np.zeros((1, 2)))
    world.call(service="flex_alert", kind="flex_alert")
    world.run(EVENT + 90 * MINUTE)
    origins = [row["origin"] for row in world.sent(0)]
    assert "ev_departure" in origins
    assert "event" not in origins[origins.index("ev_departure"):]
    assert world.findings(tmp_path) == []
