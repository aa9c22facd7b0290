"""The parts of an upfront payment and its terms, as in force on a vintage day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..money import micro_from_usd
from ..tariff.model import Case, History, Upfront, in_force, value_on
from .attributes import earned_by
from .rates import Rate, RateTooFine

MILLIWATT_PER_KW = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UpfrontPart:
    """One amount of an upfront payment: its rate, per kW or once, and who earns it."""

    component: str
    per_kw: bool
    history: History[Decimal]
    when_any: tuple[str, ...]
    """Attributes of which one earns it; empty = everybody."""
    name: str
    """What tells it from the others of its rider, in the ids of lines: never its place in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpfrontTerms:
    """What holds for an enrollment's upfront payment beside its rates; milliwatts and whole months."""

    power_milliwatt_max: int | None
    term_months: int | None
    """None = nothing is paid back on leaving."""
    amortize_months: int | None
    """None = an expense at once."""
    excused: tuple[str, ...]
    owed_to_funder: bool
    clause: str
    """Of the claw-back."""


def parts_of(upfront: Upfront) -> tuple[UpfrontPart, ...]:
    """Every amount that an upfront payment may hold. Source: settlement rules, "Upfront payments"."""
    return tuple(_named_apart(_parts(upfront)))


def _parts(upfront: Upfront) -> Iterator[UpfrontPart]:
    if upfront.rate_usd_per_kw:
        yield UpfrontPart(component="upfront", per_kw=True, history=upfront.rate_usd_per_kw, when_any=(), name="per kW")
    if upfront.usd:
        yield UpfrontPart(component="upfront", per_kw=False, history=upfront.usd, when_any=(), name="once")
    for adder in upfront.adders:
        names = earned_by(adder)
        whom = f"when {','.join(sorted(names))}" if names else "for all"
        if adder.usd_per_kw:
            yield UpfrontPart(component="adder", per_kw=True, history=adder.usd_per_kw, when_any=names,
                              name=f"{whom} per kW")
        if adder.usd:
            yield UpfrontPart(component="adder", per_kw=False, history=adder.usd, when_any=names, name=f"{whom} once")


def _named_apart(parts: Iterator[UpfrontPart]) -> Iterator[UpfrontPart]:
    """Two adders for the same attributes are told apart by their count."""
    seen: Counter[str] = Counter()
    for part in parts:
        seen[part.name] += 1
        count = seen[part.name]
        yield part if count == 1 else UpfrontPart(component=part.component, per_kw=part.per_kw, history=part.history,
                                                  when_any=part.when_any, name=f"{part.name} {count}")


def part_rate(part: UpfrontPart, vintage: date, as_of: date, case: Case) -> Rate | None:
    """A part's rate on a vintage day; None where none is in force. Raises RateTooFine below a micro-dollar."""
    held = in_force(part.history, vintage, as_of, case)
    if held is None:
        return None
    if Decimal(micro_from_usd(held.value)).scaleb(-6) != held.value:
        raise RateTooFine(f"{held.value} is finer than a micro-dollar")
    return Rate(rate_micro=micro_from_usd(held.value), unit=held.unit, effective=held.effective, cite=held.cite,
                words="")


def terms_on(upfront: Upfront, vintage: date, as_of: date) -> UpfrontTerms:
    """What holds for the upfront payment of an enrollment of a vintage day."""
    power_max = in_force(upfront.power_kw_max, vintage, as_of)
    spread = in_force(upfront.amortize_months, vintage, as_of)
    claw_back = upfront.claw_back
    term = in_force(claw_back.term_months, vintage, as_of) if claw_back is not None else None
    method = in_force(claw_back.method, vintage, as_of) if claw_back is not None else None
    excused = in_force(claw_back.excused, vintage, as_of) if claw_back is not None else None
    return UpfrontTerms(
        power_milliwatt_max=int(power_max.value * MILLIWATT_PER_KW) if power_max is not None else None,
        term_months=int(term.value) if term is not None else None,
        amortize_months=int(spread.value) if spread is not None else None,
        excused=tuple(sorted(excused.value)) if excused is not None else (),
        owed_to_funder=claw_back is not None and value_on(claw_back.owed_to, vintage, as_of, "utility") == "funder",
        clause=method.cite if method is not None else term.cite if term is not None else "")
