"""One service in plain words: when it may call, how it measures, what it pays. Each sentence names its clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .check_payments import component_of
from .explain_money import schedule_sentences
from .model import Adjust, Bounds, Calls, Dated, Kind, Measurement, Notice, Payment, Pick, Season, Service, Trigger
from .words import (
    Clauses,
    case_text,
    date_text,
    days_text,
    in_words,
    listed,
    money_text,
    number_text,
    season_text,
    spaced,
    value_text,
)

METHOD_TEXTS = {
    "direct": "All energy that the device delivers during an event counts; there is no baseline",
    "prescriptive": "What counts is delivered energy less a fixed baseline",
    "day_matching": "What counts is how far the event day lies below earlier, similar days",
    "export_from_storage": "What counts is the smaller of what the battery discharges and what the premise exports",
    "deemed": "Delivery is deemed: a share of nameplate power for the time of the event, without a reading",
}
POINT_TEXTS = {"inverter": "at the inverter", "device": "at the device", "premise": "at the premise's meter"}
QUANTITY_TEXTS = {"battery_ac": "the battery's AC energy", "net_load": "import less export",
                  "device_load": "the device's load"}
EXPORT_TEXTS = {"count": "Export to the grid counts",
                "zero_per_location": "Export counts as zero load at each location",
                "zero_per_resource": "Export counts only up to the load of the whole aggregation"}
TRIGGER_TEXTS = {"price": "when the market price is", "grid_alert": "on a grid alert",
                 "peak_forecast": "when a peak is forecast", "declared_emergency": "in a declared emergency",
                 "operator": "when the operator decides so", "program_minimum": "to reach the program's minimum"}
EXCLUSION_TEXTS = {"holidays": "holidays", "program_events": "days with an event of the program",
                   "own_events": "days with an event of the customer", "own_outages": "days with an outage at the site"}
FAMILY_TEXTS = {
    "energy": "pays for each kilowatt-hour that counts",
    "capacity_average": "pays a rate per kW times the average power over the events",
    "capacity_price_weighted": "pays a rate per kW times the average power, each hour weighted by its market price",
    "capacity_committed": "pays a rate per kW of committed power (nameplate power where none is committed)",
    "capacity_nominated": "pays a rate per kW by a schedule over delivered and nominated power, the month's average of "
                          "its events",
    "energy_at_price": "pays for each kilowatt-hour that counts at the market price of its hour and zone",
}
MISSED_TEXTS = {"measured": "A missed event counts with what was measured",
                "counts_as_zero": "A missed event counts as zero"}
ANSWER_TEXTS = {"counts_as_zero": "counts as zero", "not_counted": "is not counted",
                "measured": "counts with what was measured"}


def call_sentences(calls: Calls, season: Season | None, clauses: Clauses) -> Iterator[str]:
    """What the utility may do: when, how often and how long it may call."""
    say = clauses.phrase
    if season is not None:
        yield f"Events may be called from {season_text(season)}."
    else:
        yield "Events may be called all year."
    if calls.days:
        yield f"They are called {say(calls.days, days_text)}."
    if calls.holidays:
        yield f"Events on holidays are {say(calls.holidays, spaced)}."
    if calls.hours is not None:
        hours = f"{say(calls.hours.from_, value_text)} and {say(calls.hours.to, _end_of_day)}"
        yield f"They lie between {hours}, local time."
    yield from _limit_sentences(calls, clauses)
    if calls.consecutive_days:
        yield f"Events on days in a row are {say(calls.consecutive_days, spaced)}."
    if calls.notice is not None:
        yield from _notice_sentences(calls.notice, clauses)
    for name, kind in calls.kinds.items():
        fits = " Only enrollments whose length of discharge fits are called." if any(
            dated.value for dated in kind.duration_matches) else ""
        yield f"Kind of event, {kind.title or spaced(name)}: {say(kind.counts, _counts)}.{fits}"
        yield from _kind_sentences(kind, clauses)
    for trigger in calls.triggers:
        yield trigger_sentence(trigger, calls, clauses)


KIND_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("uses_limits", "Its events use the limits on number and hours", "Its events use none of the limits"),
    ("outside_window", "It may be called outside of season, days and hours", "It keeps to season, days and hours"),
    ("day_of", "It may be called on the day itself", "It is never called on the day itself"),
)


def _kind_sentences(kind: Kind, clauses: Clauses) -> Iterator[str]:
    for name, yes, no in KIND_TEXTS:
        if getattr(kind, name):
            yield f"{clauses.phrase(getattr(kind, name), _either(yes, no))}."


def _either(yes: str, no: str) -> Callable[[Any], str]:
    return lambda held: yes if held else no


def _limit_sentences(calls: Calls, clauses: Clauses) -> Iterator[str]:
    for bounds, what, unit in ((calls.duration_h, "An event lasts", "hours"),
                               (calls.events_per_month, "A month has", "events"),
                               (calls.events_per_year, "A program year has", "events"),
                               (calls.hours_per_year, "A program year has", "hours of events")):
        if bounds is not None and (bounds.min or bounds.max):
            yield f"{what} {bounds_phrase(bounds, unit, clauses)}."


def _notice_sentences(notice: Notice, clauses: Clauses) -> Iterator[str]:
    if notice.day_ahead_by:
        yield f"Notice of a day-ahead event comes by {clauses.phrase(notice.day_ahead_by, value_text)} the day before."
    if notice.day_of_min_minutes:
        minutes = clauses.phrase(notice.day_of_min_minutes, number_text)
        yield f"Notice of a day-of event comes at least {minutes} minutes ahead."
    if notice.reminder_minutes:
        yield f"A reminder comes {clauses.phrase(notice.reminder_minutes, number_text)} minutes before the start."
    if notice.result_within_h:
        yield f"The result is told within {clauses.phrase(notice.result_within_h, number_text)} hours of the end."


def _counts(counts: bool) -> str:
    return "its hours count toward payment" if counts else "its hours do not count"


def _end_of_day(end: Any) -> str:
    return "24:00" if f"{end:%H:%M}" == "00:00" else f"{end:%H:%M}"


def bounds_phrase(bounds: Bounds, unit: str, clauses: Clauses) -> str:
    """At least and at most, with unit and clauses."""
    parts = [f"{words} {clauses.phrase(history, _with_unit(unit))}"
             for words, history in (("at least", bounds.min), ("at most", bounds.max)) if history]
    return listed(parts)


def _with_unit(unit: str) -> Callable[[Any], str]:
    return lambda held: f"{number_text(held)} {unit.replace('s', '', 1) if held == 1 else unit}"


def trigger_sentence(trigger: Trigger, calls: Calls, clauses: Clauses) -> str:
    """What may cause an event, with the kind of the event."""
    name = trigger.event_kind
    kind = calls.kinds[name].title or spaced(name) if name else ""
    text = f"An event{f' ({kind})' if kind else ''} may be called {in_words(TRIGGER_TEXTS)(trigger.kind)}"
    if trigger.above_usd_per_mwh:
        text += f" above {clauses.phrase(trigger.above_usd_per_mwh, lambda held: f'{money_text(held)} per MWh')}"
    if trigger.any_of:
        text += f": {clauses.phrase(trigger.any_of, _alerts)}"
    if trigger.source:
        text += f", as published by {clauses.phrase(trigger.source, lambda held: held.upper())}"
    if trigger.top_days:
        text += f", on the {clauses.phrase(trigger.top_days, number_text)} highest days of the season so far"
    text += _peak_phrases(trigger, clauses)
    if trigger.because:
        text += f": {clauses.phrase(trigger.because, str)}"
    return f"{text}."


PEAK_TEXTS: tuple[tuple[str, str], ...] = (
    ("peak_mw_min", "at a forecast of {} MW or more"), ("share_of_peak", "at {} of the peak or more"),
    ("peak_mw", "the peak being {} MW"), ("duration_h", "for {} hours"),
    ("lead_days", "from {} days before the end of the season"), ("targets", "for {}"),
)


def _peak_phrases(trigger: Trigger, clauses: Clauses) -> str:
    """The rules of a trigger that are told in the same way: a number or names inside a few words."""
    told = [words.format(clauses.phrase(getattr(trigger, name), _targets if name == "targets" else number_text))
            for name, words in PEAK_TEXTS if getattr(trigger, name)]
    return "".join(f", {part}" for part in told)


def _targets(names: frozenset[str]) -> str:
    return listed([spaced(name) for name in sorted(names)])


def _alerts(levels: frozenset[str]) -> str:
    names = [spaced(level).replace("eea", "EEA").replace("flex alert", "Flex Alert") for level in sorted(levels)]
    return listed(names, last="or")


def measurement_sentences(measurement: Measurement, clauses: Clauses) -> Iterator[str]:
    """How performance is measured."""
    say = clauses.phrase
    quantity = f": {say(measurement.quantity, in_words(QUANTITY_TEXTS))}" if measurement.quantity else ""
    yield f"Performance is measured {in_words(POINT_TEXTS)(measurement.point)}{quantity}."
    yield f"{say(measurement.method, in_words(METHOD_TEXTS))}."
    if measurement.baseline_share:
        yield f"The baseline is {say(measurement.baseline_share, _share)} of nameplate power."
    if measurement.deemed_share:
        yield f"Deemed delivered is {say(measurement.deemed_share, _share)} of nameplate power."
    if measurement.exports:
        yield f"{say(measurement.exports, in_words(EXPORT_TEXTS))}."
    if measurement.pick is not None:
        yield from pick_sentences(measurement.pick, clauses)
    for name, day_type in measurement.day_types.items():
        yield f"Similar days, {spaced(name)}: {say(day_type.days, days_text)}."
        if day_type.pick is not None:
            yield from pick_sentences(day_type.pick, clauses)
    if measurement.exclude:
        yield f"No baseline is made of {say(measurement.exclude, _exclusions)}."
    if measurement.holiday_counts_as:
        yield f"A holiday counts as {say(measurement.holiday_counts_as, spaced)}."
    if measurement.adjust is not None:
        yield from adjust_sentences(measurement.adjust, clauses)
    floor = measurement.floor
    if floor is not None:
        whose = "each site" if floor.over == "site" else "each aggregation as a whole"
        least = say(floor.at, number_text) if floor.at else "0"
        yield f"The result of each {floor.per} is not less than {least}, for {whose}."
    if measurement.wait_days:
        yield f"Data is waited for {say(measurement.wait_days, number_text)} days after the period."


def _share(share: Any) -> str:
    return f"{number_text(share * 100)}%"


def _exclusions(names: frozenset[str]) -> str:
    return listed([in_words(EXCLUSION_TEXTS)(name) for name in sorted(names)], last="or")


def pick_sentences(pick: Pick, clauses: Clauses) -> Iterator[str]:
    """Which earlier days make a baseline."""
    text = f"The baseline looks at the latest {clauses.phrase(pick.of_last, number_text)} similar days"
    if pick.highest:
        text += f" and takes the {clauses.phrase(pick.highest, number_text)} with the highest load in the event's hours"
    if pick.look_back_days:
        text += f", going back at most {clauses.phrase(pick.look_back_days, number_text)} days"
    yield f"{text}."
    if pick.weights:
        yield f"The days weigh, latest first: {clauses.phrase(pick.weights, value_text)}."
    if pick.days_min or pick.too_few_days:
        least = f" than {clauses.phrase(pick.days_min, number_text)}" if pick.days_min else ""
        then = clauses.phrase(pick.too_few_days, spaced) if pick.too_few_days else "no payment"
        yield f"With fewer days{least}: {then}."


def adjust_sentences(adjust: Adjust, clauses: Clauses) -> Iterator[str]:
    """How the baseline follows the event's day."""
    say = clauses.phrase
    kinds = {dated.value for dated in adjust.kind}
    if kinds == {"given"}:
        yield f"The utility gives an adjustment of its own, for example for weather {clauses.mark(*adjust.kind)}."
        return
    window = f"{say(adjust.hours_before, number_text)} hours" if adjust.hours_before else "a window"
    gap = f" that end {say(adjust.gap_hours, number_text)} hours before the event" if adjust.gap_hours else ""
    how = say(adjust.kind, {"ratio": "multiplied by a factor", "additive": "shifted",
                            "given": "adjusted as the utility says"}.__getitem__)
    yield f"On the event's day the baseline is {how}, from the load in {window}{gap}."
    for low, high, what in ((adjust.low, adjust.high, "factor"), (adjust.low_kw, adjust.high_kw, "shift in kW")):
        bounds = [f"{words} {say(history, value_text)}"
                  for words, history in (("at least", low), ("at most", high)) if history]
        if bounds:
            yield f"The {what} is {listed(bounds)}."
    if adjust.must_precede:
        yield f"Where that window does not lie before the {say(adjust.must_precede, spaced)}, nothing is adjusted."
    if adjust.smallest_mean_kw:
        yield f"Below a mean of {say(adjust.smallest_mean_kw, number_text)} kW in it no ratio is made: the factor is 1."


def payment_lines(service: Service, clauses: Clauses) -> tuple[list[str], list[tuple[str, ...]]]:
    """What the service pays: sentences, and the rows of the table of rates."""
    sentences: list[str] = []
    rows: list[tuple[str, ...]] = []
    for payment in service.payments:
        sentences += list(_payment_sentences(payment, service, clauses))
        for history in (payment.rate_usd_per_kwh, payment.rate_usd_per_kw_month, payment.rate_usd_per_kw_season):
            ordered = sorted(history, key=_rate_order)
            rows += [(spaced(component_of(payment)), case_text(dated), date_text(dated.effective),
                      value_text(dated.value, dated.unit), clauses.mark(dated)) for dated in ordered]
    return sentences, rows


def _rate_order(dated: Dated[Any]) -> tuple[Any, ...]:
    return (dated.duration_h or 0, sorted(dated.customer_classes), dated.effective, sorted(dated.months), dated.filed)


def _payment_sentences(payment: Payment, service: Service, clauses: Clauses) -> Iterator[str]:
    name = spaced(component_of(payment)).capitalize()
    kinds = [service.calls.kinds[kind].title or spaced(kind) for kind in payment.kinds]
    only = f", for events of the kind {listed(kinds, last='or')} only" if kinds else ""
    yield f"{name} {in_words(FAMILY_TEXTS)(payment.family)}{only}."
    if payment.average_over:
        yield f"{name}: its average runs over {clauses.phrase(payment.average_over, lambda held: f'all {held}')}."
    if payment.multiplier:
        yield f"{name}: the rates below are multiplied by {clauses.phrase(payment.multiplier, number_text)}."
    yield from schedule_sentences(name, payment, clauses)
    if payment.prorate:
        yield f"{name}: a period enrolled in part is paid {clauses.phrase(payment.prorate, spaced)}."


def _reasons(names: frozenset[str]) -> str:
    return listed([spaced(name) for name in sorted(names)])


def outcome_sentences(service: Service, clauses: Clauses) -> Iterator[str]:
    """What each way of not answering means for the payment."""
    outcomes, say = service.outcomes, clauses.phrase
    if outcomes.missed:
        yield f"{say(outcomes.missed, in_words(MISSED_TEXTS))}."
    if outcomes.opted_out:
        yield f"An event the customer opts out of {say(outcomes.opted_out, in_words(ANSWER_TEXTS))}."
    if outcomes.suspended:
        yield f"An event while participation is suspended {say(outcomes.suspended, in_words(ANSWER_TEXTS))}."
    if outcomes.excused:
        yield f"Time that is excused and left out: {say(outcomes.excused, _reasons)}."
    if outcomes.missing is not None and outcomes.missing.counts_as_zero_after_days:
        yield ("Readings that stay away count as zero after "
               f"{say(outcomes.missing.counts_as_zero_after_days, number_text)} days.")
