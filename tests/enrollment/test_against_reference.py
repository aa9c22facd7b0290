"""Seeded worlds of applications and acts, decided by `enroll` and, from the rules' page, by plain Python day by day."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.enrollment.bench import Result, run
from tests.enrollment.reference import Cells, Outcome, Program, key_of

FIRST, DAYS = date(2025, 11, 1), 150
AT = FIRST + timedelta(days=DAYS - 20)
CLOSED_FROM = date(2029, 1, 1)
PARTICIPANTS: list[Cells] = [
    {"participant_id": "AGG-1", "kind": "aggregator", "utility": "false", "utility_affiliate": "false"},
    {"participant_id": "AGG-2", "kind": "aggregator", "utility": "", "utility_affiliate": ""},
    {"participant_id": "AFFILIATE", "kind": "aggregator", "utility": "false", "utility_affiliate": "true"},
    {"participant_id": "UTILITY", "kind": "aggregator", "utility": "true", "utility_affiliate": "false"},
    {"participant_id": "OTHER", "kind": "direct", "utility": "false", "utility_affiliate": "true"}]
TECHNOLOGY = {"battery": "battery", "cars": "ev", "heat": "thermostat"}
SERVICES = {"battery": ("peak", "voltage"), "cars": ("sharing",), "heat": ("warm",)}


class World:
    """One seeded world, its tables as texts."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.existing = [self.enrolled(number) for number in range(12)]
        self.applications = [self.applied(number) for number in range(90)]
        ids = [row["enrollment_id"] for row in self.existing] + [row["application_id"] for row in self.applications]
        self.acts = [self.acted(number, self.chance.choice(ids)) for number in range(90)]

    def day(self) -> date:
        return FIRST + timedelta(days=self.chance.randrange(DAYS))

    def often(self, share: float, yes: str = "true", no: str = "false") -> str:
        return yes if self.chance.random() < share else self.chance.choice((no, ""))

    def enrolled(self, number: int) -> Cells:
        rider = self.chance.choice(("battery", "cars", "heat"))
        start = date(self.chance.choice((2020, 2021, 2025)), self.chance.randrange(1, 13), self.chance.randrange(1, 29))
        start = min(start, FIRST - timedelta(days=1))
        return {"enrollment_id": f"E{number:02d}", "rider": rider, "customer_id": f"c{number}",
                "participant_id": self.chance.choice(("AGG-1", "AGG-2")), "point_id": f"p{number}",
                "technology": TECHNOLOGY[rider], "nameplate_kw": str(self.chance.choice((5, 8))),
                "agreement_signed_on": "2020-01-01", "enrolled_on": str(start), "starts_on": str(start), "zone": "",
                "customer_class": "residential"}

    def applied(self, number: int) -> Cells:
        chance = self.chance
        rider = chance.choice(("battery", "battery", "cars", "cars", "heat"))
        day = self.day()
        again = chance.choice(self.existing) if chance.random() < 0.25 else None
        customer = again["customer_id"] if again else f"c{chance.randrange(20, 90)}"
        row = {
            "application_id": f"A{number:02d}", "rider": again["rider"] if again else rider, "customer_id": customer,
            "point_id": again["point_id"] if again else f"p{chance.randrange(20, 130)}", "applied_on": str(day),
            "participant_id": chance.choice(("AGG-1", "AGG-1", "AGG-2", customer, customer, "AFFILIATE", "UTILITY",
                                             "OTHER")),
            "nameplate_kw": chance.choice(("0.9", "1", "5", "7", "12", "5000") if rider == "battery" else "579"),
            "duration_h": chance.choice(("1.9", "2", "4", "4", "4")), "prior_enrollment_id": "",
            "starts_on": chance.choice(("", "", str(day + timedelta(days=9)))), "services": "",
            "agreement_signed_on": chance.choice(("", str(day + timedelta(days=1)), *[str(day)] * 6)),
            "customer_class": chance.choice(("", "other", *["residential", "small_commercial"] * 4)),
            "utility_customer": self.often(0.6), "cca_customer": self.often(0.5),
            "other_demand_response": self.often(0.05), "utility_owned": self.often(0.05),
            "other_programs": chance.choice(("wholesale", "net_metering;other_demand_response",
                                             *["net_metering", ""] * 7)),
            "medical_baseline": self.often(0.05),
            "evidence_UL1741-SB": chance.choice(("true", "2024-05-05", "true", "")),
            "evidence_UL1741-SB_until": chance.choice(("", "", str(day - timedelta(days=1)),
                                                       str(day + timedelta(days=99)))),
            "evidence_ISO 15118-20": self.often(0.9), "interconnection_agreement": self.often(0.95),
            "storage_measured_at_inverter": self.often(0.6),
            "storage_kind": chance.choice(("thermal", "chemical", "mechanical", "chemical")),
            "equipment": self.often(0.7), "non_emitting": self.often(0.9), "pending": self.often(0.7)}
        row["technology"] = chance.choice((*[TECHNOLOGY[row["rider"]]] * 9, "other"))
        if again and chance.random() < 0.7:
            row["prior_enrollment_id"] = again["enrollment_id"]
        if row["rider"] == "battery" and chance.random() < 0.5:
            row["services"] = "peak"
        return row

    def acted(self, number: int, target: str) -> Cells:
        chance = self.chance
        act = chance.choice(("suspend", "resume", "move", "unenroll", "disenroll", "re_enroll", "close", "add_service"))
        on_application = target.startswith("A") and chance.random() < 0.4
        if on_application:
            act = chance.choice(("approve", "approve", "withdraw"))
        elif chance.random() < 0.15:
            target = f"{target}-{FIRST + timedelta(days=60):%Y%m%d}"
        day = FIRST + timedelta(days=60) if chance.random() < 0.2 else self.day()
        row = {"act": act, "at": str(day), "application_id": target if on_application else "",
               "enrollment_id": "" if on_application else target,
               "by": chance.choice(("", "", "utility", "AGG-1", "AGG-2", "stranger")), "to_participant_id": "",
               "services": "", "idempotency_key": key_of(number, target)}
        if act == "move":
            row["to_participant_id"] = chance.choice(("AGG-1", "AGG-2", "AGG-2", "AFFILIATE", "UTILITY", "OTHER"))
        if act == "add_service":
            rider = next(row["rider"] for row in (*self.existing, *self.applications)
                         if target.startswith(row.get("enrollment_id") or row["application_id"]))
            row["services"] = SERVICES[rider][-1]
        return row

    def known_targets(self) -> list[Cells]:
        """The acts whose enrollment can exist: a row that follows needs the move or re-enrollment that makes it."""
        made = {f"{act['enrollment_id']}-{act['at'].replace('-', '')}" for act in self.acts
                if act["act"] in ("move", "re_enroll")}
        first = {row["enrollment_id"] for row in self.existing} | {row["application_id"] for row in self.applications}
        return [act for act in self.acts if act["application_id"] or act["enrollment_id"] in first | made]


def by_engine(world: World, acts: list[Cells], folder: Path) -> Result:
    return run(folder, at=str(AT), participants=PARTICIPANTS, enrollments=world.existing,
               applications=world.applications, acts=acts)


def by_reference(world: World, acts: list[Cells]) -> Outcome:
    return Program(AT, PARTICIPANTS).run(world.existing, world.applications, acts, CLOSED_FROM)


def told(result: Result) -> dict[str, object]:
    """What the engine wrote, in the words of the reference."""
    refusals: dict[str, set[str]] = {}
    for row in result.rows("refusals"):
        refusals.setdefault(row["application_id"], set()).add(row["clause"])
    return {
        "refusals": refusals,
        "statuses": {row["application_id"]: row["status"] for row in result.rows("applications")},
        "enrollments": {row["enrollment_id"]: (row["rider"], row["participant_id"], row["enrolled_on"],
                                               row["starts_on"], row["ends_on"], row["end_reason"],
                                               row["prior_enrollment_id"], row["services"], bool(row["suspended_at"]))
                        for row in result.rows("enrollments")},
        "acts": {row["act_key"]: row["outcome"] for row in result.rows("acts") if row["enrollment_id"]}}


def expected(outcome: Outcome, acts: list[Cells]) -> dict[str, object]:
    """What the reference says, in the words of the files."""
    return {
        "refusals": outcome.refusals, "statuses": outcome.statuses,
        "enrollments": {held.enrollment_id: (held.rider, held.participant_id, str(held.vintage), str(held.starts_on),
                                             str(held.ends_on or ""), held.end_reason, held.prior,
                                             ";".join(held.services), held.suspended)
                        for held in outcome.enrollments.values()},
        "acts": {act["idempotency_key"]: outcome.acts[act["idempotency_key"]] for act in acts if act["enrollment_id"]}}


@pytest.mark.parametrize("seed", range(12))
def test_worlds_are_decided_as_the_page_says(seed: int, tmp_path: Path) -> None:
    """Eligibility, queue, vintage and acts agree with a reading of the page in plain Python (R2, R3, R4, R5, R15, R17,
    R34, R36, R37, R38, R39, R40, R41, R42, R46, R47, R48, R49, R52, R114, R136, R137, R139)."""
    world = World(seed)
    acts = world.known_targets()
    engine, reference = told(by_engine(world, acts, tmp_path)), expected(by_reference(world, acts), acts)
    for what in engine:
        ours, theirs = engine[what], reference[what]
        assert isinstance(ours, dict) and isinstance(theirs, dict)
        differ = {name: (ours.get(name), theirs.get(name)) for name in ours.keys() | theirs.keys()
                  if ours.get(name) != theirs.get(name)}
        assert not differ, (what, differ)


def test_the_worlds_hold_what_they_are_to_prove() -> None:
    """Each state, refusal and outcome comes up somewhere, so that the agreement above says something."""
    statuses: set[str] = set()
    clauses: set[str] = set()
    outcomes: set[str] = set()
    reasons: set[str] = set()
    for seed in range(12):
        world = World(seed)
        outcome = by_reference(world, world.known_targets())
        statuses |= set(outcome.statuses.values())
        clauses |= set().union(*outcome.refusals.values())
        outcomes |= set(outcome.acts.values())
        reasons |= {held.end_reason or held.status for held in outcome.enrollments.values()}
    assert statuses >= {"applied", "pending_review", "waitlisted", "refused", "withdrawn", "enrolled", "moved",
                        "disenrolled"}
    assert clauses >= {"rule signed", "cars signed", "rule power", "rule hours", "rule served", "rule other program",
                       "rule medical", "rule inverter", "rule 21", "rule storage", "rule gateway", "rule emission",
                       "rule class", "rule owned", "rule affiliate", "rule wholesale", "cars charger",
                       "one device, one enrollment", "no agreement, no enrollment", "rule lock", "cars lock",
                       "a direct participant is the customer itself"}
    assert outcomes == {"done", "refused", "later"}
    assert reasons >= {"enrolled", "suspended", "moved", "re_enrolled", "unenrolled", "disenrolled",
                       "closed: test/next"}


def test_rows_in_any_order_and_the_files_again_give_the_same(tmp_path: Path) -> None:
    """Shuffled rows give the same bytes; the same files on top of the output change nothing (R140)."""
    world = World(99)
    acts = world.known_targets()
    first = by_engine(world, acts, tmp_path / "first")
    for rows in (world.applications, world.existing, acts):
        world.chance.shuffle(rows)
    second = by_engine(world, acts, tmp_path / "second")
    names = sorted(file.name for file in first.out.glob("*.csv"))
    assert len(names) == 10
    assert [name for name in names if (first.out / name).read_bytes() != (second.out / name).read_bytes()] == []
    again = tmp_path / "again"
    for name in ("enrollments", "service_terms", "unavailable"):
        (again / "in").mkdir(parents=True, exist_ok=True)
        (again / "in" / f"{name}.csv").write_bytes((first.out / f"{name}.csv").read_bytes())
    third = run(again, at=str(AT), participants=PARTICIPANTS, applications=world.applications, acts=acts)
    kept = ("enrollments.csv", "service_terms.csv", "unavailable.csv", "waitlist.csv")
    assert [name for name in kept if (first.out / name).read_bytes() != (third.out / name).read_bytes()] == []
    assert {outcome for act, outcome, _ in third.acts() if act not in ("withdraw", "approve")} <= {
        "repeated", "later", "refused"}
