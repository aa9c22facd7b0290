"""Each rule of the page broken once, and nothing else: exactly that finding."""

from collections.abc import Callable

import pytest

from gridrider.audit.model import Finding, FindingKind
from tests.audit.recorded import Run, at, findings_by_run, let_go, plain_run

Change = Callable[[Run], object]


def other_events(run: Run, count: int, months: tuple[int, ...]) -> None:
    """Earlier events of the same battery through an enrollment that ended, each asked for a little."""
    run.add("enrollments", enrollment_id="e0", ends_on="2026-07-06")
    run.add("devices", enrollment_id="e0")
    run.add("telemetry", enrollment_id="e0", reported_at="2026-01-01T00:00:00Z")
    for number in range(count):
        day = f"2026-{months[number % len(months)]:02d}-{1 + number:02d}T20"
        run.add("events", event_id=f"w{number}", service="relief", start=f"{day}:00:00Z", end=f"{day}:15:00Z")
        run.add("skipped", event_id=f"w{number}", enrollment_id="e1", reason="power_limit")
        run.add("telemetry", enrollment_id="e0", reported_at=f"{day}:00:00Z")
        for minute, origin in ((0, "event"), (15, "restore")):
            row = run.ask(0, "1" if origin == "event" else "", origin=origin, enrollment_id="e0", answer="",
                          event_id=f"w{number}", start=f"{day}:{minute:02d}:00Z", end=f"{day}:{minute + 15:02d}:00Z",
                          issued_at=f"{day}:{minute:02d}:00Z", reverts_at=f"{day}:{minute + 15:02d}:00Z")
            run.add("answers", instruction_id=row["instruction_id"], enrollment_id="e0", at=row["end"],
                    answer="unknown")


def gave_before(run: Run, given_kw: str) -> None:
    """A four-hour event of the same battery, earlier in the year, that took so much power of it."""
    run.add("enrollments", enrollment_id="e0", ends_on="2026-07-06")
    run.add("devices", enrollment_id="e0", usable_kwh="100")
    run.add("events", event_id="w0", service="relief", start="2026-03-02T12:00:00Z", end="2026-03-02T16:00:00Z")
    run.add("skipped", event_id="w0", enrollment_id="e1", reason="power_limit")
    for quarter in range(17):
        instant = f"2026-03-02T{12 + quarter // 4}:{quarter % 4 * 15:02d}:00Z"
        until = f"2026-03-02T{12 + (quarter + 1) // 4}:{(quarter + 1) % 4 * 15:02d}:00Z"
        run.add("telemetry", enrollment_id="e0", reported_at=instant, delivered_kw=given_kw if quarter else "0",
                stored_kwh=f"{100 - quarter * float(given_kw) / 4 / 0.9:.6f}", follows="true" if quarter else "false")
        row = run.ask(0, given_kw if quarter < 16 else "", origin="event" if quarter < 16 else "restore",
                      enrollment_id="e0", event_id="w0", start=instant, issued_at=instant, end=until, reverts_at=until,
                      answer="", floor_kwh="20" if quarter < 16 else "")
        run.add("answers", instruction_id=row["instruction_id"], enrollment_id="e0", at=until, answer="unknown")


def set_all(table: str, **cells: str) -> Change:
    """Every row of a table says something else."""
    def change(run: Run) -> None:
        for row in run.tables[table]:
            row.update(cells)
    return change


def set_asks(**cells: str) -> Change:
    """Every instruction of the event says something else."""
    def change(run: Run) -> None:
        for row in run.tables["instructions"]:
            if row["origin"] == "event":
                row.update(cells)
    return change


def set_report(minutes: float, **cells: str) -> Change:
    """One report says something else."""
    return lambda run: run.report(minutes).update(cells)


def vehicle(*, plugged: str = "true", departure_kwh: str = "8", departs: float | None = 75,
            floor_kwh: str = "4") -> Change:
    """The device is a vehicle that needs energy for a trip."""
    def change(run: Run) -> None:
        for table in ("enrollments", "devices"):
            run.tables[table][0]["technology"] = "ev"
        leaves = "" if departs is None else at(departs)
        set_all("telemetry", plugged=plugged, departure_kwh=departure_kwh, departs_at=leaves)(run)
        set_asks(floor_kwh=floor_kwh)(run)
    return change


def site_storm(status: str, start: float, end: float | None = None) -> Change:
    """The site is in a storm's hands for a while."""
    return lambda run: run.add("site_storms", {"from": at(start), "to": "" if end is None else at(end)},
                               enrollment_id="e1", status=status, alert="WS.W.0001")


def silence(first: float, last: float) -> Change:
    """No report from one minute through another."""
    def change(run: Run) -> None:
        for minutes in range(int(first), int(last) + 1, 5):
            run.drop("telemetry", reported_at=at(minutes))
    return change


BOUNDS: dict[str, tuple[str, Change]] = {
    "a stop before the event": ("emergency_stop", lambda run: run.add("stops", stopped_at=at(-30), resumed_at=at(50))),
    "ended the day before": ("not_in_force", set_all("enrollments", ends_on="2026-07-06")),
    "another rider": ("not_in_force", lambda run: (set_all("enrollments", rider="other")(run),
                                                   set_all("devices", reserve_customer_pct="20")(run))),
    "another zone": ("not_in_force", set_all("events", zone="SOUTH")),
    "another service": ("not_in_force", set_all("enrollments", services="relief")),
    "nobody's device": ("not_in_force", lambda run: run.tables["devices"].clear()),
    "signed a day late": ("unsigned", set_all("enrollments", agreement_signed_on="2026-07-08")),
    "not signed": ("unsigned", set_all("enrollments", agreement_signed_on="")),
    "not verified": ("unverified", set_all("devices", verified="false")),
    "life support": ("medical", set_all("enrollments", life_support="true")),
    "medical baseline": ("medical", set_all("enrollments", medical_baseline="true")),
    "suspended": ("suspended", lambda run: run.add("unavailable", enrollment_id="e1", reason="suspended", start=at(-30),
                                                   end=at(120))),
    "suspended for the event": ("suspended", lambda run: run.add("unavailable", enrollment_id="e1", reason="suspended",
                                                                 event_id="v1")),
    "suspended enrollment": ("suspended", set_all("enrollments", suspended_at=at(-1000))),
    "opted out before": ("opted_out", lambda run: run.add("opt_outs", event_id="v1", enrollment_id="e1", at=at(-30))),
    "locked": ("storm_hold", site_storm("lock", -30)),
    "held before a storm": ("storm_hold", site_storm("pre_arm", -30)),
    "feed lost": ("storm_feed_lost", site_storm("feed_lost", -30)),
    "fourth event of the month": ("events_per_month", lambda run: other_events(run, 3, (7,))),
    "sixth event of the year": ("events_per_year", lambda run: other_events(run, 5, (1, 2, 3, 4, 5))),
    "the year's cycles": ("cycles_per_year", lambda run: gave_before(run, "5")),
    "called later": ("outside_event", set_all("events", called_at=at(50))),
    "called off": ("outside_event", set_all("events", cancelled_at=at(-10))),
    "no report": ("silent", lambda run: run.tables["telemetry"].clear()),
    "stored energy not told": ("silent", set_all("telemetry", stored_kwh="")),
    "connection not told": ("silent", set_all("telemetry", connection="")),
    "home's import not told": ("silent", lambda run: (set_all("devices", export_max_kw="9")(run),
                                                      set_all("telemetry", home_net_kw="")(run))),
    "too old": ("stale", silence(5, 60)),
    "more than full": ("contradictory", set_report(0, stored_kwh="10.2")),
    "less than nothing": ("contradictory", set_report(30, stored_kwh="-0.2")),
    "more power than there is": ("contradictory", set_report(-0, delivered_kw="5.7")),
    "more draw than there is": ("contradictory", set_report(0, delivered_kw="-5.7")),
    "a jump": ("contradictory", set_report(0, stored_kwh="8.9")),
    "away": ("unplugged", vehicle(plugged="false", departure_kwh="2")),
    "must leave soon": ("ev_departure", vehicle(departure_kwh="9.5", floor_kwh="8.4")),
    "a battery away": ("unplugged", set_all("telemetry", plugged="false")),
    "a vehicle that may be away": ("unplugged", vehicle(plugged="", departure_kwh="2")),
    "leaves, nobody knows when": ("ev_departure", vehicle(departure_kwh="9.9", departs=None, floor_kwh="9.9")),
    "leaves, nobody knows with what": ("ev_departure", vehicle(departure_kwh="", floor_kwh="8.9")),
    "a battery with a trip": ("ev_departure", lambda run: (
        set_all("telemetry", departs_at=at(75), departure_kwh="9.5")(run), set_asks(floor_kwh="8.4")(run))),
    "a size that nobody told": ("power_limit", set_all("devices", discharge_max_kw="")),
    "an export that nobody limits to more than nothing": ("export_limit", lambda run: (
        set_all("devices", export_max_kw="1")(run), set_all("telemetry", home_net_kw="-1")(run))),
    "customer's reserve": ("reserve", lambda run: (set_all("devices", reserve_customer_pct="95")(run),
                                                   set_asks(floor_kwh="9.5")(run))),
    "device's reserve": ("reserve", lambda run: (set_all("devices", reserve_device_pct="95")(run),
                                                 set_asks(floor_kwh="9.5")(run))),
    "voltage": ("high_voltage", set_all("telemetry", voltage_pu="1.09")),
    "export": ("export_limit", lambda run: (set_all("devices", export_max_kw="0.5")(run),
                                            set_all("telemetry", home_net_kw="1")(run))),
    "size": ("power_limit", set_all("devices", discharge_max_kw="1.9")),
}


KEPT: dict[str, Change] = {
    "a stop that was resumed": lambda run: run.add("stops", stopped_at=at(-30), resumed_at=at(0)),
    "ends that day": set_all("enrollments", ends_on="2026-07-07"),
    "its zone": set_all("events", zone="SOUTH;NORTH"),
    "its service": set_all("enrollments", services="relief;peak"),
    "signed that day": set_all("enrollments", agreement_signed_on="2026-07-07"),
    "suspended until then": lambda run: run.add("unavailable", enrollment_id="e1", reason="suspended", start=at(-30),
                                                end=at(0)),
    "suspended for another event": lambda run: run.add("unavailable", enrollment_id="e1", reason="suspended",
                                                       event_id="v9"),
    "opted out of another": lambda run: run.add("opt_outs", event_id="v9", enrollment_id="e1", at=at(-30)),
    "a storm that is over": site_storm("lock", -30, 0),
    "third event of the month": lambda run: other_events(run, 2, (7,)),
    "fifth event of the year": lambda run: other_events(run, 4, (1, 2, 3, 4, 5)),
    "the last of the cycles": lambda run: gave_before(run, "4.499"),
    "just not too old": silence(5, 10),
    "just full": set_report(0, stored_kwh="10.1"),
    "a small jump": set_report(-60, stored_kwh="9"),
    "all the power there is": lambda run: (set_report(-60, delivered_kw="5.6")(run)),
    "time enough to charge": vehicle(departure_kwh="8", departs=600),
    "voltage of a half": lambda run: (set_all("telemetry", voltage_pu="1.084")(run)),
    "export": lambda run: (set_all("devices", export_max_kw="1")(run)),
    "size": set_all("devices", discharge_max_kw="2"),
    "a thermostat": lambda run: (set_all("enrollments", technology="thermostat")(run),
                                 set_all("devices", technology="thermostat", usable_kwh="", export_max_kw="0")(run),
                                 set_all("telemetry", stored_kwh="", home_net_kw="", voltage_pu="1.2")(run),
                                 set_asks(floor_kwh="")(run)),
    "voltage that nobody told": set_all("telemetry", voltage_pu=""),
    "at the charger, no trip": vehicle(departure_kwh="", departs=None),
    "a storm shorter than a look": lambda run: site_storm("lock", 31, 34)(run),
}


# ---- timers, sequence, records ---------------------------------------------------------------------
def before_event(run: Run) -> None:
    run.instruction(0).update(issued_at=at(-5), start=at(-5), end=at(10), reverts_at=at(10))


def held_past_the_end(run: Run) -> None:
    run.instruction(45).update(end=at(65))


def reverts_past_the_end(run: Run) -> None:
    run.instruction(45)["reverts_at"] = at(61)


def long_lease(run: Run) -> None:
    run.instruction(0)["reverts_at"] = at(21)


def two_at_once(run: Run) -> None:
    run.instruction(0).update(end=at(20), reverts_at=at(20))


def named_twice(run: Run) -> None:
    run.instruction(15)["supersedes"] = "i2"


def of_nobody(run: Run) -> None:
    run.instruction(15)["supersedes"] = "i99"


def of_another(run: Run) -> None:
    run.add("enrollments", enrollment_id="e2", point_id="m2", zone="SOUTH", starts_on="2026-08-01")
    run.add("devices", enrollment_id="e2")
    let_go(run, -60, enrollment_id="e2", instruction_id="other")
    run.add("telemetry", enrollment_id="e2", reported_at=at(-55))
    run.instruction(15)["supersedes"] = "other"


def no_restore(run: Run) -> None:
    run.drop("instructions", origin="restore")
    run.drop("answers", instruction_id="i4")


def late_restore(run: Run) -> None:
    no_restore(run)
    let_go(run, 70)


def opted_out_and_kept(run: Run) -> None:
    run.add("opt_outs", event_id="v1", enrollment_id="e1", at=at(31))
    run.drop("instructions", issued_at=at(45))


def stopped_and_kept(run: Run) -> None:
    run.add("stops", stopped_at=at(31), resumed_at=at(119))
    run.drop("instructions", issued_at=at(45))


def outage_and_kept(run: Run) -> None:
    run.report(35)["connection"] = "islanded"
    run.drop("instructions", issued_at=at(45))


def locked_and_kept(run: Run) -> None:
    site_storm("lock", 31)(run)
    run.drop("instructions", issued_at=at(45))


def suspended_and_kept(run: Run) -> None:
    run.add("unavailable", enrollment_id="e1", reason="suspended", start=at(31), end=at(300))
    run.drop("instructions", issued_at=at(45))


def forgotten(run: Run) -> None:
    run.add("enrollments", enrollment_id="e2", point_id="m2")
    run.add("devices", enrollment_id="e2")


def made_milder(asked: str, given: str, **cells: str) -> Change:
    return lambda run: run.add("protections", {"enrollment_id": "e1", "at": at(15), "protection": "reserve",
                                               "asked_kw": asked, "given_kw": given, "event_id": "v1"}, **cells)


RULES: dict[str, tuple[str, Change]] = {
    "asked before the event": ("outside_event", before_event),
    "held past the end": ("outside_event", held_past_the_end),
    "reverts past the end": ("lease", reverts_past_the_end),
    "a timer of 21 minutes": ("lease", long_lease),
    "an event that draws": ("direction", set_asks(delivered_kw="-0.1")),
    "no floor": ("floor", set_asks(floor_kwh="")),
    "a floor too low": ("floor", set_asks(floor_kwh="1.99")),
    "a vehicle's floor too low": ("floor", lambda run: (vehicle(departure_kwh="4", departs=61)(run),
                                                        set_asks(floor_kwh="3.5")(run))),
    "two at once": ("supersedes", two_at_once),
    "takes the place of what comes later": ("supersedes", named_twice),
    "takes the place of nothing": ("supersedes", of_nobody),
    "takes the place of another's": ("supersedes", of_another),
    "a primacy that is not its own": ("primacy", set_asks(primacy="3")),
    "no restore": ("restore", no_restore),
    "a late restore": ("restore", late_restore),
    "an opt-out that is not heard": ("restore", opted_out_and_kept),
    "a stop that is not heard": ("restore", stopped_and_kept),
    "an outage that is not heard": ("restore", outage_and_kept),
    "a storm that is not heard": ("restore", locked_and_kept),
    "a suspension that is not heard": ("restore", suspended_and_kept),
    "a restore with power": ("asks_nothing", lambda run: run.instruction(60).update(delivered_kw="1")),
    "somebody forgotten": ("left_out", forgotten),
    "no answer": ("unknown", lambda run: run.drop("answers", instruction_id="i1")),
    "a late answer": ("unknown", lambda run: run.tables["answers"][1].update(at=at(26))),
    "only sent": ("unknown", lambda run: run.tables["answers"][1].update(answer="sent")),
    "a restore that nobody verified": ("seen", lambda run: run.drop("answers", answer="seen")),
    "a restore that no report shows": ("seen", set_report(65, follows="true", delivered_kw="0")),
    "harsher": ("protections", made_milder("1", "2")),
    "below nothing": ("protections", made_milder("1", "-1")),
    "not what was sent": ("protections", made_milder("4", "1.5")),
    "sent and said to be nothing": ("protections", made_milder("4", "0")),
    "never sent": ("protections", made_milder("4", "1.5", at=at(17))),
    "a protection of no row": ("protections", set_asks(protection="reserve")),
    "skipped and asked": ("skipped", lambda run: run.add("skipped", event_id="v1", enrollment_id="e1", reason="stale")),
}


CONSEQUENCES = {"called off": {"restore"}, "no report": {"seen"}}
"""What else a case cannot help: it is let go of too late for its event's new end; a restore that no report shows."""


def changed(change: Change) -> Run:
    """The plain run with one thing changed."""
    run = plain_run()
    change(run)
    return run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """What is found in every run of this file, about the battery of the plain run and what belongs to it."""
    runs = {**{f"bound {name}": changed(change) for name, (_, change) in BOUNDS.items()},
            **{f"kept {name}": changed(change) for name, change in KEPT.items()},
            **{f"rule {name}": changed(change) for name, (_, change) in RULES.items()}}
    return findings_by_run(runs, tmp_path_factory.mktemp("runs"))


def of_the_program(found: list[Finding]) -> list[Finding]:
    """Devices that go on as in the plain run have findings of their own in some of the cases."""
    return [finding for finding in found if finding.kind is FindingKind.PROGRAM]


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_that_is_broken_is_the_only_finding(name: str, found: dict[str, list[Finding]]) -> None:
    rule, _ = BOUNDS[name]
    program = of_the_program(found[f"bound {name}"])
    assert {finding.rule for finding in program} - CONSEQUENCES.get(name, set()) == {rule}
    first = next(finding for finding in program if finding.rule == rule)
    assert first.asked_kw == 2
    assert first.allowed_kw is not None
    assert first.allowed_kw < 2
    assert first.because


@pytest.mark.parametrize("name", KEPT)
def test_a_bound_that_is_just_kept_is_no_finding(name: str, found: dict[str, list[Finding]]) -> None:
    assert found[f"kept {name}"] == []


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_is_broken_is_the_only_finding(name: str, found: dict[str, list[Finding]]) -> None:
    rule, _ = RULES[name]
    program = of_the_program(found[f"rule {name}"])
    assert {finding.rule for finding in program} == {rule}
    assert program[0].because
