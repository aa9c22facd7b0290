"""What the checker finds, the rules it looks at beside the protections, and two tables that only it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ..table import Column, Kind, TableSchema


class FindingKind(StrEnum):
    """Whose a finding is: one of the first kind fails the run."""

    PROGRAM = "program"
    """An instruction that should not have been sent, or one that is missing."""
    DEVICE = "device"
    """A device that did something else than it was asked."""


class AuditRule(StrEnum):
    """Rules of the page that are no protection; a protection's finding bears the protection's name."""

    DIRECTION = "direction"
    """An event asks to draw, or a charge asks to give."""
    FLOOR = "floor"
    """An event's instruction without its floor, or with one that is too low."""
    LEASE = "lease"
    """A timer that is too long, runs past the event or makes no sense."""
    PRIMACY = "primacy"
    """A primacy that is not its origin's, or an event that takes the place of what goes before it."""
    SUPERSEDES = "supersedes"
    """Two instructions at once, or a place taken of one that is not there, not earlier or another device's."""
    ASKS_NOTHING = "asks_nothing"
    """A restore or emergency stop that asks for power, or comes later than at once."""
    STORM_OPT_OUT = "storm_opt_out"
    """A storm charge of who left storm charging."""
    NO_STORM = "no_storm"
    """A storm charge without a storm."""
    TARGET = "target"
    """A charge to more than the tariff or the battery lets it."""
    PRE_CHARGE = "pre_charge"
    """A charge before an event where the rider says never, or at another time."""
    RESTORE = "restore"
    """A device that an event or a stop should have let go of."""
    LEFT_OUT = "left_out"
    """Who was called and is neither asked nor skipped."""
    UNKNOWN = "unknown"
    """An instruction that nobody acknowledged and that is not said to be unknown."""
    SEEN = "seen"
    """A restore that was never verified, or by no telemetry."""
    PROTECTIONS = "protections"
    """A row of the protections that the instructions do not bear out."""
    SKIPPED = "skipped"
    """Who is said to be skipped and was asked."""
    MORE_THAN_ASKED = "more_than_asked"
    """Of a device: it gave more than it was asked."""
    AFTER_TIMER = "after_timer"
    """Of a device: it gave for the program when nothing asked it any more."""
    BELOW_FLOOR = "below_floor"
    """Of a device: it gave below the floor that its instruction named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not agree with the page: where, what was asked, what was allowed, and what shows it."""

    kind: FindingKind
    rule: str
    """A `Protection` or an `AuditRule`."""
    instruction_id: str
    """Blank when it is about an instruction that is missing."""
    enrollment_id: str
    at: datetime
    asked_kw: Decimal | None
    """Power asked, or given by a device; + helps the grid. None where the finding is not about power."""
    allowed_kw: Decimal | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How the run was operated, as its run.json says."""

    tick_seconds: int
    lease_seconds: int
    period_start: datetime
    """Events that start earlier are history: nobody is missed in them."""
    as_of: datetime


def counted(findings: Iterable[Finding]) -> dict[str, dict[str, int]]:
    """How many findings there are, by kind and rule."""
    counts = Counter((finding.kind.value, finding.rule) for finding in findings)
    return {kind.value: {rule: counts[of, rule] for of, rule in sorted(counts) if of == kind} for kind in FindingKind}


SITE_STORMS = TableSchema(
    name="site_storms",
    meaning="How each site stood to a storm: charged before it, locked in it, or without a feed that would tell.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="from", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="from when"),
        Column(name="to", kind=Kind.TIMESTAMP, meaning="until when, exclusive; blank = still"),
        Column(name="status", kind=Kind.TEXT, required=True, filled=True, choices=("pre_arm", "lock", "feed_lost"),
               meaning="a watch, a warning, or a stale feed with either before it"),
        Column(name="alert", kind=Kind.TEXT, meaning="the alert's key"),
    ),
)

STOPS = TableSchema(
    name="stops",
    meaning="When the program was stopped in an emergency, and resumed.",
    columns=(
        Column(name="stopped_at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when it was stopped"),
        Column(name="resumed_at", kind=Kind.TIMESTAMP, meaning="when it was resumed; blank = it still stands still"),
    ),
)
