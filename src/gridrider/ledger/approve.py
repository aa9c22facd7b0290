"""Four eyes: a batch goes out when one person prepared it and another approved exactly it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..problem import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who did what with which batch, and when."""

    batch_hash: str
    role: str
    person: str
    at: datetime


def why_not_approved(approvals: Sequence[Approval], batch_hash: str, *, four_eyes: bool, clause: str,
                     at: datetime | None = None) -> tuple[Refusal, ...]:
    """Every reason why the batch may not go out; empty means it may.

    Two spellings of a name that differ only in case and blanks are one person. `at` is the time of the payout, after
    which no approval may lie.
    """
    about = [held for held in approvals if held.batch_hash.casefold() == batch_hash]
    reasons = []
    if about and at is not None:
        reasons += [f"{held.person} signed as {held.role} at {held.at.isoformat()}, after the payout's own time"
                    for held in about if held.at > at]
    for role in ("preparer", "approver") if four_eyes else ("approver",):
        if not any(held.role == role for held in about):
            reasons.append(f"nobody has signed this batch as {role}")
    preparers = {_person(held) for held in about if held.role == "preparer"}
    approvers = {_person(held) for held in about if held.role == "approver"}
    if four_eyes and preparers and approvers and not approvers - preparers:
        reasons.append("preparer and approver are the same person")
    return tuple(Refusal(clause=clause, reason=reason) for reason in reasons)


def _person(approval: Approval) -> str:
    return " ".join(approval.person.casefold().split())
