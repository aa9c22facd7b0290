"""What an aggregator owes a funder when its customer leaves early: never charged to the customer by the utility.

Interpretation: New York A. 10354, section 241.3(a), lets an aggregator recoup from a customer only what the aggregator
itself must pay back to the funder. The utility therefore books the claw-back against the aggregator and leaves it out
of what a payee is paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ..money import usd_from_cents
from ..problem import Refusal
from .model import Entry, Posting, id_of

FUNDER = "payable:funder"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderClaim:
    """A claw-back line that is owed to a funder, in whole cents above zero, and what earlier payouts booked of it."""

    line_id: str
    statement_id: str
    participant_id: str
    enrollment_id: str
    payee_id: str
    clause: str
    cents: int
    booked_cents: int
    version: int
    statement_total_cents: int
    """The statement's whole total, this claw-back in it."""
    booked_total_cents: int
    """That total when earlier payouts booked; 0 when none did."""
    program: str


def claim_entries(claims: Sequence[FunderClaim], posted_at: datetime) -> list[Entry]:
    """Move what is new of the claims from payee to participant, and from program expense to the funder.

    The settlement booked a line as less expense and less payable, and turned a statement below zero into a receivable
    from its payee; both are undone here, statement by statement, as far as earlier payouts have not done so.
    """
    entries = []
    for _, held in groupby(sorted(claims, key=_place), key=lambda claim: claim.statement_id):
        of_statement = list(held)
        claim = of_statement[0]
        now, booked = sum(each.cents for each in of_statement), sum(each.booked_cents for each in of_statement)
        payable, receivable = _undone(claim.statement_total_cents, now)
        payable_before, receivable_before = _undone(claim.booked_total_cents, booked)
        postings = (
            Posting(account=f"receivable:{claim.participant_id}", cents=now - booked),
            Posting(account=f"payable:{claim.payee_id}", cents=payable - payable_before),
            Posting(account=f"receivable:{claim.payee_id}", cents=receivable - receivable_before),
            Posting(account=f"expense:program:{claim.program}", cents=now - booked),
            Posting(account=FUNDER, cents=booked - now))
        posted = tuple(posting for posting in postings if posting.cents)
        if posted:
            whose = ", ".join(sorted({each.enrollment_id for each in of_statement}))
            entries.append(Entry(
                entry_id=id_of("E", "funder", claim.statement_id, claim.version, booked, now), posted_at=posted_at,
                line_id=claim.line_id if len(of_statement) == 1 else "", postings=posted,
                because=f"{claim.participant_id} owes the funder {usd_from_cents(now)} USD for the early end of "
                        f"{whose} ({claim.clause}); the customer is not charged"))
    return entries


def _place(claim: FunderClaim) -> tuple[str, str]:
    return claim.statement_id, claim.line_id


def _undone(total_cents: int, claimed_cents: int) -> tuple[int, int]:
    """What taking a claim out of a statement's total does to its payee's payable and receivable, debits positive."""
    without = total_cents + claimed_cents
    return max(total_cents, 0) - max(without, 0), max(-without, 0) - max(-total_cents, 0)


def why_not_recouped(claims: Sequence[FunderClaim],
                     recouped_cents: Mapping[tuple[str, str], int]) -> tuple[Refusal, ...]:
    """A Refusal for each customer of whom an aggregator asks more than it owes the funder for that customer."""
    owed: dict[tuple[str, str], int] = {}
    clauses = "; ".join(sorted({claim.clause for claim in claims})) or "no clause lets an aggregator recoup anything"
    for claim in claims:
        key = (claim.participant_id, claim.enrollment_id)
        owed[key] = owed.get(key, 0) + claim.cents
    return tuple(
        Refusal(clause=clauses, reason=f"{participant} asks {usd_from_cents(cents)} USD back for {enrollment} and owes "
                f"the funder {usd_from_cents(owed.get((participant, enrollment), 0))} USD for it")
        for (participant, enrollment), cents in sorted(recouped_cents.items())
        if cents > owed.get((participant, enrollment), 0))
