"""Enrollment in plain Python, day by day, from docs/reference/enrollment-rules.md, for the tariff of the tests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta

Cells = dict[str, str]
DAY = timedelta(days=1)
RIDERS = {"battery": {"battery"}, "cars": {"ev"}, "heat": {"thermostat", "water_heater", "other"}}
LOCK_YEARS = {"battery": 5, "cars": 5}


@dataclass
class Enrollment:
    """An enrollment as the simulation keeps it."""

    enrollment_id: str
    rider: str
    customer_id: str
    participant_id: str
    point_id: str
    kw: float
    vintage: date
    starts_on: date
    ends_on: date | None = None
    end_reason: str = ""
    prior: str = ""
    services: tuple[str, ...] = ()
    suspended: bool = False
    status: str = "enrolled"
    follows: bool = False

    def lasts_on(self, day: date) -> bool:
        return self.ends_on is None or self.ends_on >= day


@dataclass
class Outcome:
    """What came of everything."""

    refusals: dict[str, set[str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    enrollments: dict[str, Enrollment] = field(default_factory=dict)
    acts: dict[str, str] = field(default_factory=dict)


def day_of(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def first_day(row: Cells) -> date:
    day = date.fromisoformat(row["applied_on"])
    return max(day_of(row.get("starts_on", "")) or day, day)


def filled(row: Cells, column: str) -> bool:
    """A paper: there, not false, not run out."""
    until = day_of(row.get(f"{column}_until", ""))
    return bool(row.get(column)) and row[column].lower() != "false" and not (until and until < first_day(row))


def reasons(row: Cells, participants: dict[str, Cells], closed_from: date) -> set[str]:
    """The clauses that speak against an application by itself."""
    found = set()
    day, first = date.fromisoformat(row["applied_on"]), first_day(row)
    rider = row["rider"]

    def against(clause: str, fails: bool) -> None:
        if fails:
            found.add(clause)

    signed = day_of(row["agreement_signed_on"])
    known = participants.get(row["participant_id"], {})
    kind = known.get("kind") or ("direct" if row["participant_id"] == row["customer_id"] else "aggregator")
    against("closed from 2029", day >= closed_from and not row.get("prior_enrollment_id"))
    against(f"riders.{rider}.technologies", row["technology"] not in RIDERS[rider])
    clause = {"battery": "rule signed", "cars": "cars signed"}.get(rider, "no agreement, no enrollment")
    against(clause, signed is None or signed > first)
    against("rule class", row["customer_class"] not in ("residential", "small_commercial"))
    against("rule owned", row.get("utility_owned") == "true")
    against("rule affiliate", kind == "aggregator" and "true" in (known.get("utility"), known.get("utility_affiliate")))
    against("a direct participant is the customer itself",
            kind == "direct" and row["participant_id"] != row["customer_id"])
    if rider == "battery":
        hours, kw = float(row["duration_h"] or 0), float(row["nameplate_kw"])
        against("rule power", kw < 1)
        against("rule most power", kw > 5000)
        against("rule hours", hours < 2)
        against("rule served", "true" not in (row["utility_customer"], row["cca_customer"]))
        others = [name for name in row.get("other_programs", "").split(";") if name]
        against("rule other program", row.get("other_demand_response") == "true" or "other_demand_response" in others)
        against("rule wholesale", "wholesale" in others)
        against("rule medical", row.get("medical_baseline") == "true")
        against("rule inverter", not filled(row, "evidence_UL1741-SB"))
        against("rule 21", not filled(row, "interconnection_agreement"))
        storage = row.get("storage_measured_at_inverter") or {"thermal": "false", "chemical": "true",
                                                              "mechanical": "true"}.get(row.get("storage_kind", ""), "")
        against("rule storage", storage != "true")
        against("rule gateway", kind == "direct" and row.get("equipment") != "true")
        against("rule emission", day >= date(2026, 1, 1) and row.get("non_emitting") != "true")
    if rider == "cars":
        against("cars charger", not filled(row, "evidence_ISO 15118-20"))
    return found


def years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


class Program:
    """The program from its first day to the day of the run."""

    def __init__(self, at: date, participants: list[Cells]) -> None:
        self.at = at
        self.participants = {row["participant_id"]: row for row in participants}
        self.held: dict[str, Enrollment] = {}
        self.outcome = Outcome()

    def run(self, existing: list[Cells], applications: list[Cells], acts: list[Cells], closed_from: date) -> Outcome:
        for row in existing:
            self.held[row["enrollment_id"]] = Enrollment(
                enrollment_id=row["enrollment_id"], rider=row["rider"], customer_id=row["customer_id"],
                participant_id=row["participant_id"], point_id=row["point_id"], kw=float(row["nameplate_kw"]),
                vintage=date.fromisoformat(row["enrolled_on"]), starts_on=date.fromisoformat(row["starts_on"]))
        acts = sorted((act for act in acts if self.in_time(act)), key=lambda act: (act["at"], act["idempotency_key"]))
        begun = set(self.held)
        for act in acts:
            if self.root(act["enrollment_id"], begun):
                self.act(act)
        candidates = self.judge(applications, acts, closed_from)
        rest = [act for act in acts if act["idempotency_key"] not in self.outcome.acts and not act["application_id"]]
        self.simulate(candidates, acts, rest)
        for act in acts:
            self.outcome.acts.setdefault(act["idempotency_key"], "refused")
        self.outcome.enrollments = self.held
        return self.outcome

    def in_time(self, act: Cells) -> bool:
        if date.fromisoformat(act["at"]) > self.at:
            self.outcome.acts[act["idempotency_key"]] = "later"
            return False
        return True

    @staticmethod
    def root(enrollment_id: str, begun: set[str]) -> bool:
        """Whether an id is that of an enrollment that was there before, or of a row that followed it."""
        return any(enrollment_id == name or enrollment_id.startswith(f"{name}-20") for name in begun)

    def judge(self, applications: list[Cells], acts: list[Cells], closed_from: date) -> list[Cells]:
        ordered = sorted(applications, key=lambda row: (row["applied_on"], row["application_id"]))
        withdrawn = self.first_acts(acts, "withdraw")
        taken: set[str] = set()
        candidates = []
        for row in ordered:
            day = date.fromisoformat(row["applied_on"])
            if day > self.at:
                self.outcome.statuses[row["application_id"]] = "applied"
                continue
            found = reasons(row, self.participants, closed_from) | self.followed(row)
            if any(held.point_id == row["point_id"] and held.lasts_on(max(first_day(row), held.starts_on))
                   and held.enrollment_id != row.get("prior_enrollment_id") for held in self.held.values()):
                found.add("one device, one enrollment")
            gone = withdrawn.get(row["application_id"], date.max) <= day
            if not found and not gone and row["point_id"] in taken:
                found.add("one device, one enrollment")
            if found:
                self.outcome.refusals[row["application_id"]] = found
                self.outcome.statuses[row["application_id"]] = "refused"
                continue
            if gone:
                self.outcome.statuses[row["application_id"]] = "withdrawn"
                continue
            taken.add(row["point_id"])
            candidates.append(row)
        return candidates

    def followed(self, row: Cells) -> set[str]:
        prior = self.held.get(row.get("prior_enrollment_id", ""))
        if prior is None:
            return set()
        found = set()
        if (prior.customer_id, prior.point_id) != (row["customer_id"], row["point_id"]):
            found.add("re-enrollment")
        years = LOCK_YEARS.get(prior.rider)
        if years and prior.lasts_on(first_day(row)) and first_day(row) < years_after(prior.vintage, years):
            found.add("rule lock" if prior.rider == "battery" else "cars lock")
        return found

    @staticmethod
    def first_acts(acts: list[Cells], kind: str) -> dict[str, date]:
        found: dict[str, date] = {}
        for act in acts:
            if act["act"] == kind and (kind != "approve" or act["by"] in ("", "utility")):
                found.setdefault(act["application_id"], date.fromisoformat(act["at"]))
        return found

    # ---- day by day -----------------------------------------------------------------------------------
    def simulate(self, candidates: list[Cells], acts: list[Cells], rest: list[Cells]) -> None:
        """Seats first, then what is done that day."""
        approved, withdrawn = self.first_acts(acts, "approve"), self.first_acts(acts, "withdraw")
        ready: dict[date, list[Cells]] = {}
        for row in candidates:
            day = date.fromisoformat(row["applied_on"])
            number = row["application_id"]
            if row["rider"] == "heat" and row["pending"] == "true":
                self.outcome.statuses[number] = "pending_review"
                if number not in approved or withdrawn.get(number, date.max) <= max(day, approved[number]):
                    if number in withdrawn:
                        self.outcome.statuses[number] = "withdrawn"
                    continue
                day = max(day, approved[number])
            ready.setdefault(day, []).append(row)
        waiting: list[Cells] = []
        day = min([*ready, *(date.fromisoformat(act["at"]) for act in rest), self.at])
        while day <= self.at:
            waiting = [row for row in waiting if withdrawn.get(row["application_id"], date.max) > day]
            arrived = sorted(ready.get(day, []), key=lambda row: (row["applied_on"], row["application_id"]))
            waiting = self.seat(waiting + arrived, day)
            for act in [act for act in rest if date.fromisoformat(act["at"]) == day]:
                self.act(act)
            day += DAY
        for row in candidates:
            number = row["application_id"]
            if number not in self.outcome.statuses or self.outcome.statuses[number] == "pending_review":
                held = self.held.get(number)
                if held is not None:
                    self.outcome.statuses[number] = held.status
                elif number not in self.outcome.statuses:
                    gone = withdrawn.get(number, date.max) <= self.at
                    self.outcome.statuses[number] = "withdrawn" if gone else "waitlisted"

    def seat(self, queue: list[Cells], day: date) -> list[Cells]:
        """Enroll who fits, in the order of the queue; from the first of a rider that does not, all of it wait."""
        blocked: set[str] = set()
        left = []
        for row in queue:
            if row["rider"] in blocked or not self.fits(row, day):
                blocked.add(row["rider"])
                left.append(row)
                continue
            self.enroll(row, day)
        return left

    def fits(self, row: Cells, day: date) -> bool:
        if row["rider"] != "cars":
            return True
        prior = self.held.get(row.get("prior_enrollment_id", ""))
        if prior is not None and prior.rider == "cars" and prior.lasts_on(first_day(row) - DAY):
            return True
        cars = [held for held in self.held.values() if held.rider == "cars"]
        power = float(row["nameplate_kw"]) + sum(
            held.kw for held in cars if held.lasts_on(day)
            and not (held.follows and self.held[held.prior].lasts_on(day)))
        since: dict[str, date] = {}
        for held in cars:
            since[held.customer_id] = min(since.get(held.customer_id, date.max), held.vintage)
        new = sum(first.year == day.year for first in since.values()) + (row["customer_id"] not in since)
        return power <= 50 and new <= 3

    def enroll(self, row: Cells, day: date) -> None:
        number = row["application_id"]
        starts_on = max(day_of(row.get("starts_on", "")) or day, day)
        prior = self.held.get(row.get("prior_enrollment_id", ""))
        follows = prior is not None and prior.rider == row["rider"] and prior.lasts_on(first_day(row) - DAY)
        if prior is not None and prior.lasts_on(starts_on):
            prior.ends_on, prior.end_reason, prior.status = starts_on - DAY, "re_enrolled", "re_enrolled"
        self.held[number] = Enrollment(
            enrollment_id=number, rider=row["rider"], customer_id=row["customer_id"], point_id=row["point_id"],
            participant_id=row["participant_id"], kw=float(row["nameplate_kw"]), vintage=day, starts_on=starts_on,
            prior=row.get("prior_enrollment_id", ""), services=tuple(filter(None, row.get("services", "").split(";"))),
            follows=follows)

    # ---- acts -----------------------------------------------------------------------------------------
    def act(self, act: Cells) -> None:
        held = self.held.get(act["enrollment_id"])
        if held is None:
            return
        came = self.may(held, act) and self.done(held, act)
        self.outcome.acts[act["idempotency_key"]] = "done" if came else "refused"

    def may(self, held: Enrollment, act: Cells) -> bool:
        by, kind = act["by"] or "utility", act["act"]
        if date.fromisoformat(act["at"]) < min(held.vintage, held.starts_on):
            return False
        if kind in ("disenroll", "close") and by != "utility":
            return False
        return by in ("utility", held.customer_id, held.participant_id) or (
            kind == "move" and by == act["to_participant_id"])

    def done(self, held: Enrollment, act: Cells) -> bool:
        kind, day = act["act"], date.fromisoformat(act["at"])
        live = held.status in ("enrolled", "suspended")
        if kind == "suspend" and held.status == "enrolled":
            held.status, held.suspended = "suspended", True
            return True
        if kind == "resume" and held.status == "suspended":
            held.status, held.suspended = "enrolled", False
            return True
        if kind == "add_service" and live and held.services and act["services"] not in held.services:
            held.services = (*held.services, act["services"])
            return True
        if kind in ("unenroll", "disenroll", "close") and live:
            held.ends_on = max(day, held.starts_on - DAY)
            held.status = "closed" if kind == "close" else "disenrolled"
            held.end_reason = {"unenroll": "unenrolled", "disenroll": "disenrolled", "close": "closed: test/next"}[kind]
            held.suspended = False
            return True
        if kind == "move" and live:
            return self.move(held, act, day)
        if kind == "re_enroll" and live:
            return self.re_enroll(held, day)
        return False

    def move(self, held: Enrollment, act: Cells, day: date) -> bool:
        to = act["to_participant_id"]
        known = self.participants.get(to, {})
        kind = known.get("kind") or ("direct" if to == held.customer_id else "aggregator")
        bad = kind == "aggregator" and "true" in (known.get("utility"), known.get("utility_affiliate"))
        if to == held.participant_id or bad or (kind == "direct" and to != held.customer_id):
            return False
        vintage = day if held.rider == "cars" else held.vintage
        starts_on = max(day, held.starts_on)
        if not self.follow(held, day, starts_on, vintage, to, held.status):
            return False
        held.ends_on, held.end_reason, held.status, held.suspended = starts_on - DAY, "moved", "moved", False
        return True

    def re_enroll(self, held: Enrollment, day: date) -> bool:
        years = LOCK_YEARS.get(held.rider)
        if years and held.lasts_on(day) and day < years_after(held.vintage, years):
            return False
        if not self.follow(held, day, day, day, held.participant_id, "enrolled"):
            return False
        held.ends_on, held.end_reason = max(day, held.starts_on) - DAY, "re_enrolled"
        held.status, held.suspended = "re_enrolled", False
        return True

    def follow(self, held: Enrollment, day: date, starts_on: date, vintage: date, to: str, status: str) -> bool:
        made = f"{held.enrollment_id}-{day:%Y%m%d}"
        if made in self.held:
            return False
        self.held[made] = Enrollment(
            enrollment_id=made, rider=held.rider, customer_id=held.customer_id, participant_id=to, kw=held.kw,
            point_id=held.point_id, vintage=vintage, starts_on=starts_on, prior=held.enrollment_id,
            services=held.services, status=status, suspended=status == "suspended", follows=False)
        return True


def key_of(*parts: object) -> str:
    """A short key without meaning."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:10]
