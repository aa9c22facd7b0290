"""A value with a history: since when, filed when, by which clause, and for whom it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(Generic[T]):
    """One value of a tariff with its provenance, and the cases it is limited to (none = every case)."""

    value: T
    unit: str = ""
    effective: date
    filed: date
    cite: str
    confirmed: bool = True
    note: str = ""
    months: frozenset[int] = frozenset()
    duration_h: Decimal | None = None
    customer_classes: frozenset[str] = frozenset()
    line: int = field(default=0, compare=False)

    def applies(self, case: Case) -> bool:
        """True if this value is meant for the case: a condition that is not stated excludes nobody."""
        return (
            (not self.months or case.month in self.months)
            and (self.duration_h is None or self.duration_h == case.duration_h)
            and (not self.customer_classes or case.customer_class in self.customer_classes)
        )

    @property
    def narrowness(self) -> int:
        """How many conditions it states; the narrower of two values of the same date wins."""
        return bool(self.months) + (self.duration_h is not None) + bool(self.customer_classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a conditioned value is looked up for."""

    month: int | None = None
    duration_h: Decimal | None = None
    customer_class: str | None = None


ANY_CASE = Case()
History = tuple[Dated[T], ...]


def in_force(history: Sequence[Dated[T]], day: date, as_of: date, case: Case = ANY_CASE) -> Dated[T] | None:
    """The value in force on a day as known on another; None before the first: absent, never zero.

    Of the values effective by `day` and filed by `as_of`, the latest effective wins, then the
    narrowest, then the latest filed.
    """
    held = [dated for dated in history if dated.effective <= day and dated.filed <= as_of and dated.applies(case)]
    return max(held, key=lambda dated: (dated.effective, dated.narrowness, dated.filed), default=None)


def value_on(history: Sequence[Dated[T]], day: date, as_of: date, default: T, case: Case = ANY_CASE) -> T:
    """The bare value in force, or the default that the caller names where the tariff says nothing."""
    dated = in_force(history, day, as_of, case)
    return default if dated is None else dated.value
