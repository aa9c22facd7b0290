"""Each failure of docs/reference/failure-modes.md, in a tiny world: what becomes of the device and its energy."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gridrider.adapters.store_memory.store import MemoryStore
from gridrider.app.operate.stop import emergency_stop, proof_of_release
from gridrider.app.operate.tick import tick
from gridrider.audit.model import FindingKind
from gridrider.dispatch.model import ANSWERS, FLEET_STEPS, INSTRUCTIONS, PROTECTIONS, WITHHELD
from gridrider.twin.fleet.homes import Lie
from gridrider.twin.fleet.surroundings import Trips
from tests.replay.links import Altered, AwayStore, HeldBack, Twice
from tests.replay.worlds import EVENT, LEASE, TICK, Tiny, changed_column, tiny, tiny_vehicles

OWN_KW, ASKED_KW, FLOOR_KWH = 1.0, 5.0, 2.7
"""Left to itself a home's battery serves its load of 1 kW; asked, it gives all that it can."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def in_event(world: Tiny, minutes: float = 10, **called: Any) -> str:
    """An event that has run for some minutes."""
    event_id = world.call(**called)
    world.run(EVENT + minutes * MINUTE)
    return event_id


def gives_kw(world: Tiny) -> list[float]:
    """What each battery gave in the last five minutes."""
    return [round(float(kw), 6) for kw in world.world.state.battery_kw]


def asks(world: Tiny, home: int) -> list[dict[str, Any]]:
    """The instructions that asked a home for power."""
    return [row for row in world.sent(home) if (row["delivered_milliwatt"] or 0) > 0]


def answers(world: Tiny, home: int) -> list[str]:
    """What became of a home's instructions."""
    return [row["answer"] for row in world.rows(ANSWERS, home)]


# ---- the link, the server, the clock ----------------------------------------------------------------
@pytest.mark.parametrize(("stored_share", "last_kw"), [(0.9, ASKED_KW), (0.3, 0.0)])
def test_a_link_cut_mid_discharge_ends_at_the_floor_or_the_timer(stored_share: float, last_kw: float) -> None:
    """The second is asked for more than it has, because it says that it holds more."""
    world = tiny(2, stored_share=stored_share, lie=Lie.NONE if last_kw else Lie.STORED, stored_lie_share=0.4)
    in_event(world)
    asked = asks(world, 0)[-1]
    world.cut_link(0)
    world.run(asked["reverts_at"])
    assert gives_kw(world)[0] == last_kw
    world.run(asked["reverts_at"] + 3 * TICK)
    assert gives_kw(world)[0] == (OWN_KW if last_kw else 0.0)
    assert world.stored_kwh[0] >= FLOOR_KWH - 1e-9
    assert max(row["issued_at"] for row in asks(world, 0)) <= EVENT + 25 * MINUTE
    if last_kw:
        assert "unknown" in answers(world, 0)


def test_a_dead_server_holds_no_device_longer_than_a_lease() -> None:
    world = tiny(3)
    event_id = in_event(world, 15)
    died = world.now
    world.live(died + LEASE)
    world.live(died + LEASE + TICK)
    assert gives_kw(world) == [OWN_KW] * 3
    world.reopen()
    assert world.desk.called[0].event.event_id == event_id
    world.run(world.now + 2 * TICK)
    assert gives_kw(world) == [ASKED_KW] * 3
    world.live(EVENT + 4 * HOUR)
    world.reopen()
    world.look()
    assert [world.sent(home)[-1]["origin"] for home in range(3)] == ["restore"] * 3


def test_nothing_is_sent_that_could_not_be_recorded() -> None:
    store = AwayStore(store=MemoryStore())
    world = tiny(2, store=store)
    in_event(world, 0)
    store.away, link = True, HeldBack(devices=world.world)
    world.devices = link
    for _ in range(5):
        world.live(world.now + TICK)
        with pytest.raises(OSError, match="the disk is gone"):
            world.look()
    assert link.waiting == []
    assert gives_kw(world) == [OWN_KW] * 2
    store.away, world.devices = False, world.world
    world.reopen()
    world.run(world.now + 3 * TICK)
    assert gives_kw(world) == [ASKED_KW] * 2


@pytest.mark.parametrize("ahead", [-7 * MINUTE, 7 * MINUTE])
def test_a_wrong_clock_costs_at_most_its_own_error(ahead: timedelta) -> None:
    """Its timer runs early or late by that much, in steps of five minutes; its reports are dated by it."""
    world = tiny(2, clock_offset_s=[ahead.total_seconds(), 0.0])
    in_event(world, 0)
    reverts = asks(world, 0)[-1]["reverts_at"]
    world.live(reverts - ahead - TICK)
    assert gives_kw(world)[0] == ASKED_KW
    world.live(reverts - ahead + TICK)
    assert gives_kw(world)[0] == OWN_KW


@pytest.mark.parametrize("ahead", [-20 * MINUTE, 2 * MINUTE, 40 * MINUTE, 400 * HOUR])
def test_reports_dated_by_a_wrong_clock_ask_nothing_and_disturb_nobody(ahead: timedelta) -> None:
    world = tiny(2)

    def dated(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "reported_at": row["reported_at"] + ahead}

    world.devices = Altered(devices=world.world, homes=world.names(0).to_pylist(), change=dated)
    in_event(world, 60)
    assert asks(world, 0) == []
    assert gives_kw(world) == [OWN_KW, ASKED_KW]


@pytest.mark.parametrize("skip", [40 * MINUTE, -20 * MINUTE])
def test_a_clock_that_skips_breaks_no_protection(skip: timedelta, tmp_path: Path) -> None:
    world = tiny(2)
    in_event(world)
    before = len(asks(world, 0))
    world.live(world.now + TICK)
    tick(world.desk, world.world, world.now + skip, storms=world.storms, feed=world.feed)
    assert len(asks(world, 0)) == before
    world.live(world.now + 12 * TICK)
    world.run(world.now + 2 * TICK)
    assert len(asks(world, 0)) > before
    world.run(EVENT + 3 * HOUR + 4 * TICK)
    assert (world.stored_kwh >= FLOOR_KWH - 1e-9).all()


def test_a_lost_alert_feed_keeps_the_lock() -> None:
    world = tiny(2)
    in_event(world)
    world.feed.say(world.now)
    world.run(world.now + TICK)
    world.feed.lost, before = True, len(asks(world, 0))
    world.run(world.now + HOUR)
    assert (world.desk.storm_status == 2).all()
    world.reopen()
    world.run(world.now + 2 * TICK)
    assert (world.desk.storm_status == 2).all()
    assert len(asks(world, 0)) == before


def test_a_watch_asks_nothing_more_once_its_feed_is_lost() -> None:
    """Its customers do not want their batteries charged before a storm, so that events may ask until then."""
    world = tiny(2, enrollments=lambda rows: rows.append_column("storm_opt_out", pa.array(["true"] * 2)))
    world.feed.say(world.now, "HW.A")
    in_event(world)
    assert asks(world, 0)
    world.feed.lost = True
    world.run(world.now + 40 * MINUTE)
    assert world.desk.storm_feed_lost.all()
    world.reopen()
    world.run(world.now + 2 * TICK)
    assert max(row["issued_at"] for row in asks(world, 0)) <= EVENT + 45 * MINUTE
    world.feed.lost = False
    world.run(world.now + TICK)
    assert not world.desk.storm_feed_lost.any()


# ---- the device --------------------------------------------------------------------------------------
def test_a_device_that_lies_about_its_energy_is_found_or_stops_at_its_floor() -> None:
    """The first says more than it can hold; the second's lie agrees with itself."""
    world = tiny(2, stored_share=0.5, lie=[Lie.NONE, Lie.STORED], stored_lie_share=0.4)
    world.devices = Altered(devices=world.world, homes=world.names(0).to_pylist(),
                            change=lambda row: {**row, "stored_mwh": 20_000_000})
    in_event(world, 170)
    assert asks(world, 0) == []
    assert "contradictory" in {row["protection"] for row in world.rows(PROTECTIONS, 0)}
    assert asks(world, 1)[-1]["delivered_milliwatt"] > 1_000_000
    assert world.stored_kwh[1] == pytest.approx(FLOOR_KWH)


def test_a_device_that_only_says_it_delivers_is_measured_by_its_meter() -> None:
    world = tiny(1, lie=Lie.ASKED_POWER, obeys=False)
    metered: list[float] = []
    world.world.on_day = lambda day, registers: metered.append(float(registers["discharge_kwh"][4 * 17:4 * 20].sum()))
    in_event(world, 180)
    world.live(EVENT + 8 * HOUR)
    assert metered[0] == pytest.approx(3 * OWN_KW)
    assert world.desk.called[0].discharged_kwh[0] > 2 * metered[0]
    assert "contradictory" not in {row["protection"] for row in world.rows(PROTECTIONS, 0)}


def test_an_acknowledgement_is_not_a_delivery() -> None:
    """What is acknowledged and not seen in telemetry does not count as delivered (R132)."""
    world = tiny(2, obeys=[False, True])
    in_event(world, 60)
    assert {"received", "not_obeyed"} <= set(answers(world, 0)) and "seen" not in answers(world, 0)
    assert "seen" in answers(world, 1)
    assert world.desk.called[0].discharged_kwh[0] == pytest.approx(OWN_KW, rel=0.01)
    assert world.desk.called[0].discharged_kwh[1] == pytest.approx(ASKED_KW, rel=0.01)


@pytest.mark.parametrize("follows", [True, False])
def test_a_device_that_keeps_following_after_its_event_is_told(follows: bool) -> None:
    world = tiny(1)
    in_event(world)
    world.devices = Altered(devices=world.world, homes=world.names(0).to_pylist(),
                            change=lambda row: {**row, "follows": follows})
    world.run(EVENT + 3 * HOUR + 3 * TICK)
    assert answers(world, 0)[-1] == ("not_obeyed" if follows else "seen")


def test_a_device_that_gives_too_much_is_a_finding_of_the_device(tmp_path: Path) -> None:
    world = tiny(4)
    over = EVENT + 3 * HOUR

    def too_much(row: dict[str, Any]) -> dict[str, Any]:
        after = row["reported_at"] > over
        return {**row, "delivered_milliwatt": 3_000_000, "follows": True} if after else {
            **row, "delivered_milliwatt": 4 * max(row["delivered_milliwatt"], 0)}

    world.devices = Altered(devices=world.world, homes=world.names(0).to_pylist(), change=too_much)
    in_event(world, 205, target_kw=Decimal(4))
    found = {(each.rule, each.enrollment_id) for each in world.findings(tmp_path, FindingKind.DEVICE)}
    assert found == {("more_than_asked", "SYN-E-000001"), ("after_timer", "SYN-E-000001")}
    assert world.findings(tmp_path) == []


def test_an_instruction_that_arrives_after_its_time_does_nothing() -> None:
    world = tiny(2, latency_s=[0.0, 25 * 60.0])
    link = HeldBack(devices=world.world)
    world.devices = link
    in_event(world, 0)
    world.live(EVENT + LEASE)
    for late in link.waiting:
        world.world.send(late)
    world.live(world.now + TICK)
    assert gives_kw(world) == [OWN_KW, OWN_KW]
    world.devices = world.world
    world.run(world.now + 4 * TICK)
    assert gives_kw(world) == [ASKED_KW, OWN_KW]


def test_an_instruction_sent_twice_is_obeyed_once() -> None:
    """Its timer too: what was sent again runs out when the first would have."""
    once, again = tiny(3), tiny(3)
    again.devices = Twice(devices=again.world)
    for world in (once, again):
        in_event(world, 30)
    assert again.stored_kwh.tolist() == once.stored_kwh.tolist()
    assert again.rows(INSTRUCTIONS) == once.rows(INSTRUCTIONS)
    last = once.store.read(INSTRUCTIONS.name)
    again.live(again.now + 3 * TICK)
    again.world.send(last)
    again.live(asks(again, 0)[-1]["reverts_at"] + TICK)
    assert gives_kw(again) == [OWN_KW] * 3


def test_of_two_controllers_the_smaller_primacy_is_obeyed() -> None:
    world = tiny(2)
    in_event(world)
    mine = world.store.read(INSTRUCTIONS.name)
    assert mine is not None
    other = mine.slice(len(mine) - 2)
    for column, cells in (("instruction_id", ["other/1", "other/2"]), ("program", ["other"] * 2),
                          ("primacy", [5, 1]), ("delivered_milliwatt", [-2_000_000] * 2),
                          ("reverts_at", [world.now + HOUR] * 2)):
        other = changed_column(other, column, cells)
    world.world.send(other)
    world.run(world.now + 3 * TICK)
    names = other.column("enrollment_id").to_pylist()
    larger, smaller = (world.program.enrollment_id.to_pylist().index(name) for name in names)
    assert gives_kw(world)[larger] == ASKED_KW
    assert gives_kw(world)[smaller] == -2.0
    world.run(world.now + 3 * TICK)
    assert "not_obeyed" in answers(world, smaller) and "not_obeyed" not in answers(world, larger)


def test_a_wrong_nameplate_shows_as_a_shortfall() -> None:
    """Rated 5 kW, it gives 3; rated 3 kW, another gives 5 by itself and is contradictory."""
    def rated(devices: pa.Table) -> pa.Table:
        return changed_column(devices, "discharge_max_milliwatt", [5_000_000, 3_000_000])

    world = tiny(2, battery_kw_max=[3.0, 5.0], devices=rated)
    world.devices = Altered(devices=world.world, homes=world.names(1).to_pylist(),
                            change=lambda row: {**row, "delivered_milliwatt": 5_000_000})
    in_event(world, 60)
    assert asks(world, 0)[-1]["delivered_milliwatt"] == 5_000_000
    assert "not_obeyed" in answers(world, 0)
    assert world.desk.called[0].discharged_kwh[0] == pytest.approx(3.0, rel=0.01)
    assert asks(world, 1) == []


def test_an_aged_battery_keeps_at_least_its_reserve() -> None:
    """It holds 10 kWh, and the program thinks that it holds 13.5."""
    def as_new(devices: pa.Table) -> pa.Table:
        return changed_column(devices, "usable_mwh", [13_500_000] * 2)

    world = tiny(2, battery_kwh=10.0, devices=as_new)
    in_event(world, 180)
    assert asks(world, 0)
    assert (world.stored_kwh >= FLOOR_KWH - 1e-9).all() and FLOOR_KWH > 0.2 * 10.0


def test_a_vehicle_unplugged_early_leaves_with_its_floor() -> None:
    """It said that it leaves at eleven and is gone soon after six."""
    told = EVENT + 6 * HOUR
    world = tiny_vehicles(2, departs=told)
    in_event(world, 55, service="flex_alert", kind="flex_alert")
    early = np.array([[world.now.timestamp() + 420.0, np.inf]])
    world.world.trips_of = lambda day: Trips(departs_s=early, returns_s=early + 3600.0, trip_kwh=np.zeros((1, 2)))
    world.world.refresh()
    floor = max(row["floor_mwh"] for row in asks(world, 0)) / 1e6
    world.run(world.now + 4 * TICK)
    gone = datetime.fromtimestamp(float(early[0, 0]), told.tzinfo)
    assert not any(row["issued_at"] > gone + TICK for row in asks(world, 0))
    assert world.stored_kwh[0] >= max(12.0, floor)
    assert any(row["issued_at"] > gone for row in asks(world, 1)) or gives_ev_kw(world)[1] > 0


def gives_ev_kw(world: Tiny) -> list[float]:
    """What each vehicle was asked by the instruction that it holds."""
    return [float(kw) for kw in world.world.state.held.ev_kw]


# ---- the day ----------------------------------------------------------------------------------------
def test_an_outage_mid_event_is_the_customers() -> None:
    world = tiny(2)
    in_event(world, 20)
    back = world.now + 30 * MINUTE
    world.outage(0, until=back)
    world.run(world.now + TICK)
    assert world.sent(0)[-1]["origin"] == "restore"
    assert gives_kw(world)[0] == OWN_KW
    world.run(back + 2 * TICK)
    assert not any(EVENT + 20 * MINUTE < row["issued_at"] < back + 2 * TICK for row in asks(world, 0))
    world.run(back + 5 * TICK)
    assert gives_kw(world) == [ASKED_KW] * 2


def test_a_storm_warning_mid_event_turns_discharge_into_charging() -> None:
    world = tiny(4)
    in_event(world, 20)
    world.feed.say(world.now)
    warned = world.now
    world.run(warned + TICK)
    assert {world.sent(home)[-1]["origin"] for home in range(4)} <= {"storm_charge", "restore"}
    world.run(warned + HOUR)
    assert all(row["issued_at"] <= warned for home in range(4) for row in asks(world, home))
    assert {world.sent(home)[-1]["origin"] for home in range(4)} == {"storm_charge"}
    assert (world.stored_kwh > 0.99 * 13.5).all()


def test_who_opts_out_mid_event_is_restored_and_not_asked_again() -> None:
    world = tiny(3)
    event_id = in_event(world)
    world.opt_out(event_id, 0)
    world.suspend(1)
    left = world.now
    world.run(world.now + TICK)
    assert [world.sent(home)[-1]["origin"] for home in range(3)] == ["restore", "restore", "event"]
    world.run(EVENT + 3 * HOUR + 2 * TICK)
    assert not any(row["issued_at"] > left for home in (0, 1) for row in asks(world, home))
    next_day = EVENT + 24 * HOUR
    world.live(next_day - HOUR)
    world.world.state.stored_kwh[:] = 12.0
    world.call(next_day)
    world.run(next_day + TICK)
    assert [bool(asks(world, home)[-1]["issued_at"] >= next_day) for home in range(3)] == [True, False, True]


def test_an_emergency_stop_releases_every_device_and_proves_it() -> None:
    """One act lets go of every device, and telemetry proves it (R151)."""
    world = tiny(4)
    in_event(world)
    world.cut_link(3)
    emergency_stop(world.desk, world.world, by="operator", because="a test", now=world.now)
    proof = proof_of_release(world.desk, world.now)
    assert len(proof.told) == len(proof.open) == 4 and proof.by == world.now + LEASE
    world.run(world.now + TICK)
    assert gives_kw(world) == [OWN_KW] * 3 + [ASKED_KW]
    proof = proof_of_release(world.desk, world.now)
    assert len(proof.shown) == 3 and list(proof.open) == world.names(3).to_pylist()
    assert proof.by is not None
    world.run(proof.by + TICK)
    assert gives_kw(world) == [OWN_KW] * 4
    assert all(row["issued_at"] <= EVENT + 10 * MINUTE for home in range(4) for row in asks(world, home))


def test_a_target_too_large_gives_the_most_and_says_what_is_missing() -> None:
    world = tiny(4, stored_share=[0.9, 0.9, 0.9, 0.2])
    world.cut_link(2)
    in_event(world, 0, target_kw=Decimal(1000))
    (step,) = world.rows(FLEET_STEPS)
    assert step["asked_milliwatt"] == 10_000_000 and step["shortfall_milliwatt"] == 990_000_000
    assert {row["protection"]: row["withheld_milliwatt"] for row in world.rows(WITHHELD)} == {
        "reserve": 5_000_000, "silent": 5_000_000}
