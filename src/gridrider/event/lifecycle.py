"""The life of an event as a table: what may be done to it in which state, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from ..problem import Refusal


class Status(StrEnum):
    """Where an event stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    HELD = "held"
    COMPLETED = "completed"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What somebody, or the clock, does to an event."""

    APPROVE = "approve"
    REJECT = "reject"
    SCHEDULE = "schedule"
    START = "start"
    HOLD = "hold"
    RELEASE = "release"
    STOP = "stop"
    FINISH = "finish"
    SETTLE = "settle"
    CANCEL = "cancel"


NEXT: Mapping[tuple[Status, Act], Status] = MappingProxyType({
    (Status.PROPOSED, Act.APPROVE): Status.APPROVED,
    (Status.PROPOSED, Act.REJECT): Status.REJECTED,
    (Status.PROPOSED, Act.CANCEL): Status.CANCELLED,
    (Status.APPROVED, Act.SCHEDULE): Status.SCHEDULED,
    (Status.APPROVED, Act.CANCEL): Status.CANCELLED,
    (Status.SCHEDULED, Act.START): Status.ACTIVE,
    (Status.SCHEDULED, Act.CANCEL): Status.CANCELLED,
    (Status.SCHEDULED, Act.HOLD): Status.HELD,
    (Status.ACTIVE, Act.HOLD): Status.HELD,
    (Status.ACTIVE, Act.STOP): Status.COMPLETED,
    (Status.ACTIVE, Act.FINISH): Status.COMPLETED,
    (Status.HELD, Act.RELEASE): Status.SCHEDULED,
    (Status.HELD, Act.CANCEL): Status.CANCELLED,
    (Status.HELD, Act.STOP): Status.COMPLETED,
    (Status.HELD, Act.FINISH): Status.COMPLETED,
    (Status.COMPLETED, Act.SETTLE): Status.SETTLED,
})
"""Every act that is possible. A storm holds an event that is scheduled or runs already; it goes on from scheduled,
so that it starts anew, or ends. An event that has begun is stopped, never cancelled: it ran, and it is settled."""

FOUR_EYES = "four-eyes approval of dispatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act in the life of an event."""

    act: Act
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What an event has come to, and how."""

    status: Status
    proposed_by: str
    steps: tuple[Step, ...] = ()


def after(life: Life, step: Step) -> Life | Refusal:
    """The event after an act, or why the act is refused.

    Who proposed an event does not approve it, and nothing happens before what has happened already.
    """
    if life.steps and step.at < life.steps[-1].at:
        return Refusal(clause="life of an event", reason=f"{step.act} at {step.at.isoformat()} is earlier than "
                       f"{life.steps[-1].act} at {life.steps[-1].at.isoformat()}")
    status = NEXT.get((life.status, step.act))
    if status is None:
        possible = ", ".join(act for held, act in NEXT if held is life.status) or "nothing"
        return Refusal(clause="life of an event",
                       reason=f"an event that is {life.status} has no act {step.act}; possible: {possible}")
    if step.act is Act.APPROVE and step.by.strip().casefold() == life.proposed_by.strip().casefold():
        return Refusal(clause=FOUR_EYES, reason=f"{step.by} proposed the event and another person approves it")
    return Life(status=status, proposed_by=life.proposed_by, steps=(*life.steps, step))


def life_of(proposed_by: str, steps: Iterable[Step]) -> Life | Refusal:
    """The whole life of an event from its acts, or the first refusal."""
    life = Life(status=Status.PROPOSED, proposed_by=proposed_by)
    for step in steps:
        made = after(life, step)
        if isinstance(made, Refusal):
            return made
        life = made
    return life
