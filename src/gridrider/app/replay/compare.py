"""A replayed season beside what was published of it: how far each peak lies from the published whole megawatts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from .outcome import EventOutcome

FITTED = 4
"""So many first events fix the scale of the fit; it then predicts the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One event beside its published row. Errors are distances to the published interval of whole megawatts, in %."""

    day: date
    participants: int
    published_participants: int
    peak_mw: float
    """Scaled to the published participants where fewer homes were simulated."""
    published_mw: float
    error_pct: float
    constant_mw: float
    constant_error_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A whole season beside what was published."""

    events: tuple[Compared, ...]
    homes: int
    constant_kw: float
    fit_scale: float
    fit_errors_pct: tuple[float, ...]
    """Of the events after the fitted ones."""
    usd_per_participant_event: float

    @property
    def mean_error_pct(self) -> float:
        """The mean of the events' errors."""
        return sum(event.error_pct for event in self.events) / len(self.events)

    @property
    def worst_error_pct(self) -> float:
        """The largest of the events' errors."""
        return max(event.error_pct for event in self.events)

    @property
    def constant_point_pct(self) -> tuple[float, float]:
        """How far the constant model lies from the published numbers as they stand: mean and largest, in %."""
        off = [100 * abs(event.constant_mw / event.published_mw - 1) for event in self.events]
        return sum(off) / len(off), max(off)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the figures say, in words."""
        constants = [event.constant_error_pct for event in self.events]
        found = [f"Replayed peaks lie {self.mean_error_pct:.1f}% from the published whole megawatts on average, "
                 f"{self.worst_error_pct:.1f}% at worst.",
                 f"The model to beat, {self.constant_kw:g} kW from every participant: "
                 f"{sum(constants) / len(constants):.1f}% on average, {max(constants):.1f}% at worst "
                 f"({self.constant_point_pct[0]:.1f}% and {self.constant_point_pct[1]:.1f}% from the numbers "
                 "themselves)."]
        if self.fit_errors_pct:
            mean = sum(self.fit_errors_pct) / len(self.fit_errors_pct)
            found.append(f"Scaled by {self.fit_scale:.3f} to fit the first {FITTED} events, the model predicts the "
                         f"other {len(self.fit_errors_pct)} within {mean:.1f}% on average, "
                         f"{max(self.fit_errors_pct):.1f}% at worst.")
        found.append(f"Average pay: {self.usd_per_participant_event:.2f} USD per participant and event.")
        return tuple(found)


def compare(outcomes: Sequence[EventOutcome], homes: int, total_usd: Decimal,
            constant_kw: float) -> Comparison | None:
    """The comparison of a season; None where nothing was published of it."""
    known = [each for each in outcomes if each.call.participants and each.call.peak_mw is not None]
    if not known:
        return None
    events = tuple(_compared(each, constant_kw) for each in known)
    first, rest = events[:FITTED], events[FITTED:]
    scale = sum(event.published_mw for event in first) / max(sum(event.peak_mw for event in first), 1e-9)
    return Comparison(
        events=events, homes=homes, constant_kw=constant_kw, fit_scale=scale,
        fit_errors_pct=tuple(distance_pct(event.peak_mw * scale, event.published_mw) for event in rest),
        usd_per_participant_event=float(total_usd) / max(sum(event.participants for event in events), 1))


def _compared(each: EventOutcome, constant_kw: float) -> Compared:
    published_count, published_mw = int(each.call.participants or 0), float(each.call.peak_mw or 0)
    peak_mw = each.peak_mw * published_count / max(each.participants, 1)
    constant_mw = constant_kw * published_count / 1000
    return Compared(day=each.call.day, participants=each.participants, published_participants=published_count,
                    peak_mw=peak_mw, published_mw=published_mw, error_pct=distance_pct(peak_mw, published_mw),
                    constant_mw=constant_mw, constant_error_pct=distance_pct(constant_mw, published_mw))


def distance_pct(peak_mw: float, published_mw: float) -> float:
    """How far a peak lies outside of what rounds to the published whole megawatts, in % of that number.

    >>> distance_pct(18.6, 19), round(distance_pct(18.0, 19), 2)
    (0.0, 2.63)
    """
    return 100 * max(published_mw - 0.5 - peak_mw, peak_mw - published_mw - 0.5, 0.0) / published_mw


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as run.json keeps it, for the report."""
    return {"comparison": [
        {"date": str(event.day), "participants": event.participants,
         "published_participants": event.published_participants, "peak_mw": round(event.peak_mw, 3),
         "published_peak_mw": event.published_mw, "constant_peak_mw": round(event.constant_mw, 3),
         "error_pct": round(event.error_pct, 2)} for event in comparison.events],
        "comparison_notes": list(comparison.sentences)}
