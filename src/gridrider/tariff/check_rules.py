"""What every rule with a history must hold, wherever in the file it stands: one value per day, numbers in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from itertools import combinations
from typing import Any

from ..problem import Problem
from .dated import Dated
from .declared import Rule, rules
from .model import Tariff
from .place import Place

SIGNED = frozenset({"at", "low_kw", "high_kw", "of_nominated", "rate_usd_per_kwh", "rate_usd_per_kw_month",
                    "rate_usd_per_kw_season"})
"""Rules whose number may be below zero; whether a rate may is for the law to say."""

VALUES_MAX = 500
"""The longest history of one rule: forty years of monthly filings."""

BOUNDS = (("min", "max"), ("low", "high"), ("low_kw", "high_kw"), ("at_least", "at_most"))
"""Pairs of rules of one block: the first may not be above the second."""


CONDITIONED = ("rate_usd", "usd", "multiplier")
"""How the names of rules begin that are looked up for a month, a length or a customer class."""


def check_rules(tariff: Tariff, place: Place) -> Iterator[Problem]:
    """Every Problem of the rules' values, dates and conditions."""
    every = list(rules(tariff))
    for rule in every:
        yield from _check_dates(rule, place)
        yield from _check_numbers(rule, place)
        yield from _check_conditions(rule, place)
    by_path = {rule.path: rule for rule in every}
    for low_name, high_name in BOUNDS:
        yield from _check_bounds(by_path, low_name, high_name, place)
    yield from _check_hours(by_path, place)
    yield from _check_filed_late(every, place)
    yield from _check_unconfirmed(tariff, every, place)


def _check_dates(rule: Rule, place: Place) -> Iterator[Problem]:
    if len(rule.history) > VALUES_MAX:
        yield place.error(rule.path, f"has more than {VALUES_MAX} values", "Check that this is meant.")
        return
    for first, second in combinations(rule.history, 2):
        same_rank = (first.effective, first.narrowness, first.filed) == (
            second.effective, second.narrowness, second.filed)
        if same_rank and _overlap(first, second):
            yield place.error(rule.path, f"holds from {first.effective} for the same case as line {first.line}",
                              "Keep one, or give the later its own effective: or filed: date.",
                              seen=_text(second.value), line=second.line)


def _overlap(first: Dated[Any], second: Dated[Any]) -> bool:
    """True if some case falls under both values."""
    def share(ours: frozenset[Any], theirs: frozenset[Any]) -> bool:
        return not ours or not theirs or bool(ours & theirs)
    durations = {held.duration_h for held in (first, second) if held.duration_h is not None}
    return (share(first.months, second.months) and share(first.customer_classes, second.customer_classes)
            and len(durations) < 2)


def _check_numbers(rule: Rule, place: Place) -> Iterator[Problem]:
    for dated in rule.history:
        if not isinstance(dated.value, Decimal):
            continue
        if dated.value < 0 and rule.name not in SIGNED:
            yield place.error(rule.path, "must not be below zero", "Write zero or more.", seen=dated.value,
                              line=dated.line)
        if rule.declared.unit.startswith("%") and dated.value > 100:
            yield place.error(rule.path, "is more than 100 percent", "Write a number from 0 to 100.", seen=dated.value,
                              line=dated.line)


def _check_conditions(rule: Rule, place: Place) -> Iterator[Problem]:
    """A condition where nobody asks for it would make the rule absent without a word."""
    if rule.name.startswith(CONDITIONED):
        return
    for dated in rule.history:
        if dated.narrowness:
            yield place.error(rule.path, "is limited to some months, lengths or classes, and only rates, amounts and "
                              "multipliers can be", "Give one value for all, or make a service or rider of its own.",
                              seen=_text(dated.value), line=dated.line)


def _check_bounds(by_path: dict[str, Rule], low_name: str, high_name: str, place: Place) -> Iterator[Problem]:
    """The least may not be above the most on any day on which both hold."""
    for path, lows in by_path.items():
        block = path.rpartition(".")[0]
        highs = by_path.get(f"{block}.{high_name}")
        if lows.name != low_name or highs is None or len(lows.history) + len(highs.history) > VALUES_MAX:
            continue
        for low, high in _in_force_together(lows, highs):
            if low.value > high.value:
                yield place.error(block, f"from {max(low.effective, high.effective)} the least ({low.value}) is above "
                                  f"the most ({high.value})", "Swap them, or correct one.", line=low.line)


def _in_force_together(ours: Rule, theirs: Rule) -> Iterator[tuple[Dated[Any], Dated[Any]]]:
    """Each pair of unconditioned values that hold on the same day, once."""
    seen = set()
    for day in sorted({dated.effective for dated in (*ours.history, *theirs.history)}):
        pair = _latest(ours, day), _latest(theirs, day)
        if pair[0] is not None and pair[1] is not None and pair not in seen:
            seen.add(pair)
            yield pair[0], pair[1]


def _latest(rule: Rule, day: date) -> Dated[Any] | None:
    held = [dated for dated in rule.history if dated.effective <= day and not dated.narrowness]
    return max(held, key=lambda dated: (dated.effective, dated.filed), default=None)


def _check_hours(by_path: dict[str, Rule], place: Place) -> Iterator[Problem]:
    for path, start in by_path.items():
        if start.name != "from":
            continue
        end = by_path.get(f"{path.removesuffix('.from')}.to")
        if end is None:
            yield place.error(path, "a window needs both from: and to:", "Add to:.")
            continue
        for first, last in _in_force_together(start, end):
            if last.value != time(0) and first.value >= last.value:
                yield place.error(path, f"the window ends at {last.value:%H:%M}, before it begins",
                                  'Let from: be earlier than to: on the same day; "24:00" is midnight.',
                                  seen=f"{first.value:%H:%M}", line=first.line)
    for path, end in by_path.items():
        if end.name == "to" and f"{path.removesuffix('.to')}.from" not in by_path:
            yield place.error(path, "a window needs both from: and to:", "Add from:.", line=end.history[0].line)


def _check_filed_late(every: list[Rule], place: Place) -> Iterator[Problem]:
    """One warning for each pair of dates, however many rules inherit it."""
    late = [(dated, rule) for rule in every for dated in rule.history if dated.filed > dated.effective]
    counts = Counter((dated.effective, dated.filed) for dated, _ in late)
    first = {(dated.effective, dated.filed): (dated, rule) for dated, rule in reversed(late)}
    for dates, count in counts.items():
        dated, rule = first[dates]
        more = f" (and {count - 1} more)" if count > 1 else ""
        yield place.warning(rule.path, f"takes effect on {dates[0]} but was filed on {dates[1]}{more}: a run as of an "
                            "earlier day does not know it, and a later run corrects what was paid",
                            "Check both dates.", line=dated.line)


def _check_unconfirmed(tariff: Tariff, every: list[Rule], place: Place) -> Iterator[Problem]:
    unconfirmed = [(rule, dated) for rule in every for dated in rule.history if not dated.confirmed]
    if unconfirmed and not tariff.assumptions:
        rule, dated = unconfirmed[0]
        more = f" (and {len(unconfirmed) - 1} more)" if len(unconfirmed) > 1 else ""
        yield place.warning(rule.path, f"is unconfirmed{more}, and no assumption says so to the reader",
                            "Name it under assumptions:, which is printed on every page.", line=dated.line)


def _text(held: object) -> str:
    return ", ".join(sorted(map(str, held))) if isinstance(held, frozenset) else str(held)
