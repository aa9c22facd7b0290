"""Everything that a tariff and its law ask of an application, as checks that a table of applications is put through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from ..table import Kind
from ..tariff.model import Dated, EligibilityRule, Rider, Tariff, in_force
from .conditions import PER_UNIT, Condition, Sheet, condition, literal, number

FIRST_DAY, LAST_DAY = date.min, date.max

DIRECT_ONLY = frozenset({"equipment", "communications"})
"""Demands that may only ever be made of direct participants (New York A10354, §241.2)."""

SIGNED_CLAUSE = "no agreement, no enrollment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reason for which an application may be refused, over the days on which it holds."""

    number: int
    rider: str
    first: date
    end: date
    clause: str
    fails: str
    """SQL: true when the application is refused for it."""
    reason: str
    """SQL text."""
    asked: str = ""
    """A column whose blank cells were taken for a no."""
    unknown: str = ""
    """SQL: true where that column does not say."""


def checks(tariff: Tariff, sheet: Sheet, as_of: date) -> tuple[Check, ...]:
    """Every check of every rider, in the order of the tariff's words, as the tariff stood filed on `as_of`."""
    made: list[Check] = []
    for name, rider in tariff.riders.items():
        bounds = [FIRST_DAY, *sorted(_days(tariff, rider)), LAST_DAY]
        for first, end in pairwise(bounds):
            reader = _Reader(tariff=tariff, rider=rider, name=name, sheet=sheet, first=first, end=end, as_of=as_of)
            made += reader.all()
    return tuple(made)


def _days(tariff: Tariff, rider: Rider) -> set[date]:
    """The days on which one of the rules begins to hold another value."""
    histories: list[Sequence[Dated[Any]]] = [tariff.closed_to_new_enrollments, tariff.successor]
    if tariff.law is not None:
        law = tariff.law
        histories += [law.customer_classes, law.der_power_kw_max, law.utility_owned_devices, law.affiliate_aggregators]
    histories += [history for rule in rider.eligibility for history in _histories(rule)]
    histories += [together.rule for together in rider.together]
    return {dated.effective for history in histories for dated in history}


def _histories(rule: EligibilityRule) -> tuple[Sequence[Dated[Any]], ...]:
    return rule.of, rule.any_of, rule.at_most, rule.at_least, rule.because, rule.holds


@dataclass(slots=True, kw_only=True)
class _Reader:
    """The rules of one rider over one span of days on which none of them changes."""

    tariff: Tariff
    rider: Rider
    name: str
    sheet: Sheet
    first: date
    end: date
    as_of: date
    number: int = 0

    def all(self) -> list[Check]:
        found = [*self.closed(), *self.technology(), *self.signed()]
        for index, rule in enumerate(self.rider.eligibility):
            found += self.rule(rule, f"riders.{self.name}.eligibility[{index}]")
        return [*found, *self.law(), *self.together(), *self.participant()]

    def held(self, history: Sequence[Dated[Any]]) -> Dated[Any] | None:
        return in_force(history, self.first, self.as_of)

    def check(self, clause: str, fails: str, reason: str, asked: str = "", unknown: str = "") -> Check:
        self.number += 1
        return Check(number=self.number, rider=self.name, first=self.first, end=self.end, clause=clause, fails=fails,
                     reason=reason, asked=asked, unknown=unknown)

    def closed(self) -> Iterator[Check]:
        closed, successor = self.held(self.tariff.closed_to_new_enrollments), self.held(self.tariff.successor)
        if closed is not None and closed.value:
            after = f"; it is followed by {successor.value}" if successor is not None else ""
            yield self.check(closed.cite, "prior_enrollment_id is null",
                             literal(f"the program takes no new enrollments{after}"))

    def technology(self) -> Iterator[Check]:
        listed = ", ".join(literal(word) for word in self.rider.technologies)
        yield self.check(f"riders.{self.name}.technologies", f"technology not in ({listed})",
                         f"'the rider is for ' || {literal(', '.join(self.rider.technologies))} || ', and this is ' "
                         "|| technology")

    def signed(self) -> Iterator[Check]:
        """Signed in every program, whether its rules say so or not."""
        if any(rule.require == "agreement_signed" and not rule.technologies and not rule.participants
               and self.stands(rule) is not None for rule in self.rider.eligibility):
            return
        found = condition("agreement_signed", self.sheet)
        yield self.check(SIGNED_CLAUSE, f"not {found.holds}", found.seen)

    def stands(self, rule: EligibilityRule) -> str | None:
        """The clause of a rule on these days; None while it does not hold."""
        switch = self.held(rule.holds)
        if switch is not None and not switch.value:
            return None
        held = [dated for history in _histories(rule) if (dated := self.held(history)) is not None]
        if not held and any(_histories(rule)):
            return None
        return next((dated.cite for dated in held), "")

    def rule(self, rule: EligibilityRule, path: str) -> Iterator[Check]:
        clause = self.stands(rule)
        if clause is None:
            return
        of, any_of, because = (self.held(history) for history in (rule.of, rule.any_of, rule.because))
        names = rule.require_any or ((rule.require or rule.refuse),)
        direct_only = bool(DIRECT_ONLY & set(names))
        limits = [f"technology in ({', '.join(map(literal, rule.technologies))})"] if rule.technologies else []
        if rule.participants or direct_only:
            listed = ("direct",) if direct_only else rule.participants
            limits.append(f"participant_kind in ({', '.join(map(literal, listed))})")
        within = " and ".join([*limits, ""])
        told = f"{literal(because.value + ': ')} || " if because is not None else ""
        clause = clause or path
        if rule.at_least or rule.at_most:
            yield from self.bounds(rule, within, told)
            return
        found = [condition(name, self.sheet, of=None if of is None else str(of.value),
                           any_of=frozenset() if any_of is None else any_of.value) for name in names]
        yield self.worded(rule, found, clause, within, told)

    def worded(self, rule: EligibilityRule, found: Sequence[Condition], clause: str, within: str, told: str) -> Check:
        if rule.refuse:
            (only,) = found
            return self.check(clause, f"{within}coalesce({only.holds}, false)", f"{told}{only.seen}",
                              asked=only.column, unknown=f"{within}({only.holds}) is null")
        any_holds = " or ".join(f"coalesce({each.holds}, false)" for each in found)
        seen = " || ' and ' || ".join(f"({each.seen})" for each in found)
        return self.check(clause, f"{within}not ({any_holds})", f"{told}{seen}")

    def bounds(self, rule: EligibilityRule, within: str, told: str) -> Iterator[Check]:
        """A number between its bounds, both included; each bound has a clause of its own."""
        inside, text, scale = number(rule.require, self.sheet)
        missing = literal(rule.require + " is not given")
        is_first = True
        for history, sign, words in ((rule.at_least, "<", "at least"), (rule.at_most, ">", "at most")):
            dated = self.held(history)
            if dated is not None:
                fault = f"{inside} {sign} {plain(dated.value * scale)}"
                seen = (f"coalesce({literal(rule.require + ' is ')} || {text} || "
                        f"{literal(f', and {words} {plain(dated.value)} is allowed')}, {missing})")
                fails = f"({inside} is null or {fault})" if is_first else fault
                yield self.check(dated.cite, f"{within}{fails}", f"{told}{seen}")
                is_first = False

    def law(self) -> Iterator[Check]:
        """What the law says of an application, where no rule of the rider says it already."""
        law = self.tariff.law
        asked = {name for rule in self.rider.eligibility if not rule.technologies and not rule.participants
                 for name in (rule.require, rule.refuse) if name and self.stands(rule) is not None}
        if law is None:
            return
        if "customer_class" not in asked and (classes := self.held(law.customer_classes)) is not None:
            found = condition("customer_class", self.sheet, any_of=classes.value)
            yield self.check(classes.cite, f"not coalesce({found.holds}, false)", found.seen)
        if "power_kw" not in asked and (power := self.held(law.der_power_kw_max)) is not None:
            yield self.check(power.cite, *self.too_much(plain(power.value * PER_UNIT[Kind.KW]), plain(power.value)))
        for name, history in (("utility_owned", law.utility_owned_devices),
                              ("utility_affiliate", law.affiliate_aggregators)):
            rule = self.held(history)
            if name not in asked and rule is not None and rule.value == "forbidden":
                found = condition(name, self.sheet)
                yield self.check(rule.cite, f"coalesce({found.holds}, false)", found.seen)

    def too_much(self, most: str, most_kw: str) -> tuple[str, str]:
        """SQL that is true above a power, and what it says then."""
        inside, text, _ = number("power_kw", self.sheet)
        return (f"{inside} is null or {inside} > {most}",
                f"coalesce('power_kw is ' || {text} || {literal(f', and at most {most_kw} is allowed')}, "
                "'power_kw is not given')")

    def together(self) -> Iterator[Check]:
        for each in self.rider.together:
            rule = self.held(each.rule)
            if rule is not None and rule.value == "forbidden" and each.with_:
                listed = ", ".join(literal(name) for name in each.with_)
                yield self.check(rule.cite, f"coalesce(list_has_any(other_programs, [{listed}]), false)",
                                 f"'takes part in ' || array_to_string(list_intersect(other_programs, [{listed}]), "
                                 "' and ') || ' as well, which this rider forbids'")

    def participant(self) -> Iterator[Check]:
        yield self.check("a direct participant is the customer itself",
                         "participant_kind = 'direct' and participant_id <> customer_id",
                         "'the direct participant ' || participant_id || ' cannot enroll the customer ' || customer_id")


def plain(number_held: Decimal) -> str:
    """A number without exponent and without zeros that say nothing.

    >>> plain(Decimal("5000.00")), plain(Decimal("0.5"))
    ('5000', '0.5')
    """
    text = format(number_held, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def asked_columns(made: Iterable[Check]) -> dict[str, str]:
    """The columns whose silence was taken for a no, each with SQL that is true where it is silent."""
    return {check.asked: check.unknown for check in made if check.asked}
