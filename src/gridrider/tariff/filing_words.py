"""The rules of a step of the calendar in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from .dated import Dated, History
from .model import FilingStep
from .words import listed, number_text, spaced


def counting_text(step: FilingStep, held: Callable[[History[Any]], Dated[Any] | None]) -> str:
    """How a step is counted: within 90 days of article effective; at least 2 before program decision."""
    start = spaced(step.after)
    forms: tuple[tuple[History[Decimal], Callable[[Decimal], str]], ...] = (
        (step.within_days, lambda days: f"within {number_text(days)} days of {start}"),
        (step.within_years, lambda years: f"within {_years(years)} of {start}"),
        (step.at_least_days, lambda days: f"at least {number_text(days)} days from {start}"),
        (step.at_least_years, lambda years: f"at least {_years(years)} from {start}"),
        (step.not_before_years, lambda years: f"not before {_years(years)} after {start}"),
        (step.every_years, lambda years: f"every {_years(years)} from {start}"),
        (step.count_min, lambda count: f"at least {number_text(count)} after {start}"),
        (step.share_pct_min, lambda share: f"covering at least {number_text(share)}%"))
    told = [say(dated.value) for history, say in forms if (dated := held(history)) is not None]
    return ", ".join([*(told or [f"after {start}"]), *([f"before {spaced(step.before)}"] if step.before else [])])


def _years(number: Decimal) -> str:
    return f"{number_text(number)} year{'' if number == 1 else 's'}"


def lacking_text(missing: int, each_with: Sequence[str], bare: Sequence[str], absent: Sequence[str]) -> str:
    """What is still lacking from a step; blank when nothing is."""
    parts = []
    if bare and each_with:
        wanted = listed([spaced(word) for word in each_with])
        parts.append(f"What happened on {listed(bare)} lacks something of {wanted}.")
    if missing > 0:
        parts.append(f"{missing} more {'is' if missing == 1 else 'are'} needed.")
    if absent:
        parts.append(f"One must be with {listed([spaced(word) for word in absent])}.")
    return " ".join(parts)
