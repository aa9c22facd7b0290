"""A tariff in plain words, for a customer or a regulator: short sentences, each with the clause it rests on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from .declared import rules
from .explain_law import filing_sentences, forms_text, law_sentences, market_sentences
from .explain_money import offer_sentences, stacking_sentences, upfront_sentences
from .explain_rest import rest_sentences
from .explain_service import (
    call_sentences,
    measurement_sentences,
    outcome_sentences,
    payment_lines,
)
from .load import canonical, tariff_hash
from .model import EligibilityRule, Rider, Tariff
from .words import (
    Clauses,
    date_text,
    in_words,
    listed,
    money_text,
    number_text,
    spaced,
    table_text,
    value_text,
    wrapped,
)

TECHNOLOGY_TEXTS = {"battery": "batteries", "ev": "electric vehicles", "thermostat": "thermostats",
                    "water_heater": "water heaters", "other": "other devices"}
BOUND_TEXTS = {"power_kw": ("Power", "kW"), "duration_h": ("Length of discharge", "hours")}
RENEWAL_TEXTS = {"on_reenrollment": "on enrolling again", "automatic": "by itself"}
LAPSED_TEXTS = {"current_rate": "the current rate holds", "no_rate": "no rate holds"}
LEAVE_TEXTS = {"without_penalty": "free of penalty",
               "claw_back": "possible, and a part of the upfront payment is paid back"}
STORM_TEXTS = {True: "There is no discharge while a storm warning is active",
               False: "A storm warning does not stop discharge"}
TOGETHER_TEXTS = {"allowed": "is allowed", "forbidden": "is forbidden",
                  "incremental_only": "is allowed where no value is paid twice"}
SPLIT_TEXTS = {"theirs_first": "what the other pays for is not paid here",
               "ours_first": "what is paid here comes first",
               "pro_rata": "what both could claim is shared in proportion"}
FULL_TEXTS = {"waitlisted": "waits on a list", "refused": "is refused"}
PERMIT_TEXTS = {"standard_appliance": "a standard appliance", "generator": "a generator"}
HOLIDAY_TEXTS = {"nerc": "NERC", "us_federal": "US federal", "none": "none"}
SCHEDULE_TEXTS = {"month": "each month", "season": "each season", "year": "each year", "on_request": "on request"}


def explain(tariff: Tariff) -> str:
    """The rider in plain words with numbered clauses; a question mark stands at what is unconfirmed."""
    clauses = Clauses(_usual_day(tariff))
    lines = [tariff.title, "=" * len(tariff.title), *_head(tariff, clauses)]
    for rider in tariff.riders.values():
        lines += _rider(tariff, rider, clauses)
    lines += _section("What is due when", filing_sentences(tariff.filing, clauses))
    lines += _section("Further rules", rest_sentences(tariff, clauses, lambda path: _block_text(tariff, path)))
    lines += _section("What is unconfirmed", _unconfirmed(tariff))
    lines += ["", "Clauses", "-------"]
    lines += [wrapped(cite, indent="", first=f"{f'[{number}]':>5} ") for cite, number in clauses.numbers.items()]
    lines += ["", f"Tariff {tariff.tariff}, hash {tariff_hash(tariff)}"]
    return "\n".join(lines) + "\n"


def _usual_day(tariff: Tariff) -> date:
    """The day from which most rules hold, the earlier of two: it is said once and not at each of them."""
    days = Counter(dated.effective for rule in rules(tariff) for dated in rule.history)
    return min(days, key=lambda day: (-days[day], day))


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
                  "beside it means that no primary text confirms the rule. A rule without a day holds from "
                  f"{date_text(clauses.since)} on.", indent="", first="")
    told = [*law_sentences(tariff.law, clauses), *_program(tariff, clauses), *market_sentences(tariff, clauses)]
    yield from _section("The program", told)


def _program(tariff: Tariff, clauses: Clauses) -> Iterator[str]:
    say = clauses.phrase
    if tariff.zones:
        yield f"Zones: {listed([zone.title or name for name, zone in tariff.zones.items()])}."
    if tariff.holidays:
        yield f"Holidays are those of the set {say(tariff.holidays, in_words(HOLIDAY_TEXTS))}."
    if tariff.budget_usd:
        yield f"The program may pay at most {say(tariff.budget_usd, money_text)}."
    if tariff.closed_to_new_enrollments:
        yield f"Closed to new enrollments: {say(tariff.closed_to_new_enrollments, value_text)}."
    if tariff.successor:
        yield f"It is followed by {say(tariff.successor, str)}."
    if tariff.reports:
        yield f"Reports due: {listed([spaced(report) for report in tariff.reports])}."


def _rider(tariff: Tariff, rider: Rider, clauses: Clauses) -> list[str]:
    title = rider.title or listed([in_words(TECHNOLOGY_TEXTS)(name) for name in rider.technologies]).capitalize()
    lines = ["", "", f"Rider: {title}", "=" * len(f"Rider: {title}")]
    lines += _section("Who may enroll", _enrollment(rider, clauses))
    for name, service in rider.services.items():
        of = f" ({service.title or spaced(name)})" if len(rider.services) > 1 else ""
        season = tariff.season(service.calls.season)
        told = [*offer_sentences(service), *call_sentences(service.calls, season, clauses)]
        lines += _section(f"What the utility may do{of}", told)
    lines += _section("Protections", _protections(rider, clauses))
    for name, service in rider.services.items():
        of = f" ({service.title or spaced(name)})" if len(rider.services) > 1 else ""
        lines += _section(f"How performance is measured{of}", measurement_sentences(service.measurement, clauses))
        sentences, rows = payment_lines(service, clauses)
        lines += _section(f"What it pays{of}", [*sentences, *outcome_sentences(service, clauses)], rows)
    lines += _section("Payment at enrollment", upfront_sentences(rider.upfront, clauses))
    lines += _section("How long a rate holds", _term(rider, clauses))
    return lines + _section("When and how it is paid", _pay(rider, clauses))


def _enrollment(rider: Rider, clauses: Clauses) -> Iterator[str]:
    yield f"The rider is for {listed([in_words(TECHNOLOGY_TEXTS)(name) for name in rider.technologies])}."
    if rider.incorporates:
        yield f"It takes in the customers of {listed([spaced(name) for name in rider.incorporates])}."
    for condition in rider.eligibility:
        yield _eligibility(condition, clauses)
    for together in rider.together:
        verdict = clauses.phrase(together.rule, in_words(TOGETHER_TEXTS))
        split = f" ({clauses.phrase(together.split, in_words(SPLIT_TEXTS))})" if together.split else ""
        yield f"Taking part in {listed([spaced(name) for name in together.with_], last='or')} as well {verdict}{split}."
    yield from stacking_sentences(rider, clauses)
    yield from _room_sentences(rider, clauses)
    ends = rider.non_performance
    if ends is not None and ends.missed_events:
        seasons = f" within {clauses.phrase(ends.in_seasons, number_text)} season(s)" if ends.in_seasons else ""
        notice = f", after {clauses.phrase(ends.notice_days, number_text)} days' notice" if ends.notice_days else ""
        opt_outs = f" Opting out {clauses.phrase(ends.opted_out, spaced)} toward that." if ends.opted_out else ""
        yield (f"An enrollment ends after {clauses.phrase(ends.missed_events, number_text)} missed events"
               f"{seasons}{notice}; there is no penalty.{opt_outs}")


def _room_sentences(rider: Rider, clauses: Clauses) -> Iterator[str]:
    """How many may enroll, what an aggregation must be, and how a device is permitted."""
    queue, say = rider.queue, clauses.phrase
    if queue is not None:
        for history, what in ((queue.customers_per_year_max, "new customers a year"),
                              (queue.power_kw_per_year_max, "kW of new power a year"),
                              (queue.power_kw_max, "kW at any time")):
            if history:
                yield f"There is room for at most {say(history, number_text)} {what}."
        if queue.when_full:
            yield f"Who comes later {say(queue.when_full, in_words(FULL_TEXTS))}."
    if rider.aggregation is not None and rider.aggregation.power_kw_min:
        yield f"An aggregation needs at least {say(rider.aggregation.power_kw_min, number_text)} kW together."
    permit = rider.permit
    if permit is not None and permit.class_:
        yield f"For its permit the device is treated as {say(permit.class_, in_words(PERMIT_TEXTS))}."
    if permit is not None and permit.decided_within_days:
        yield f"The permit is decided within {say(permit.decided_within_days, number_text)} days."


def _eligibility(condition: EligibilityRule, clauses: Clauses) -> str:
    name = condition.require or condition.refuse or listed([spaced(each) for each in condition.require_any], last="or")
    label, unit = BOUND_TEXTS.get(name, (spaced(name).capitalize(), ""))
    bounds = [f"{words} {clauses.phrase(history, lambda held: f'{number_text(held)} {unit}'.rstrip())}"
              for words, history in (("at least", condition.at_least), ("at most", condition.at_most)) if history]
    if bounds:
        return f"{label}: {listed(bounds)}."
    if condition.any_of:
        return f"{label}: one of {clauses.phrase(condition.any_of, _any_of)}."
    verb = "Excluded" if condition.refuse else "Required"
    if condition.holds:
        return f"{verb}: {clauses.phrase(condition.holds, lambda held: spaced(name) if held else 'no longer')}."
    what = f": {clauses.phrase(condition.of, str)}" if condition.of else ""
    because = f" ({clauses.phrase(condition.because, str)})" if condition.because else ""
    return f"{verb}: {spaced(name)}{what}{because}."


def _any_of(names: frozenset[str]) -> str:
    return listed([spaced(name) for name in sorted(names)], last="or")


def _protections(rider: Rider, clauses: Clauses) -> Iterator[str]:
    held, say = rider.protections, clauses.phrase
    if held is None:
        return
    if held.reserve_pct_min:
        yield (f"At least {say(held.reserve_pct_min, lambda pct: f'{number_text(pct)}%')} of the energy stays in the "
               "battery; the customer may keep more.")
    if held.storm is not None:
        if held.storm.hold:
            yield f"{say(held.storm.hold, in_words(STORM_TEXTS))}."
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


def _term(rider: Rider, clauses: Clauses) -> Iterator[str]:
    term, say = rider.term, clauses.phrase
    if term is None:
        return
    if term.rate_lock_years:
        yield f"The rate at enrollment holds for {say(term.rate_lock_years, number_text)} years."
    if term.vintage_of:
        yield f"The lock belongs to each {say(term.vintage_of, spaced)}."
    if term.renewal:
        yield f"A new term begins {say(term.renewal, in_words(RENEWAL_TEXTS))}."
    if term.lapsed:
        yield f"After the term {say(term.lapsed, in_words(LAPSED_TEXTS))}."
    if term.leave:
        yield f"Leaving early is {say(term.leave, in_words(LEAVE_TEXTS))}."


def _pay(rider: Rider, clauses: Clauses) -> Iterator[str]:
    pay, say = rider.pay, clauses.phrase
    if pay is None:
        return
    if pay.schedule:
        yield f"Money is paid {say(pay.schedule, in_words(SCHEDULE_TEXTS))}."
    if pay.by:
        yield f"It comes by {say(pay.by, forms_text)}."
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
