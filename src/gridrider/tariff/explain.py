"""A tariff in plain words, for a customer or a regulator: short sentences, each with the clause it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .declared import rules
from .explain_service import (
    call_sentences,
    measurement_sentences,
    outcome_sentences,
    payment_lines,
)
from .load import canonical, tariff_hash
from .model import Adder, EligibilityRule, Rider, Tariff, Upfront
from .words import Clauses, listed, money_text, number_text, spaced, table_text, value_text, wrapped

TECHNOLOGY_TEXTS = {"battery": "batteries", "ev": "electric vehicles", "thermostat": "thermostats",
                    "water_heater": "water heaters", "other": "other devices"}
FORM_TEXTS = {"eft": "bank transfer", "check": "check", "bill_credit": "bill credit", "gift_card": "gift card"}
BOUND_TEXTS = {"power_kw": ("Power", "kW"), "duration_h": ("Length of discharge", "hours")}
RENEWAL_TEXTS = {"on_reenrollment": "on enrolling again", "automatic": "by itself"}
LAPSED_TEXTS = {"current_rate": "the current rate holds", "no_rate": "no rate holds"}
LEAVE_TEXTS = {"without_penalty": "free of penalty",
               "claw_back": "possible, and a part of the upfront payment is paid back"}
STORM_TEXTS = {True: "There is no discharge while a storm warning is active",
               False: "A storm warning does not stop discharge"}
TOGETHER_TEXTS = {"allowed": "is allowed", "forbidden": "is forbidden",
                  "incremental_only": "is allowed where no value is paid twice"}
HOLIDAY_TEXTS = {"nerc": "NERC", "us_federal": "US federal", "none": "none"}
SCHEDULE_TEXTS = {"month": "each month", "season": "each season", "year": "each year", "on_request": "on request"}


def explain(tariff: Tariff) -> str:
    """The rider in plain words with numbered clauses; a question mark stands at what is unconfirmed."""
    every = [dated for rule in rules(tariff) for dated in rule.history]
    clauses = Clauses(min(dated.effective for dated in every))
    lines = [tariff.title, "=" * len(tariff.title), *_head(tariff, clauses)]
    for rider in tariff.riders.values():
        lines += _rider(tariff, rider, clauses)
    lines += _section("What is unconfirmed", _unconfirmed(tariff))
    lines += ["", "Clauses", "-------"]
    lines += [wrapped(cite, indent="", first=f"{f'[{number}]':>5} ") for cite, number in clauses.numbers.items()]
    lines += ["", f"Tariff {tariff.tariff}, hash {tariff_hash(tariff)}"]
    return "\n".join(lines) + "\n"


def explain_json(tariff: Tariff) -> dict[str, Any]:
    """The canonical form of the tariff and its SHA-256, as one JSON document."""
    return {"tariff": canonical(tariff), "hash": tariff_hash(tariff)}


def _section(title: str, sentences: Iterator[str] | list[str], rows: list[tuple[str, ...]] | None = None) -> list[str]:
    told = [wrapped(sentence) for sentence in sentences]
    if rows:
        told += ["", *table_text(("payment", "for", "since", "rate", "clause"), rows)]
    return ["", f"{title}", "-" * len(title), *told] if told else []


def _head(tariff: Tariff, clauses: Clauses) -> Iterator[str]:
    if tariff.summary:
        yield wrapped(tariff.summary, indent="", first="")
    yield wrapped(f"Run by {tariff.authority}. Local times are those of {tariff.timezone}, amounts are "
                  f"in {tariff.currency}. A number in brackets is a clause in the list at the end; a question mark "
                  "beside it means that no primary text confirms the rule.", indent="", first="")
    told = [*_law(tariff, clauses), *_program(tariff, clauses)]
    yield from _section("The program", told)


def _law(tariff: Tariff, clauses: Clauses) -> Iterator[str]:
    law, say = tariff.law, clauses.phrase
    if law is None:
        return
    for history, what in ((law.penalties_on_participants, "Penalties on participants are"),
                          (law.collateral, "Collateral is"),
                          (law.utility_owned_devices, "Devices owned by the utility are"),
                          (law.affiliate_aggregators, "Aggregators that are affiliates of the utility are")):
        if history:
            yield f"{what} {say(history, str)}."
    if law.performance_payment_forms:
        yield f"Performance may be paid by {say(law.performance_payment_forms, _forms)} only."


def _program(tariff: Tariff, clauses: Clauses) -> Iterator[str]:
    say = clauses.phrase
    if tariff.zones:
        yield f"Zones: {listed([zone.title or name for name, zone in tariff.zones.items()])}."
    if tariff.holidays:
        yield f"Holidays are those of the set {say(tariff.holidays, HOLIDAY_TEXTS.__getitem__)}."
    if tariff.budget_usd:
        yield f"The program may pay at most {say(tariff.budget_usd, money_text)}."
    if tariff.closed_to_new_enrollments:
        yield f"Closed to new enrollments: {say(tariff.closed_to_new_enrollments, value_text)}."
    if tariff.successor:
        yield f"It is followed by {say(tariff.successor, str)}."
    if tariff.reports:
        yield f"Reports due: {listed([spaced(report) for report in tariff.reports])}."


def _forms(forms: frozenset[str]) -> str:
    return listed([FORM_TEXTS[form] for form in sorted(forms)], last="or")


def _rider(tariff: Tariff, rider: Rider, clauses: Clauses) -> list[str]:
    title = rider.title or listed([TECHNOLOGY_TEXTS[name] for name in rider.technologies]).capitalize()
    lines = ["", "", f"Rider: {title}", "=" * len(f"Rider: {title}")]
    lines += _section("Who may enroll", _enrollment(rider, clauses))
    for name, service in rider.services.items():
        of = f" ({service.title or spaced(name)})" if len(rider.services) > 1 else ""
        season = tariff.season(service.calls.season)
        lines += _section(f"What the utility may do{of}", call_sentences(service.calls, season, clauses))
    lines += _section("Protections", _protections(rider, clauses))
    for name, service in rider.services.items():
        of = f" ({service.title or spaced(name)})" if len(rider.services) > 1 else ""
        lines += _section(f"How performance is measured{of}", measurement_sentences(service.measurement, clauses))
        sentences, rows = payment_lines(service, clauses)
        lines += _section(f"What it pays{of}", [*sentences, *outcome_sentences(service, clauses)], rows)
    lines += _section("Payment at enrollment", _upfront(rider.upfront, clauses))
    lines += _section("How long a rate holds", _term(rider, clauses))
    return lines + _section("When and how it is paid", _pay(rider, clauses))


def _enrollment(rider: Rider, clauses: Clauses) -> Iterator[str]:
    yield f"The rider is for {listed([TECHNOLOGY_TEXTS[name] for name in rider.technologies])}."
    for condition in rider.eligibility:
        yield _eligibility(condition, clauses)
    for together in rider.together:
        verdict = clauses.phrase(together.rule, TOGETHER_TEXTS.__getitem__)
        yield f"Taking part in {listed([spaced(name) for name in together.with_], last='or')} as well {verdict}."
    ends = rider.non_performance
    if ends is not None and ends.missed_events:
        seasons = f" within {clauses.phrase(ends.in_seasons, number_text)} season(s)" if ends.in_seasons else ""
        notice = f", after {clauses.phrase(ends.notice_days, number_text)} days' notice" if ends.notice_days else ""
        opt_outs = f" Opting out {clauses.phrase(ends.opted_out, spaced)} toward that." if ends.opted_out else ""
        yield (f"An enrollment ends after {clauses.phrase(ends.missed_events, number_text)} missed events"
               f"{seasons}{notice}; there is no penalty.{opt_outs}")


def _eligibility(condition: EligibilityRule, clauses: Clauses) -> str:
    name = condition.require or condition.refuse
    label, unit = BOUND_TEXTS.get(name, (spaced(name).capitalize(), ""))
    bounds = [f"{words} {clauses.phrase(history, lambda held: f'{number_text(held)} {unit}'.rstrip())}"
              for words, history in (("at least", condition.at_least), ("at most", condition.at_most)) if history]
    if bounds:
        return f"{label}: {listed(bounds)}."
    verb = "Required" if condition.require else "Excluded"
    what = f": {clauses.phrase(condition.of, str)}" if condition.of else ""
    because = f" ({clauses.phrase(condition.because, str)})" if condition.because else ""
    return f"{verb}: {spaced(name)}{what}{because}."


def _protections(rider: Rider, clauses: Clauses) -> Iterator[str]:
    held, say = rider.protections, clauses.phrase
    if held is None:
        return
    if held.reserve_pct_min:
        yield (f"At least {say(held.reserve_pct_min, lambda pct: f'{number_text(pct)}%')} of the energy stays in the "
               "battery; the customer may keep more.")
    if held.storm is not None:
        if held.storm.hold:
            yield f"{say(held.storm.hold, STORM_TEXTS.__getitem__)}."
        if held.storm.charge_to_pct:
            yield f"Before a storm the battery is charged to {say(held.storm.charge_to_pct, number_text)}%."
    if held.cycles_per_year_max:
        yield f"Events use at most {say(held.cycles_per_year_max, number_text)} full cycles a year."
    if held.events_per_month_max:
        yield f"A device is called at most {say(held.events_per_month_max, number_text)} times a month."
    if held.islanded:
        yield f"During an outage: {say(held.islanded, spaced)}."
    if held.medical:
        yield f"Customers on life support are {say(held.medical, str)}."


def _upfront(upfront: Upfront | None, clauses: Clauses) -> Iterator[str]:
    if upfront is None:
        return
    yield f"{clauses.phrase(upfront.rate_usd_per_kw, lambda held: f'{money_text(held)} per kW')} is paid at enrollment."
    if upfront.power_kw_max:
        yield f"It is paid for at most {clauses.phrase(upfront.power_kw_max, number_text)} kW."
    yield from (_adder(adder, clauses) for adder in upfront.adders)
    back = upfront.claw_back
    if back is not None:
        yield (f"Who leaves within {clauses.phrase(back.term_months, number_text)} months pays back a part "
               f"({clauses.phrase(back.method, spaced)}).")


def _adder(adder: Adder, clauses: Clauses) -> str:
    whom = listed([spaced(name) for name in (adder.when, *adder.when_any) if name], last="or")
    sums = [clauses.phrase(history, lambda held: f"{money_text(held)}{per}")  # noqa: B023 said at once
            for history, per in ((adder.usd_per_kw, " per kW"), (adder.usd, "")) if history]
    return f"In addition, for {whom or 'everybody'}: {listed(sums)}."


def _term(rider: Rider, clauses: Clauses) -> Iterator[str]:
    term, say = rider.term, clauses.phrase
    if term is None:
        return
    if term.rate_lock_years:
        yield f"The rate at enrollment holds for {say(term.rate_lock_years, number_text)} years."
    if term.vintage_of:
        yield f"The lock belongs to each {say(term.vintage_of, spaced)}."
    if term.renewal:
        yield f"A new term begins {say(term.renewal, RENEWAL_TEXTS.__getitem__)}."
    if term.lapsed:
        yield f"After the term {say(term.lapsed, LAPSED_TEXTS.__getitem__)}."
    if term.leave:
        yield f"Leaving early is {say(term.leave, LEAVE_TEXTS.__getitem__)}."


def _pay(rider: Rider, clauses: Clauses) -> Iterator[str]:
    pay, say = rider.pay, clauses.phrase
    if pay is None:
        return
    if pay.schedule:
        yield f"Money is paid {say(pay.schedule, SCHEDULE_TEXTS.__getitem__)}."
    if pay.by:
        yield f"It comes by {say(pay.by, _forms)}."
    if pay.within_days:
        yield f"It arrives within {say(pay.within_days, number_text)} days."
    if pay.at_least_per_year:
        yield f"There are at least {say(pay.at_least_per_year, number_text)} payments a year."
    if pay.assignable:
        yield f"The payment may be assigned to somebody else: {say(pay.assignable, value_text)}."


def _unconfirmed(tariff: Tariff) -> Iterator[str]:
    yield from tariff.assumptions
    every = [(rule, dated) for rule in rules(tariff) for dated in rule.history]
    open_ones = [(rule, dated) for rule, dated in every if not dated.confirmed]
    if open_ones and len(open_ones) == len(every):
        yield f"None of the {len(every)} values is confirmed by a primary text."
        return
    if open_ones:
        yield f"{len(open_ones)} of {len(every)} values rest on no primary text:"
    grouped: dict[str, dict[str, list[str]]] = {}
    for rule, dated in open_ones:
        block = _block_text(tariff, rule.path.rpartition(".")[0])
        name = "rate" if rule.name.startswith("rate_usd") else rule.name
        grouped.setdefault(block, {}).setdefault(name, []).append(value_text(dated.value, dated.unit))
    for block, names in grouped.items():
        told = "; ".join(f"{spaced(name)} {', '.join(dict.fromkeys(texts))}" for name, texts in names.items())
        yield f"{block}: {told}."


def _block_text(tariff: Tariff, path: str) -> str:
    """A block's path as words; the only rider and the only service need not be named."""
    steps = path.split(".")
    if steps[0] == "riders":
        rider = tariff.riders[steps[1]]
        service = steps[3:4] if steps[2:3] == ["services"] and len(rider.services) > 1 else []
        steps = [*(steps[1:2] if len(tariff.riders) > 1 else []), *service,
                 *(steps[4:] if steps[2:3] == ["services"] else steps[2:])]
    words = [re.sub(r"\[(\d+)\]", lambda found: f" {int(found[1]) + 1}", step) for step in steps if step]
    return spaced(", ".join(words)) or "the program"
