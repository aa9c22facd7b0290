"""The steps of an explanation of what does not hang on one enrollment's events: nominated power, upfront payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..interval import DAY
from ..money import plain
from ..settlement.explain import Step, cents_of, fraction_text, kwh_text, plural, usd_text
from ..tariff.model import in_force
from .explain_events import Call, hours
from .explain_money import payable_of, spoken
from .explain_rerun import Rerun
from .settle_payments import steps_on

MILLION = 1_000_000
Row = dict[str, Any]


# ---- nominated power ----------------------------------------------------------------------------
def nominated_steps(again: Rerun, line: Row, calls: Sequence[Call]) -> tuple[list[Step], int, list[Call]]:
    """A line of nominated power: schedule, the step that holds, the events; its cents, and its members' calls."""
    nominated = again.ask("select * from nominated where pay_no = ? and participant_id = ? and period_first = ?",
                          line["pay_no"], line["participant_id"], line["period_start"])[0]
    answers = _answers(again, line, nominated, calls)
    counted = [call for call in answers if call["counted"]]
    time_s = sum({call["event_id"]: call["event_seconds"] for call in counted}.values())
    energy_mwh = sum(int(call["payable_mwh"]) for call in counted)
    floored = max(energy_mwh, 0) if nominated["has_floor"] else energy_mwh
    delivered = Fraction(floored * 3600, time_s * MILLION) if time_s else Fraction(0)
    promised, rate = Fraction(nominated["nominated"], MILLION), _rate(again, line)
    worth, words, step = _schedule(again, line, nominated, delivered, promised, rate, has_events=bool(time_s))
    cents = cents_of(worth)
    head = Step(kind="line", clause=line["clause"] or "", values={
        "delivered_kw": fraction_text(delivered), "nominated_kw": fraction_text(promised),
        "rate_usd": plain(Decimal(int(rate * MILLION)).scaleb(-6)), "amount_usd": usd_text(cents),
        "because": f"{line['because']}."},
        words=spoken(line, f"{words} = {fraction_text(worth)} USD, rounded once to {usd_text(cents)} USD"))
    energy = Step(kind="average", clause="", words=(
        f"Members that count in {plural(len({call['event_id'] for call in counted}), 'event')} delivered "
        f"{kwh_text(energy_mwh)} kWh over the whole time of these events, {hours(time_s)}."), values={
            "energy_kwh": kwh_text(energy_mwh), "hours": hours(time_s)[:-2], "rows": _member_rows(answers)})
    return [head, step, energy], cents, answers


def _answers(again: Rerun, line: Row, nominated: Row, calls: Sequence[Call]) -> list[Call]:
    numbers = {row["service_event_no"] for row in again.ask(
        "select service_event_no from pays_event where pay_no = ?", line["pay_no"])}
    members = {row["enrollment_no"] for row in again.ask(
        "select enrollment_no from enrollment where participant_id = ?", line["participant_id"])}
    return [call for call in calls if call["service_event_no"] in numbers and call["enrollment_no"] in members
            and nominated["inside_first"] <= call["local_date"] < nominated["inside_end"]]


def _rate(again: Rerun, line: Row) -> Fraction:
    (row,) = again.ask("select rate_micro from rate where pay_no = ? and day = ?", line["pay_no"], line["period_start"])
    return Fraction(row["rate_micro"], MILLION)


def _schedule(again: Rerun, line: Row, nominated: Row, delivered: Fraction, promised: Fraction, rate: Fraction, *,
              has_events: bool) -> tuple[Fraction, str, Step]:
    """What the line is worth, its arithmetic in words, and the schedule with the step that holds."""
    payment, known_by = payable_of(again, line).payment, again.plan.known_by
    steps = sorted(steps_on(payment, line["period_start"], known_by), reverse=True)
    held = next((step for step in steps if promised and delivered / promised >= Fraction(step[0], MILLION)), steps[-1])
    rows = [{"from_ratio": kwh_text(ratio), "of_delivered": kwh_text(of_delivered),
             "of_nominated": kwh_text(of_nominated),
             "holds": has_events and promised > 0 and (ratio, of_delivered, of_nominated) == held}
            for ratio, of_delivered, of_nominated in steps]
    dated = in_force(payment.steps[0].ratio_at_least, line["period_start"], known_by) if payment.steps else None
    if not promised or not has_events:
        full = promised and nominated["pays_full"] and nominated["is_signed"]
        rule = in_force(payment.no_event, again.plan.period.end - DAY, known_by)
        said = "nothing was nominated" if not promised else "no event counted"
        return (rate * promised if full else Fraction(0)), (
            f"{fraction_text(rate)} USD x {fraction_text(promised)} kW" if full else f"nothing is paid, for {said}"
            ), Step(
                kind="schedule", clause=rule.cite if rule else "", words=f"No step of the schedule holds, for {said}.",
                values={"rows": rows})
    on_delivered, on_promised = Fraction(held[1], MILLION), Fraction(held[2], MILLION)
    worth = rate * (on_delivered * delivered + on_promised * promised)
    words = (f"{fraction_text(rate)} USD x ({fraction_text(on_delivered)} x {fraction_text(delivered)} kW + "
             f"{fraction_text(on_promised)} x {fraction_text(promised)} kW)")
    return worth, words, Step(kind="schedule", clause=dated.cite if dated else "", values={
        "ratio": fraction_text(delivered / promised), "rows": rows},
        words=f"Delivered over nominated is {fraction_text(delivered / promised)}; the step from "
              f"{fraction_text(Fraction(held[0], MILLION))} holds.")


def _member_rows(answers: Sequence[Call]) -> list[Row]:
    return [{"enrollment_id": call["enrollment_id"], "event_id": call["event_id"], "outcome": call["outcome"],
             "counted": call["counted"], "payable_kwh": kwh_text(int(call["payable_mwh"])) if call["counted"] else None}
            for call in answers]


# ---- upfront payments ---------------------------------------------------------------------------
def upfront_steps(again: Rerun, line: Row) -> tuple[list[Step], int]:
    """A part of an upfront payment: power, cap and rate of the vintage day."""
    part = _parts(again, line, line["line_id"])[0]
    quantity, rate = Fraction(part["quantity_e6"], MILLION), Fraction(part["rate_micro"], MILLION)
    cents = cents_of(quantity * rate)
    unit = "kW" if part["per_kw"] else "enrollment"
    head = Step(kind="line", clause=line["clause"] or "", words=spoken(
        line, f"{fraction_text(quantity)} {unit} x {fraction_text(rate)} {part['rate_unit']} = "
              f"{fraction_text(quantity * rate)} USD, rounded once to {usd_text(cents)} USD"), values={
        "quantity": fraction_text(quantity), "unit": unit, "rate_usd": fraction_text(rate),
        "amount_usd": usd_text(cents), "because": f"{line['because']}."})
    home = again.ask("select * from enrollment where enrollment_no = ?", line["enrollment_no"])[0]
    signed, cap = home["agreement_signed_on"], part["power_milliwatt_max"]
    words = (f"The vintage day is {part['vintage_day']} and the agreement was signed on {signed}, so it was due on "
             f"{part['due_on']}.")
    if cap is not None and part["per_kw"]:
        words += f" At most {kwh_text(cap)} kW are paid for."
    rate_step = Step(kind="rate", clause=part["cite"], values={
        "rate_usd": fraction_text(rate), "unit": part["rate_unit"], "effective": str(part["effective"]),
        "attributes": list(home["attributes"])}, words=f"{words} The rate is in force from {part['effective']}.")
    return [head, rate_step, *_schedule_of_asset(again, part["line_id"])], cents


def _parts(again: Rerun, line: Row, line_id: str = "") -> list[Row]:
    return again.ask("select * from upfront_part where enrollment_no = ? and (? = '' or line_id = ?) order by line_id",
                     line["enrollment_no"], line_id, line_id)


def _schedule_of_asset(again: Rerun, line_id: str) -> list[Step]:
    rows = again.ask("select day, act, cents from amortization where line_id = ? order by day, act", line_id)
    if not rows:
        return []
    return [Step(kind="amortization", clause="", words="The books spread it; what happened to the asset in the run:",
                 values={"rows": [{"day": str(row["day"]), "act": row["act"], "amount_usd": usd_text(row["cents"])}
                                  for row in rows]})]


def claw_back_steps(again: Rerun, line: Row) -> tuple[list[Step], int]:
    """What is paid back on leaving: months left of the term, of what was paid."""
    parts = _parts(again, line)
    paid, part = sum(each["cents"] for each in parts), parts[0]
    served = _months_served(part["due_on"], part["ends_on"])
    left, term = part["term_months"] - served, part["term_months"]
    worth = -Fraction(paid * left, term * 100)
    cents = cents_of(worth)
    head = Step(kind="line", clause=line["clause"] or "", words=spoken(
        line, f"minus {usd_text(paid)} USD x {left} / {term} = {fraction_text(worth)} USD, rounded once to "
              f"{usd_text(cents)} USD"), values={
        "paid_usd": usd_text(paid), "months_served": served, "months_left": left, "term_months": term,
        "amount_usd": usd_text(cents), "because": f"{line['because']}."})
    months = Step(kind="term", clause=part["claw_clause"], values={
        "due_on": str(part["due_on"]), "ends_on": str(part["ends_on"]), "term_end": str(part["term_end"])},
        words=f"It ran from {part['due_on']} and was left on {part['ends_on']}: {plural(served, 'month')} had begun, "
              "and a month that has begun is served.")
    rows = [{"line_id": each["line_id"], "component": each["component"], "part": each["part"],
             "amount_usd": usd_text(each["cents"])} for each in parts]
    return [head, months, Step(kind="members", clause="", words="What had been paid at enrollment.",
                               values={"rows": rows}), *_schedule_of_asset(again, line["line_id"])], cents


def _months_served(first: date, last: date) -> int:
    """Months that have begun from the first day to the last, both included."""
    months = (last.year - first.year) * 12 + last.month - first.month
    days_of_month = ((last.replace(day=28) + 4 * DAY).replace(day=1) - DAY).day
    return months + (last.day >= min(first.day, days_of_month))
