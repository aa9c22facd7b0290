"""What the law demands, what the market is worth and what is due when, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .filing_words import counting_text
from .model import Filing, FilingStep, Law, Tariff
from .words import Clauses, date_text, in_words, listed, money_text, number_text, spaced

FORM_TEXTS = {"eft": "bank transfer", "check": "check", "bill_credit": "bill credit", "gift_card": "gift card"}
CLASS_TEXTS = {"battery": "batteries", "non_battery": "other devices than batteries", "electric_vehicle":
               "electric vehicles"}
METERING_TEXTS = {"untouched": "are left as they are", "may_be_restricted": "may be restricted"}
COMPUTATION_TEXTS = {
    "new_york": "as New York law does: the first day is not counted, and what ends on a weekend or public holiday ends "
                "on the next business day",
    "virginia": "as Virginia law does: the first day is not counted, and what ends on a weekend or legal holiday ends "
                "on the next business day",
    "none": "as calendar days, without regard to weekends and holidays"}


def forms_text(forms: frozenset[str]) -> str:
    """Forms of payment in words."""
    return listed([in_words(FORM_TEXTS)(form) for form in sorted(forms)], last="or")


def _names(names: frozenset[str]) -> str:
    return listed([spaced(name) for name in sorted(names)])


def law_sentences(law: Law | None, clauses: Clauses) -> Iterator[str]:
    """What no rider may contradict."""
    if law is None:
        return
    say = clauses.phrase
    for history, what in ((law.penalties_on_participants, "Penalties on participants are"),
                          (law.collateral, "Collateral is"),
                          (law.utility_owned_devices, "Devices owned by the utility are"),
                          (law.affiliate_aggregators, "Aggregators that are affiliates of the utility are")):
        if history:
            yield f"{what} {say(history, str)}."
    if law.performance_payment_forms:
        yield f"Performance may be paid by {say(law.performance_payment_forms, forms_text)} only."
    if law.customer_classes:
        yield f"Only these classes of customer may enroll: {say(law.customer_classes, _names)}."
    if law.der_power_kw_max:
        yield f"A resource has at most {say(law.der_power_kw_max, lambda held: f'{number_text(held)} kW')}."
    if law.rate_lock_years_min:
        yield f"A rate holds for at least {say(law.rate_lock_years_min, number_text)} years from enrollment."
    if law.payments_per_year_min:
        yield f"There are at least {say(law.payments_per_year_min, number_text)} payments a year."
    if law.batteries_measured_at:
        yield f"Batteries are measured at the {say(law.batteries_measured_at, str)}."
    if law.net_metering:
        yield f"Net metering and value-stack credits {say(law.net_metering, in_words(METERING_TEXTS))}."
    if law.earliest_start:
        yield f"A program may run from {say(law.earliest_start, date_text)} on."
    yield from _rider_sentences(law, clauses)


def _rider_sentences(law: Law, clauses: Clauses) -> Iterator[str]:
    """What the law asks of every rider and service."""
    say = clauses.phrase
    if law.required_riders:
        yield f"There must be a rider for {say(law.required_riders, _classes)}."
    if law.required_service:
        yield f"Every rider must offer {say(law.required_service, spaced)}."
    if law.operating_parameters:
        yield f"Every service must state: {say(law.operating_parameters, _names)}."
    if law.must_refuse:
        yield f"No rider may admit: {say(law.must_refuse, _names)}."
    if law.must_require:
        yield f"Every rider must require: {say(law.must_require, _names)}."
    for name, floor in law.rate_floors.items():
        if floor.not_below_sum_of:
            yield f"A rate for {spaced(name)} may not be below the sum of {say(floor.not_below_sum_of, _names)}."
    if law.battery_incentive_step:
        yield f"Who pays for batteries at enrollment owes this act: {spaced(law.battery_incentive_step)}."


def _classes(classes: frozenset[str]) -> str:
    return listed([in_words(CLASS_TEXTS)(name) for name in sorted(classes)])


def market_sentences(tariff: Tariff, clauses: Clauses) -> Iterator[str]:
    """Values below which some rates may not be approved."""
    for name, market in tariff.market_values.items():
        if market.usd_per_kw_year:
            worth = clauses.phrase(market.usd_per_kw_year, lambda held: f"{money_text(held)} per kW and year")
            yield f"Value of the market, {spaced(name)}: {worth}."


def filing_sentences(filing: Filing | None, clauses: Clauses) -> Iterator[str]:
    """What is due when; the days themselves are for `gridrider filing`."""
    if filing is None:
        return
    if filing.computation:
        yield f"Days are counted {clauses.phrase(filing.computation, in_words(COMPUTATION_TEXTS))}."
    for day in filing.dates.values():
        if day.on:
            yield f"{day.title}: {clauses.phrase(day.on, date_text)}."
    for step in filing.steps.values():
        yield _step_sentence(step, clauses)


def _step_sentence(step: FilingStep, clauses: Clauses) -> str:
    told: list[Any] = []

    def latest(history: Any) -> Any:
        found = max(history, key=lambda dated: (dated.effective, dated.filed), default=None)
        told.extend([found] if found is not None else [])
        return found

    text = f"{step.title}{f' ({step.by})' if step.by else ''}: {counting_text(step, latest)}"
    for history, words in ((step.each_with, "each with {}"), (step.one_with, "one at least with {}")):
        dated = latest(history)
        text += f", {words.format(_names(dated.value))}" if dated is not None else ""
    waived = latest(step.waived)
    text += "; waived" if waived is not None and waived.value else ""
    case_number = latest(step.case_number)
    text += f"; case {case_number.value}" if case_number is not None else ""
    text += f"; published: {listed([spaced(place) for place in step.where])}" if step.where else ""
    for occasion, words in ((step.unless, "unless this was done"), (step.only_if, "only if this was done")):
        if occasion is not None:
            with_ = f" with {listed([spaced(word) for word in occasion.features])}" if occasion.features else ""
            text += f"; {words}: {spaced(occasion.step)}{with_}"
    because = latest(step.because)
    end = f". {because.value}" if because is not None else "."
    return f"{text} {clauses.mark(*told)}{end}".replace("..", ".")
