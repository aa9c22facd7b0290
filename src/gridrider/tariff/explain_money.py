"""What is paid at enrollment, how a schedule pays, and who is paid first, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .model import Adder, ClawBack, Payment, Rider, Service, Step, Upfront
from .words import Clauses, in_words, listed, money_text, number_text, spaced, value_text

STACKING_TEXTS = {"allowed": "may each be paid for the same kilowatt-hour",
                  "incremental_only": "are never paid for the same kilowatt-hour",
                  "forbidden": "may not be joined"}
OWED_TEXTS = {"utility": "the utility", "funder": "the funder, passed on by the aggregator"}


def upfront_sentences(upfront: Upfront | None, clauses: Clauses) -> Iterator[str]:
    """The payment at enrollment, its bounds and parts, and what is paid back."""
    if upfront is None:
        return
    say = clauses.phrase
    if upfront.rate_usd_per_kw:
        yield f"{say(upfront.rate_usd_per_kw, lambda held: f'{money_text(held)} per kW')} is paid at enrollment."
    if upfront.usd:
        yield f"{say(upfront.usd, money_text)} is paid at enrollment, whatever the power."
    if upfront.power_kw_max:
        yield f"It is paid for at most {say(upfront.power_kw_max, number_text)} kW."
    yield from (_adder(adder, clauses) for adder in upfront.adders)
    if upfront.amortize_months:
        yield f"The books spread it over {say(upfront.amortize_months, number_text)} months."
    if upfront.unless_any:
        yield f"It is not paid for {listed([spaced(name) for name in upfront.unless_any], last='or')}."
    if upfront.claw_back is not None:
        yield from _claw_back_sentences(upfront.claw_back, clauses)


def _claw_back_sentences(back: ClawBack, clauses: Clauses) -> Iterator[str]:
    say = clauses.phrase
    months = say(back.term_months, number_text)
    yield f"Who leaves within {months} months pays back a part ({say(back.method, spaced)})."
    if back.excused:
        reasons = say(back.excused, lambda names: listed([spaced(name) for name in sorted(names)], last="or"))
        yield f"Nothing is paid back by who leaves for this reason: {reasons}."
    if back.owed_to:
        yield f"It is owed to {say(back.owed_to, in_words(OWED_TEXTS))}."


def _adder(adder: Adder, clauses: Clauses) -> str:
    whom = listed([spaced(name) for name in (adder.when, *adder.when_any) if name], last="or")
    sums = [clauses.phrase(history, lambda held: f"{money_text(held)}{per}")  # noqa: B023 said at once
            for history, per in ((adder.usd_per_kw, " per kW"), (adder.usd, "")) if history]
    return f"In addition, for {whom or 'everybody'}: {listed(sums)}."


def schedule_sentences(name: str, payment: Payment, clauses: Clauses) -> Iterator[str]:
    """For whom a payment is, its steps, its factor, its credit for export, and the floor of its rate."""
    say = clauses.phrase
    for names, words in ((payment.when_any, "is for"), (payment.unless_any, "is not for")):
        if names:
            yield f"{name} {words} {listed([spaced(each) for each in names], last='or')}."
    for step in payment.steps:
        yield _step(name, step, clauses)
    factor = payment.performance_factor
    if factor is not None:
        bounds = [f"{words} {say(history, value_text)}" for words, history in
                  (("at least", factor.low), ("at most", factor.high)) if history]
        digits = f", rounded to {say(factor.decimals, number_text)} digits" if factor.decimals else ""
        yield (f"{name} is multiplied by average power over committed power"
               f"{', ' + listed(bounds) if bounds else ''}{digits}.")
    credit = payment.export_credit
    if credit is not None:
        retail, export = say(credit.retail_usd_per_kwh, money_text), say(credit.export_usd_per_kwh, money_text)
        yield (f"{name} has a rate made of the retail rate ({retail} per kWh) less the export rate ({export} per kWh), "
               f"times {say(credit.share, number_text)} of the committed power, "
               f"{say(credit.hours_per_day, number_text)} hours a day and "
               f"{say(credit.days_per_month, number_text)} days a month.")
    if payment.not_below_sum_of:
        yield (f"{name}: the rate may not be approved below the sum of "
               f"{listed([spaced(each) for each in payment.not_below_sum_of])}, per kW and season.")


def _step(name: str, step: Step, clauses: Clauses) -> str:
    shares = [f"{clauses.phrase(history, number_text)} of the {what} power"
              for history, what in ((step.of_delivered, "delivered"), (step.of_nominated, "nominated")) if history]
    ratio = clauses.phrase(step.ratio_at_least, number_text)
    return f"{name}, delivered over nominated power from {ratio}: {listed(shares) or 'nothing'} is paid."


def stacking_sentences(rider: Rider, clauses: Clauses) -> Iterator[str]:
    """Which services may be paid for the same energy, and which of them first."""
    for stacking in rider.stacking:
        names = [_title(rider.services, name) for name in stacking.services]
        verdict = clauses.phrase(stacking.rule, in_words(STACKING_TEXTS))
        yield f"{listed(names)} {verdict}; the one named first is paid first."


def _title(services: Mapping[str, Service], name: str) -> str:
    return (services[name].title if name in services else "") or spaced(name)


def offer_sentences(service: Service) -> Iterator[str]:
    """Which grid service it is, and for which devices."""
    if service.provides:
        yield f"The grid service is {spaced(service.provides)}."
    if service.devices:
        yield f"Eligible: {listed(list(service.devices))}."
