"""Each kilowatt-hour once: what others claim of a row, and what other rows that share its energy are paid for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from gridrider.tariff.model import CoParticipation, Dated, Rider, in_force, value_on
from tests.reference.concern import Run, rider_of, vintage_day
from tests.reference.inputs import Claim, World
from tests.reference.meters import Meters
from tests.reference.numbers import Refused, whole
from tests.reference.outcome import Row, Taken, settled_mwh
from tests.reference.spans import Span, local_date

HOUR = 3600
NEVER_TAKE = ("net_metering", "value_stack")
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A row with where it was measured."""

    item: Taken
    row: Row
    point: str
    premise: str
    performance_points: tuple[str, ...]
    premise_points: tuple[str, ...]
    vintage: date

    @property
    def key(self) -> Key:
        """Its natural key."""
        return self.item.enrollment.enrollment_id, self.item.event.event_id, self.row.span.start

    @property
    def order(self) -> tuple[date, str, int, str, int]:
        """Who of two comes first."""
        event = self.item.event
        return self.vintage, self.item.enrollment.enrollment_id, event.start, event.event_id, self.row.span.start

    @property
    def above_zero_mwh(self) -> int:
        """What it delivered above zero."""
        return max(0, self.row.delivered_mwh or 0)

    @property
    def pays(self) -> bool:
        """True where its event counts and was measured in all of its rows."""
        return self.item.counted and all(row.delivered_mwh is not None for row in self.item.rows)

    def seconds_with(self, other: Span) -> int:
        """The time it shares with a span."""
        return max(0, min(self.row.span.end, other.end) - max(self.row.span.start, other.start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What one claim or row takes of a row."""

    by_program: str = ""
    by: Shared | None = None
    mwh: int
    left_seconds: int = 0
    clause: str = ""


@dataclass(slots=True)
class Book:
    """All measured rows, and what was taken of each as far as it has been asked."""

    run: Run
    claims: tuple[Claim, ...]
    rows: list[Shared]
    at_point: dict[str, list[Shared]]
    takes: dict[Key, list[Take]] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)

    def taken_mwh(self, shared: Shared) -> int:
        """What is taken of a row in all."""
        return sum(take.mwh for take in self.of(shared))

    def paid_mwh(self, shared: Shared) -> int:
        """What a row is paid for."""
        return max(0, (shared.row.delivered_mwh or 0) - self.taken_mwh(shared)) if shared.pays else 0

    def of(self, shared: Shared) -> list[Take]:
        """The takes of a row, first the claims, then the rows that come before it."""
        if shared.key not in self.takes:
            if shared.key in self.asked:
                raise Refused(f"the stacking rules go round in a circle at {shared.key}")
            self.asked.add(shared.key)
            self.takes[shared.key] = within(shared, self.wanted(shared)) if shared.pays else []
        return self.takes[shared.key]

    def wanted(self, shared: Shared) -> list[Take]:
        """What claims and earlier rows take of a row, without its own bound."""
        takes = claimed(self.run, self.claims, shared)
        for other in sorted(self.others(shared), key=lambda other: other.order):
            takes += by_row(self, other, shared)
        return takes

    def others(self, shared: Shared) -> list[Shared]:
        """The rows that share a row's energy."""
        near = {other.key: other for point in (shared.point, shared.premise) if point
                for other in self.at_point[point]}
        return [other for key, other in near.items() if key != shared.key and shared.seconds_with(other.row.span)
                and share_energy(shared, other)]


def share_energy(one: Shared, other: Shared) -> bool:
    """Made at the same point, or one at the other's premise point."""
    return one.point in {other.point, other.premise} - {""} or other.point in {one.premise} - {""}


def within(shared: Shared, takes: list[Take]) -> list[Take]:
    """No more than the row delivered above zero, of a row below zero only what leaves with its time; no more time."""
    delivered, kept, mwh, seconds = shared.row.delivered_mwh or 0, [], 0, 0
    for take in takes:
        if delivered > 0:
            got = min(take.mwh, delivered - mwh)
        else:
            got = max(min(take.mwh, 0), delivered - mwh)
        left = min(take.left_seconds, shared.row.span.seconds - seconds)
        mwh, seconds = mwh + got, seconds + left
        if got or left:
            kept.append(replace(take, mwh=got, left_seconds=left))
    return kept


# ---- claims of other programs ----------------------------------------------------------------------
def rule_on(run: Run, rider: Rider, word: str, day: date) -> tuple[CoParticipation, Dated[str]] | None:
    """What a rider says of a program on a day."""
    for together in rider.together:
        said = in_force(together.rule, day, run.as_of_day)
        if word and word in together.with_ and said is not None:
            return together, said
    return None


def claimed(run: Run, claims: tuple[Claim, ...], shared: Shared) -> list[Take]:
    """What each claim takes of a row, before the row's own bound."""
    takes = []
    for claim in sorted(claims, key=lambda claim: (claim.program, claim.point_id, claim.start, claim.end)):
        seconds = shared.seconds_with(Span(claim.start, claim.end))
        if seconds and claim.point_id in (*shared.performance_points, *shared.premise_points):
            mwh, clause = claim_mwh(run, claim, shared, seconds)
            takes.append(Take(by_program=claim.program, mwh=mwh, clause=clause))
    return takes


def claim_mwh(run: Run, claim: Claim, shared: Shared, seconds: int) -> tuple[int, str]:
    """What a claim takes of a row, and by which clause."""
    day = run.day(shared.item.event)
    rider = rider_of(run, shared.item.enrollment)
    named = rule_on(run, rider, claim.program, day) or rule_on(run, rider, claim.service, day)
    rule = "incremental_only" if named is None else named[1].value
    clause = "" if named is None else named[1].cite
    if rule == "forbidden":
        return shared.above_zero_mwh, clause
    if rule == "allowed" or claim.program in NEVER_TAKE:
        return 0, clause
    if claim.mwh is not None:
        energy = whole(Fraction(claim.mwh * seconds, claim.end - claim.start))
    else:
        energy = whole(Fraction((claim.milliwatt or 0) * seconds, HOUR))
    split = "theirs_first" if named is None else value_on(named[0].split, day, run.as_of_day, "theirs_first")
    if split == "ours_first":
        return 0, clause
    if split == "pro_rata" and energy:
        delivered = shared.above_zero_mwh
        return whole(Fraction(min(energy, delivered) * energy, energy + delivered)), clause
    return energy, clause


# ---- other rows ------------------------------------------------------------------------------------
def by_row(book: Book, other: Shared, shared: Shared) -> list[Take]:
    """What another row takes of a row, nothing where it does not come first."""
    seconds = shared.seconds_with(other.row.span)
    if other.item.service_name == shared.item.service_name:
        if other.order > shared.order or not other.pays:
            return []
        if other.point == shared.point:
            mine = Fraction((shared.row.delivered_mwh or 0) * seconds, shared.row.span.seconds)
            return [Take(by=other, mwh=whole(mine), left_seconds=seconds)]
        return [Take(by=other, mwh=_in_time(book.paid_mwh(other), seconds, other))]
    rule = stacking(book.run, other, shared)
    if rule is None or rule.value == "allowed":
        return []
    paid = book.paid_mwh(other)
    if rule.value == "forbidden":
        return [Take(by=other, mwh=shared.above_zero_mwh, clause=rule.cite)] if paid else []
    return [Take(by=other, mwh=_in_time(paid, seconds, other), clause=rule.cite)]


def _in_time(mwh: int, seconds: int, other: Shared) -> int:
    return whole(Fraction(mwh * seconds, other.row.span.seconds))


def stacking(run: Run, early: Shared, late: Shared) -> Dated[str] | None:
    """The rule by which the service of one row comes before that of another."""
    riders = (rider_of(run, late.item.enrollment), rider_of(run, early.item.enrollment))
    names = (early.item.service_name, late.item.service_name)
    day = run.day(late.item.event)
    for rider in riders:
        for rule in rider.stacking:
            said = in_force(rule.rule, day, run.as_of_day)
            if said is not None and set(names) <= set(rule.services):
                return said if rule.services.index(names[0]) < rule.services.index(names[1]) else None
    return None


# ---- all of them -----------------------------------------------------------------------------------
def book_of(run: Run, world: World, meters: Meters, taken: list[Taken]) -> Book:
    """The measured rows of a run."""
    rows = []
    for item in taken:
        vintage = vintage_day(run, world, item.enrollment, item.service_name)
        for row in item.rows:
            if row.delivered_mwh is None:
                continue
            day = local_date(row.span.start, run.zone)
            premises = meters.of_day(item.enrollment, "premise", day)
            rows.append(Shared(item=item, row=row, point=row.point_id, premise=(premises or [""])[0], vintage=vintage,
                               performance_points=tuple(meters.of_day(item.enrollment, "performance", day)),
                               premise_points=tuple(filter(None, premises))))
    at_point: dict[str, list[Shared]] = defaultdict(list)
    for shared in rows:
        for point in {shared.point, shared.premise} - {""}:
            at_point[point].append(shared)
    return Book(run=run, claims=world.claims, rows=rows, at_point=at_point)


def once(book: Book, taken: list[Taken]) -> list[Taken]:
    """The participations with what was taken of their rows."""
    shared_of = {shared.key: shared for shared in book.rows}

    def less(item: Taken, row: Row) -> Row:
        shared = shared_of.get((item.enrollment.enrollment_id, item.event.event_id, row.span.start))
        if shared is None:
            return row
        takes = book.of(shared)
        return replace(row, taken_mwh=sum(take.mwh for take in takes),
                       left_seconds=sum(take.left_seconds for take in takes))

    return [_as_zero(book.run, replace(item, rows=tuple(less(item, row) for row in item.rows))) for item in taken]


def _as_zero(run: Run, item: Taken) -> Taken:
    """Where the tariff says so, an event counts as zero whose counted energy is below zero."""
    missed = value_on(item.service.outcomes.missed, run.day(item.event), run.as_of_day, "measured")
    below = all(row.delivered_mwh is not None for row in item.rows) and settled_mwh(item) < 0
    return replace(item, zero=True) if item.counted and missed == "counts_as_zero" and below else item
