"""The figures of a report, as exact records: energy in kWh, power in kW, money in the tariff's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

ASKED = ("performed", "missed", "opted_out", "missing_readings")
"""Outcomes of an enrollment that was called and not excused: the denominator of the calls answered."""

EXCUSED = ("excused", "suspended")
NOT_CALLED = ("unsigned", "not_eligible", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """What the inputs say about an event, where they are at hand; times are aware."""

    event_id: str
    kind: str = ""
    service: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFigure:
    """One event. The energies cover the enrollments that were called and measured, before any floor."""

    event_id: str
    kind: str
    service: str
    start: datetime | None
    """In the tariff's zone; None when nothing was measured and the inputs do not say."""
    end: datetime | None
    outcomes: Mapping[str, int]
    baseline_kwh: Decimal
    metered_kwh: Decimal
    delivered_kwh: Decimal
    peak_hour_kw: Decimal | None
    """Average power of the best hour; None when nothing was measured."""
    paid_usd: Decimal
    """Only lines that name the event."""

    def count(self, *outcomes: str) -> int:
        """How many enrollments had one of these outcomes."""
        return sum(self.outcomes.get(outcome, 0) for outcome in outcomes)


def are_large(events: Sequence[EventFigure]) -> bool:
    """True when one of the events moved a megawatt-hour, so that charts and tables count in MWh and MW."""
    return any(abs(energy_kwh) >= 1000 for event in events
               for energy_kwh in (event.baseline_kwh, event.metered_kwh, event.delivered_kwh))


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFigure:
    """An hour of the event (1 = the first), averaged over events and enrollments."""

    hour_no: int
    baseline_kw: Decimal
    metered_kw: Decimal
    delivered_kw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidFigure:
    """Money of one component in one month, season or term; `last` is the last day included."""

    first: date
    last: date
    component: str
    amount_usd: Decimal
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A step of a histogram, low <= x < high."""

    low: Decimal
    high: Decimal
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How a quantity spreads: p10, median and p90, and a histogram of it.

    `below` and `above` count what lies outside the bins, so that one giant does not flatten the rest.
    """

    count: int
    p10: Decimal
    median: Decimal
    p90: Decimal
    smallest: Decimal
    largest: Decimal
    bins: tuple[Bin, ...]
    below: int
    above: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Findings of one reason."""

    severity: str
    file: str
    reason: str
    what_to_do: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisional:
    """Lines that may still change, of one component and period, with the sentence of one of them."""

    component: str
    first: date
    last: date
    lines: int
    amount_usd: Decimal
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowest:
    """An enrollment that drew more than its baseline in an event."""

    enrollment_id: str
    event_id: str
    baseline_kwh: Decimal
    metered_kwh: Decimal
    delivered_kwh: Decimal
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFigure:
    """Why a measurement could not be made as usual, and how often."""

    note: str
    calls: int
    """Enrollments and events it concerns."""
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """A participant and what its lines come to."""

    participant_id: str
    enrollments: int
    lines: int
    amount_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The run in a few numbers; money in the tariff's currency."""

    paid_usd: Decimal
    lines: int
    lines_provisional: int
    statements: int
    statements_usd: Decimal
    debit_usd: Decimal
    credit_usd: Decimal
    postings: int
    participants: int
    enrollments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Every figure of the program's part of the report."""

    totals: Totals
    events: tuple[EventFigure, ...]
    hours: tuple[HourFigure, ...]
    paid: tuple[PaidFigure, ...]
    payees: tuple[Payee, ...]
    """The largest by amount."""
    pay_by_participant: Distribution | None
    pay_by_enrollment: Distribution | None
    delivered_kw: Distribution | None
    findings: tuple[Finding, ...]
    findings_more: int
    """Further reasons that are not listed."""
    provisional: tuple[Provisional, ...]
    lowest: tuple[Lowest, ...]
    notes: tuple[NoteFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFigure:
    """A line of a statement as a person reads it."""

    line_id: str
    enrollment_id: str
    event_id: str
    component: str
    service: str
    first: date
    last: date
    clause: str
    quantity: Decimal | None
    unit: str
    rate: Decimal | None
    rate_unit: str
    amount_usd: Decimal
    status: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Why an enrollment's event was not performed."""

    enrollment_id: str
    event_id: str
    outcome: str
    clause: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantFigures:
    """One participant: its lines (the largest), its events, and the events it did not perform."""

    participant_id: str
    payees: tuple[str, ...]
    enrollments: int
    paid_usd: Decimal
    lines: tuple[LineFigure, ...]
    lines_more: int
    lines_more_usd: Decimal
    events: tuple[EventFigure, ...]
    absences: tuple[Absence, ...]
    absences_more: int
