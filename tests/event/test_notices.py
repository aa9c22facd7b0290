"""Who is told what about an event, and the life of an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gridrider.cli import main
from gridrider.event.lifecycle import NEXT, Act, Life, Status, Step, after, life_of
from gridrider.problem import Refusal
from tests.event.world import PROGRAM, Answer, Row, World, new_york


def homes() -> World:
    """One battery through an aggregator, one direct."""
    return World().add("enrollments", nameplate_kw="10").add(
        "enrollments", enrollment_id="e2", customer_id="c2", participant_id="c2", point_id="m2", nameplate_kw="10")


def notices(world: World, folder: Path, event: str = "v1") -> Answer:
    """Run `gridrider notices`."""
    code = main(["notices", str(PROGRAM), "--inputs", str(world.write(folder / "in")), "--event", event, "--out",
                 str(folder / "out")])
    return Answer(code=code, out=folder / "out")


def told(answer: Answer, enrollment: str = "e1") -> dict[str, str]:
    """When which notice is due to an enrollment, in local time."""
    from tests.event.world import NEW_YORK

    return {row["notice"]: f"{datetime.fromisoformat(row['at']).astimezone(NEW_YORK):%m-%d %H:%M}" if row["at"] else ""
            for row in answer.table("notices") if row["enrollment_id"] == enrollment}


def test_a_day_ahead_event_is_told_five_times(tmp_path: Path) -> None:
    """Scheduled, reminder, start with the time of the end, end, result (R66)."""
    world = homes().event("v1", "2026-07-01T15:00", 2, called_at=new_york("2026-06-30T16:00"))
    answer = notices(world, tmp_path)
    assert told(answer) == {"scheduled": "06-30 16:00", "reminder": "07-01 14:30", "start": "07-01 15:00",
                            "end": "07-01 17:00", "result": "07-01 21:00"}
    rows: list[Row] = [row for row in answer.table("notices") if row["notice"] == "start"]
    assert [(row["enrollment_id"], row["channel"], row["to"]) for row in rows] == [
        ("e1", "aggregator", "agg"), ("e2", "direct", "c2")]
    assert all("ends at 17:00" in row["says"] for row in rows)


@pytest.mark.parametrize(("called", "reminder"), [("14:29", True), ("14:30", False), ("14:59", False)])
def test_a_day_of_event_is_told_however_short_the_time(called: str, reminder: bool, tmp_path: Path) -> None:
    """Much less than a day ahead is still announced and told at its start (R128)."""
    world = homes().event("v1", "2026-07-01T15:00", 2, called_at=new_york(f"2026-07-01T{called}"), notice="day_of")
    found = told(notices(world, tmp_path))
    assert found["scheduled"] == f"07-01 {called}"
    assert {"start", "end"} <= set(found)
    assert ("reminder" in found) is reminder


@pytest.mark.parametrize(("cells", "kinds"), [
    ({"event_id": "v1"}, set()),
    ({"start": new_york("2026-07-01T15:00"), "end": new_york("2026-07-01T17:00")}, set()),
    ({"start": new_york("2026-06-30T15:00"), "end": new_york("2026-07-01T14:30")},
     {"reminder", "start", "end", "result"}),
    ({"start": new_york("2026-07-01T16:00"), "end": new_york("2026-07-01T18:00")},
     {"scheduled", "reminder", "start", "result"})])
def test_who_is_suspended_is_told_nothing_meanwhile(cells: dict[str, str], kinds: set[str], tmp_path: Path) -> None:
    """The suspend toggle: still enrolled, no dispatch and no notices while it is off (R65)."""
    world = homes().event("v1", "2026-07-01T15:00", 2, called_at=new_york("2026-06-30T16:00"))
    world.add("unavailable", reason="suspended", **cells)
    answer = notices(world, tmp_path)
    assert set(told(answer)) == kinds
    assert len(told(answer, "e2")) == 5


@pytest.mark.parametrize(("at", "kinds", "share"), [
    ("2026-06-30T18:00", {"scheduled"}, "0"), ("2026-07-01T15:30", {"scheduled", "reminder", "start"}, "0.25")])
def test_who_opts_out_is_told_no_more(at: str, kinds: set[str], share: str, tmp_path: Path) -> None:
    """Out of one event, when scheduled or active: the device returns to normal and the notices end (R64)."""
    world = homes().event("v1", "2026-07-01T15:00", 2, called_at=new_york("2026-06-30T16:00"))
    answer = notices(world.add("opt_outs", event_id="v1", at=new_york(at)), tmp_path)
    assert set(told(answer)) == kinds
    (row,) = answer.table("refusals")
    assert (row["cause"], row["clause"], row["share"]) == ("opted_out", "Leaf 12", share)


def test_an_event_called_off_is_told_so_and_nothing_after(tmp_path: Path) -> None:
    world = homes().event("v1", "2026-07-01T15:00", 2, called_at=new_york("2026-06-30T16:00"),
                          cancelled_at=new_york("2026-07-01T10:00"))
    assert told(notices(world, tmp_path)) == {"scheduled": "06-30 16:00", "cancelled": "07-01 10:00"}


def test_an_unknown_event_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert notices(homes().event("v1", "2026-07-01T15:00", 2), tmp_path, "gone").code == 1
    assert "is no event of the events table" in capsys.readouterr().err


# ---- the life of an event ---------------------------------------------------------------------------
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def steps(*acts: Act, by: str = "grace") -> list[Step]:
    """One act after the other, an hour apart."""
    return [Step(act=act, by=by, at=NOON + number * timedelta(hours=1)) for number, act in enumerate(acts)]


@pytest.mark.parametrize(("acts", "status"), [
    ((), Status.PROPOSED), ((Act.APPROVE, Act.SCHEDULE, Act.START, Act.FINISH, Act.SETTLE), Status.SETTLED),
    ((Act.APPROVE, Act.SCHEDULE, Act.START, Act.HOLD), Status.HELD), ((Act.REJECT,), Status.REJECTED),
    ((Act.APPROVE, Act.SCHEDULE, Act.HOLD, Act.RELEASE, Act.START, Act.STOP), Status.COMPLETED),
    ((Act.APPROVE, Act.SCHEDULE, Act.CANCEL), Status.CANCELLED)])
def test_lives_of_events(acts: tuple[Act, ...], status: Status) -> None:
    """Called, scheduled, run, held by a storm also while it runs, settled (R71, R61)."""
    life = life_of("ada", steps(*acts))
    assert isinstance(life, Life)
    assert (life.status, len(life.steps)) == (status, len(acts))


@pytest.mark.parametrize(("acts", "reason"), [
    ((Act.SCHEDULE,), "possible: approve, reject, cancel"), ((Act.APPROVE, Act.START), "possible: schedule, cancel"),
    ((Act.APPROVE, Act.SCHEDULE, Act.START, Act.CANCEL), "possible: hold, stop, finish"),
    ((Act.REJECT, Act.APPROVE), "possible: nothing")])
def test_what_is_not_in_the_table_is_refused(acts: tuple[Act, ...], reason: str) -> None:
    life = life_of("ada", steps(*acts))
    assert isinstance(life, Refusal)
    assert reason in life.reason


@pytest.mark.parametrize(("by", "refused"), [("ada", True), (" ADA ", True), ("grace", False)])
def test_who_proposes_does_not_approve(by: str, refused: bool) -> None:
    """Four-eyes approval of dispatch (R142)."""
    life = life_of("ada", steps(Act.APPROVE, by=by))
    assert isinstance(life, Refusal) is refused


def test_time_does_not_run_backwards() -> None:
    life = life_of("ada", steps(Act.APPROVE))
    assert isinstance(life, Life)
    early, same = (after(life, Step(act=Act.SCHEDULE, by="grace", at=NOON - delay))
                   for delay in (timedelta(seconds=1), timedelta()))
    assert isinstance(early, Refusal)
    assert isinstance(same, Life)


def test_every_status_can_be_reached() -> None:
    assert {Status.PROPOSED, *NEXT.values()} == set(Status)
