"""How pay and delivery spread over participants and enrollments."""

from __future__ import annotations

from .. import charts
from ..figures import Distribution, Program
from ..model import Align, Block, Chart, Heading, Paragraph, Run, Table, TableColumn
from ..wording import count, money, number, sentence

FEW_PARTICIPANTS = 10
"""Below so many participants their pay is listed, not drawn; the spread is then shown over enrollments."""


def spread(run: Run, program: Program) -> list[Block]:
    """Histograms of pay and of delivered power."""
    blocks: list[Block] = [Heading(level=2, text="How pay and delivery are spread", anchor="spread")]
    few = program.totals.participants < FEW_PARTICIPANTS
    pay, per = (program.pay_by_enrollment, "enrollment") if few else (program.pay_by_participant, "participant")
    if few and program.payees:
        blocks.append(_payee_table(run, program))
    if pay is not None and pay.count > 1:
        blocks += _spread_of_pay(run, pay, per)
    if program.delivered_kw is not None and program.delivered_kw.count > 1:
        blocks += _spread_of_delivery(program.delivered_kw)
    if len(blocks) == 1:
        blocks.append(Paragraph(text="There is nothing to spread: at most one enrollment."))
    return blocks


def _payee_table(run: Run, program: Program) -> Table:
    columns = (TableColumn(head="Participant", align=Align.ID, share=4), TableColumn(head="Enrollments", share=2,
               align=Align.FIGURES), TableColumn(head="Lines", share=2, align=Align.FIGURES),
               TableColumn(head=f"Paid ({run.currency})", share=2, align=Align.FIGURES))
    return Table(caption="Paid per participant", columns=columns, rows=tuple(
        (payee.participant_id, f"{payee.enrollments:,}", f"{payee.lines:,}", money(payee.amount_usd, run.currency))
        for payee in program.payees))


def _spread_of_pay(run: Run, pay: Distribution, per: str) -> list[Block]:
    low, middle, high = (money(amount, run.currency) for amount in (pay.p10, pay.median, pay.p90))
    wide, narrow = charts.both(lambda width: charts.spread_of_pay(pay, per=per, currency=run.currency, width=width))
    chart = Chart(key="spread-of-pay", title=f"The median of {count(pay.count, per)} earned {middle}",
                  wide=wide, narrow=narrow,
                  alt=f"Histogram of pay over {count(pay.count, per)}: p10 {low}, median {middle}, p90 {high}, "
                      f"from {money(pay.smallest, run.currency)} to {money(pay.largest, run.currency)}.")
    return [chart, _spread_note(pay, f"one in ten earned {low} or less, one in ten {high} or more",
                                smallest=money(pay.smallest, run.currency), largest=money(pay.largest, run.currency))]


def _spread_of_delivery(power_kw: Distribution) -> list[Block]:
    low, middle, high = (f"{number(kw, 2)} kW" for kw in (power_kw.p10, power_kw.median, power_kw.p90))
    smallest, largest = f"{number(power_kw.smallest, 2)} kW", f"{number(power_kw.largest, 2)} kW"
    wide, narrow = charts.both(lambda width: charts.spread_of_delivery(power_kw, width))
    chart = Chart(key="spread-of-delivery", wide=wide, narrow=narrow,
                  title=f"The median of {count(power_kw.count, 'enrollment')} delivered {middle} on average",
                  alt=f"Histogram of average delivered power over {count(power_kw.count, 'enrollment')}: p10 {low}, "
                      f"median {middle}, p90 {high}, from {smallest} to {largest}.")
    return [chart, _spread_note(power_kw, f"one in ten delivered {low} or less, one in ten {high} or more",
                                smallest=smallest, largest=largest)]


def _spread_note(shape: Distribution, told: str, *, smallest: str, largest: str) -> Paragraph:
    outside = shape.below + shape.above
    beyond = f" Not drawn: {outside:,} far from the rest." if outside else ""
    return Paragraph(quiet=True, text=f"{sentence(told)}; smallest {smallest}, largest {largest}.{beyond}")
