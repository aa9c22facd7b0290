"""The checker against the program: with one protection taken out at a time, a recorded run must show it.

One world has a home for every protection that could bind; with all protections in place the checker finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from gridrider.app.operate import ask, hear, instruct, share, stop
from gridrider.app.operate import tick as ticking
from gridrider.app.operate.desk import Desk
from gridrider.app.operate.stop import emergency_stop
from gridrider.app.operate.words import CALLED
from gridrider.dispatch.model import INSTRUCTIONS, Protection
from gridrider.dispatch.protections import bounds
from gridrider.dispatch.protections.last_word import Milder
from tests.replay.links import Altered, Row
from tests.replay.worlds import TICK, Tiny, changed_column, tiny

PROGRAM = Path(__file__).resolve().parents[1] / "audit" / "program.yaml"
EVENT = datetime(2026, 7, 7, 21, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOMES = ("plain", "ended", "unsigned", "unverified", "life_support", "suspended", "opted_out", "islanded", "locked",
         "feed_lost", "mute", "stale", "contradictory", "away", "leaving", "empty", "high_voltage", "export_limit",
         "opts_out", "is_warned", "loses_grid", "cut_link")
PLACE = {name: place for place, name in enumerate(HOMES)}
ZONES = ("MONTH", "YEAR", "CYCLES")
Found = set[tuple[str, str]]
Mutant = Callable[[pytest.MonkeyPatch], None]


# ---- the world in which every protection has a home -------------------------------------------------
def per_home(usual: Any, **others: Any) -> list[Any]:
    """One cell for every home."""
    return [others.get(name, usual) for name in HOMES]


def enrollments(rows: pa.Table) -> pa.Table:
    """One enrollment that ended, one that was never signed, one on life support; nobody charges before a storm."""
    rows = changed_column(rows, "ends_on", per_home(None, ended=date(2026, 6, 30)))
    signed = rows.column("agreement_signed_on").to_pylist()
    rows = changed_column(rows, "agreement_signed_on", [None if name == "unsigned" else day
                                                        for name, day in zip(HOMES, signed, strict=True)])
    rows = rows.append_column("life_support", pa.array(per_home("false", life_support="true")))
    return rows.append_column("storm_opt_out", pa.array(["true"] * len(HOMES)))


def devices(rows: pa.Table) -> pa.Table:
    """One that is not verified, and two in counties of their own."""
    rows = changed_column(rows, "verified", per_home(True, unverified=False))
    return changed_column(rows, "county", per_home("CAC067", locked="CAC001", feed_lost="NVC001", is_warned="CAC003"))


def told(row: Row) -> Row:
    """What the homes report that have something to report."""
    minute = row["reported_at"].minute
    return {**row, **{
        "mute": {"connection": None}, "contradictory": {"stored_mwh": 6_000_000 + minute % 10 * 600_000},
        "away": {"plugged": False}, "high_voltage": {"voltage_pu": 1.09},
        "leaving": {"departs_at": EVENT + HOUR, "departure_mwh": 12_500_000},
    }[HOMES[place_of(row["enrollment_id"])]]}


def play() -> Tiny:
    """An event of an hour, and another that is stopped; returned when all is over."""
    world = tiny(len(HOMES), rider="home", tariff_file=PROGRAM, start=EVENT - 60 * MINUTE, enrollments=enrollments,
                 devices=devices, stored_share=per_home(0.95, empty=0.30), reserve_pct=10.0,
                 export_kw_max=per_home(10.0, export_limit=1.0))
    lying = [place for name, place in PLACE.items() if name in ("mute", "contradictory", "away", "high_voltage",
                                                                "leaving")]
    world.devices = Altered(devices=world.world, homes=world.names(*lying).to_pylist(), change=told)
    first = world.call(EVENT, hours=1)
    world.suspend(PLACE["suspended"])
    world.opt_out(first, PLACE["opted_out"])
    world.feed.areas = ("CA", "NV")
    world.feed.say(world.now, county="CAC001")
    world.feed.say(world.now, "HW.A", hours=1 / 3, county="NVC001")
    world.run(EVENT - 50 * MINUTE)
    world.feed.areas = ("CA",)
    world.run(EVENT - 20 * MINUTE)
    world.cut_link(PLACE["stale"], until=EVENT + 3 * HOUR)
    world.outage(PLACE["islanded"], until=EVENT + 3 * HOUR)
    world.run(EVENT + 20 * MINUTE)
    world.opt_out(first, PLACE["opts_out"])
    world.feed.say(world.now, county="CAC003")
    world.outage(PLACE["loses_grid"], until=EVENT + 3 * HOUR)
    world.run(EVENT + 70 * MINUTE)
    world.call(EVENT + 80 * MINUTE, hours=1)
    world.run(EVENT + 85 * MINUTE)
    emergency_stop(world.desk, world.devices, by="operator", because="a test", now=world.now)
    world.run(EVENT + 110 * MINUTE)
    return world


def used_up() -> Tiny:
    """Three homes, one of which each was used as often this month, this year, and as much, as may be."""
    def zoned(rows: pa.Table) -> pa.Table:
        return changed_column(rows, "zone", ZONES)

    may = datetime(2026, 5, 5, 21, tzinfo=UTC)
    world = tiny(3, rider="home", tariff_file=PROGRAM, start=may - 10 * MINUTE, enrollments=zoned,
                 battery_kwh=[13.5, 13.5, 4.0])
    days = timedelta(days=1)
    for start, zone, hours in ((may, "YEAR", .25), (may + days, "YEAR", .25), (may + 7 * days, "CYCLES", 1.0),
                               (may + 8 * days, "CYCLES", 1.0), (may + 30 * days, "YEAR", .25),
                               (may + 31 * days, "YEAR", .25), (may + 32 * days, "YEAR", .25),
                               (EVENT - 3 * days, "MONTH", .25), (EVENT - 2 * days, "MONTH", .25),
                               (EVENT - days, "MONTH", .25), (EVENT, "", .5)):
        world.skip_to(start - 10 * MINUTE)
        world.world.state.stored_kwh[:] = np.array([12.0, 12.0, 4.0])
        world.call(start, hours=hours, zones=(zone,) if zone else ())
        world.run(start + hours * HOUR + 2 * TICK)
    return world


def found(world: Tiny, folder: Path, homes: Sequence[str] = HOMES) -> Found:
    """Rule and home of every finding of the program."""
    return {(each.rule, homes[place_of(each.enrollment_id)]) for each in world.findings(folder)}


def place_of(enrollment_id: str) -> int:
    """The place of a home in its world."""
    return int(enrollment_id.rsplit("-", 1)[1]) - 1


# ---- the mutants ------------------------------------------------------------------------------------
def without(*protections: Protection) -> Mutant:
    """Those protections do not bind; where a device's own power bounds, twice of it does."""
    ceilings = bounds._ceilings

    def some(*given: Any) -> Iterator[tuple[Protection, NDArray[np.float64]]]:
        for protection, most_kw in ceilings(*given):
            if protection not in protections:
                yield protection, most_kw
            elif protection is Protection.POWER_LIMIT:
                yield protection, 2 * most_kw

    return lambda patch: patch.setattr(bounds, "_ceilings", some)


def without_floor(patch: pytest.MonkeyPatch) -> None:
    """Instructions have the floor of nothing."""
    def floorless(*given: Any, **named: Any) -> bounds.Bounds:
        made = bounds.event_bounds(*given, **named)
        return replace(made, floor_kwh=0.0 * made.floor_kwh)

    patch.setattr(ask, "event_bounds", floorless)


def shared_beyond_bounds(patch: pytest.MonkeyPatch) -> None:
    """Sharing out forgets the bounds; the last word does not."""
    share_out = share.share_out

    def generous(*given: Any, **named: Any) -> Any:
        shared = share_out(*given, **named)
        return replace(shared, asked_kw=given[1].discharge_max_kw + 0 * shared.asked_kw)

    patch.setattr(ask, "share_out", generous)


def and_shared_beyond(mutant: Mutant) -> Mutant:
    """Sharing out forgets the bounds too: by itself it shares no more energy than lies above the floor."""
    def both(patch: pytest.MonkeyPatch) -> None:
        shared_beyond_bounds(patch)
        mutant(patch)

    return both


def without_last_word(patch: pytest.MonkeyPatch) -> None:
    """Sharing out forgets the bounds, and the last word lets it."""
    shared_beyond_bounds(patch)
    patch.setattr(ask, "last_word", lambda asked_kw, held: Milder(
        given_kw=asked_kw, changed=np.zeros(len(asked_kw), np.bool_), protection=held.protection))


def beyond_the_end(patch: pytest.MonkeyPatch) -> None:
    """Timers run as long as a lease, past the event's end."""
    patch.setattr(ask, "min", lambda first, *others: first, raising=False)


def beyond_the_end_and_unbounded(patch: pytest.MonkeyPatch) -> None:
    """And nothing asks whether that is outside of the event."""
    beyond_the_end(patch)
    without(Protection.OUTSIDE_EVENT)(patch)


def longer_leases(patch: pytest.MonkeyPatch) -> None:
    """Timers of half an hour."""
    patch.setattr(ask, "timedelta", lambda seconds: timedelta(seconds=max(seconds, 1800)))


def nobody_leaves_before_the_end(patch: pytest.MonkeyPatch) -> None:
    """Who may not be asked any more is not handed back."""
    changes = ask._changes

    def kept(*given: Any) -> Any:
        new, back = changes(*given)
        return new, back & False

    patch.setattr(ask, "_changes", kept)


def nobody_leaves_at_the_end(patch: pytest.MonkeyPatch) -> None:
    """An event that is over is closed, and that is all."""
    hand_back = instruct.hand_back
    patch.setattr(ticking, "hand_back", lambda desk, device, now, **said: hand_back(desk, device[:0], now, **said))


def nobody_leaves_at_a_stop(patch: pytest.MonkeyPatch) -> None:
    """A stop stops asking, and lets who holds an instruction hold it."""
    hand_back = instruct.hand_back
    patch.setattr(stop, "hand_back", lambda desk, device, now, **said: hand_back(desk, device[:0], now, **said))
    nobody_leaves_before_the_end(patch)


def deaf_to_opt_outs(patch: pytest.MonkeyPatch) -> None:
    """Opt-outs are kept and not heeded."""
    patch.setattr(Desk, "_note_left", lambda desk, called: None)


def mute_before_sending(patch: pytest.MonkeyPatch) -> None:
    """What was given up as unknown is not said to be."""
    check = hear.check
    patch.setattr(ticking, "check", lambda *given: check(*given).slice(0, 0))


MUTANTS: dict[str, tuple[Mutant, Found]] = {
    "emergency_stop": (without(Protection.EMERGENCY_STOP), {("emergency_stop", "plain")}),
    "not_in_force": (without(Protection.NOT_IN_FORCE), {("not_in_force", "ended")}),
    "unsigned": (without(Protection.UNSIGNED), {("unsigned", "unsigned")}),
    "unverified": (without(Protection.UNVERIFIED), {("unverified", "unverified")}),
    "medical": (without(Protection.MEDICAL), {("medical", "life_support")}),
    "suspended": (without(Protection.SUSPENDED), {("suspended", "suspended")}),
    "opted_out": (without(Protection.OPTED_OUT), {("opted_out", "opted_out"), ("opted_out", "opts_out")}),
    "islanded": (without(Protection.ISLANDED), {("islanded", "islanded"), ("islanded", "loses_grid")}),
    "storm_hold": (without(Protection.STORM_HOLD), {("storm_hold", "locked"), ("storm_hold", "is_warned")}),
    "storm_feed_lost": (without(Protection.STORM_FEED_LOST), {("storm_feed_lost", "feed_lost")}),
    "silent": (without(Protection.SILENT), {("silent", "mute")}),
    "stale": (without(Protection.STALE), {("stale", "stale")}),
    "contradictory": (without(Protection.CONTRADICTORY), {("contradictory", "contradictory")}),
    "unplugged": (without(Protection.UNPLUGGED), {("unplugged", "away")}),
    "ev_departure": (and_shared_beyond(without(Protection.EV_DEPARTURE)), {("ev_departure", "leaving")}),
    "reserve": (and_shared_beyond(without(Protection.RESERVE)), {("reserve", "empty")}),
    "high_voltage": (without(Protection.HIGH_VOLTAGE), {("high_voltage", "high_voltage")}),
    "export_limit": (without(Protection.EXPORT_LIMIT), {("export_limit", "export_limit")}),
    "power_limit": (without(Protection.POWER_LIMIT), {("power_limit", "plain")}),
    "floor": (without_floor, {("floor", "plain")}),
    "lease": (longer_leases, {("lease", "plain")}),
    "outside_event": (beyond_the_end_and_unbounded, {("outside_event", "plain")}),
    "last_word": (without_last_word, {("reserve", "empty"), ("export_limit", "export_limit")}),
    "restore": (nobody_leaves_before_the_end, {("restore", "opts_out"), ("restore", "is_warned"),
                                               ("restore", "loses_grid")}),
    "the_end": (nobody_leaves_at_the_end, {("restore", "plain")}),
    "stop": (nobody_leaves_at_a_stop, {("restore", "plain")}),
    "deaf": (deaf_to_opt_outs, {("opted_out", "opts_out")}),
    "unknown": (mute_before_sending, {("seen", "plain")}),
}
"""What is taken out, and what the checker must find at least: rule and home."""

USED_UP: dict[str, tuple[Mutant, tuple[str, str]]] = {
    "events_per_month": (without(Protection.EVENTS_PER_MONTH), ("events_per_month", "MONTH")),
    "events_per_year": (without(Protection.EVENTS_PER_YEAR), ("events_per_year", "YEAR")),
    "cycles_per_year": (without(Protection.CYCLES_PER_YEAR), ("cycles_per_year", "CYCLES")),
}
DEFENDED: dict[str, Mutant] = {"shared beyond bounds": shared_beyond_bounds, "timers past the end": beyond_the_end}
"""What another protection makes up for."""


def test_with_every_protection_nothing_is_found(tmp_path: Path) -> None:
    """And every home was held back by the protection that it is there for."""
    world = play()
    assert found(world, tmp_path) == set()
    never = {HOMES[place] for place in range(len(HOMES))
             if not any((row["delivered_milliwatt"] or 0) > 0 for row in world.rows(INSTRUCTIONS, place))}
    assert never == {"ended", "unsigned", "unverified", "life_support", "suspended", "islanded", "locked", "feed_lost",
                     "mute", "stale", "contradictory", "away"}
    assert {row["act"] for row in world.rows(CALLED)} == {"call", "close"}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_checker_finds_what_is_taken_out(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant, expected = MUTANTS[name]
    mutant(monkeypatch)
    assert expected <= found(play(), tmp_path)


@pytest.mark.parametrize("name", DEFENDED)
def test_one_protection_makes_up_for_another(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DEFENDED[name](monkeypatch)
    assert found(play(), tmp_path) == set()


def test_who_is_used_up_is_not_asked(tmp_path: Path) -> None:
    assert found(used_up(), tmp_path, ZONES) == set()


@pytest.mark.parametrize("name", USED_UP)
def test_the_checker_finds_who_is_used_too_much(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant, expected = USED_UP[name]
    mutant(monkeypatch)
    assert expected in found(used_up(), tmp_path, ZONES)
