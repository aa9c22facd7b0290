"""The steps of an explanation from a line's cents to the events behind it: arithmetic, rate, average, aggregation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..interval import DAY
from ..money import plain
from ..quantity import divide_half_away
from ..settlement.explain import Step, cents_of, fraction_text, kwh_text, plural, usd_text
from ..settlement.rates import CREDIT_PARTS, credit_parts, lock_end, lock_years, rate_history
from ..tariff.model import Case, ExportCredit, Rider, in_force, value_on
from .explain_events import Call, hours
from .explain_rerun import Rerun
from .settle_plan import Payable
from .sql_text import sql

MILLION = 1_000_000
Row = dict[str, Any]


def payable_of(again: Rerun, line: Row) -> Payable:
    """The tariff's payment that a line pays."""
    return again.plan.payables[line["pay_no"]]


def paid_calls(again: Rerun, line: Row, calls: Sequence[Call]) -> list[tuple[Call, bool]]:
    """The events behind an enrollment's line, each with whether the payment looks at its kind."""
    numbers = {row["service_event_no"] for row in again.ask(
        "select service_event_no from pays_event where pay_no = ?", line["pay_no"])}
    mine = [call for call in calls if call["enrollment_no"] == line["enrollment_no"]
            and call["service"] == line["service"] and call["rider"] == line["rider"]]
    if line["event_id"] is not None:
        return [(call, True) for call in mine if call["event_id"] == line["event_id"]]
    first, end = max(line["period_start"], again.plan.period.first), min(line["period_end"], again.plan.period.end)
    return [(call, call["service_event_no"] in numbers) for call in mine if first <= call["local_date"] < end]


# ---- quantity and amount ------------------------------------------------------------------------
def quantity_of(again: Rerun, line: Row, calls: Sequence[tuple[Call, bool]]) -> tuple[Fraction, str, Row]:
    """A line's quantity in kWh or kW, computed anew from its events, with its words and figures."""
    payment, counted = payable_of(again, line).payment, [call for call, paid in calls if paid and call["counted"]]
    if payment.family == "energy":
        exact = Fraction(sum(int(call["payable_mwh"]) for call in counted), MILLION)
        return exact, "", {}
    exact, words, figures = _power(again, line, counted)
    if _chosen(again, line)["floor_period"] and exact < 0:
        exact, words = Fraction(0), f"{words}, and the sum of the period is not less than zero"
    if _chosen(again, line)["prorated"]:
        days, of_days = _days_in(again, line)
        exact *= Fraction(days, of_days)
        words += f"; enrolled on {days} of {of_days} days: {fraction_text(exact)} kW"
        figures |= {"days_enrolled": days, "days_of_period": of_days}
    return exact, words, figures


def _chosen(again: Rerun, line: Row) -> Row:
    return again.ask("select * from payment where pay_no = ?", line["pay_no"])[0]


def _power(again: Rerun, line: Row, counted: Sequence[Call]) -> tuple[Fraction, str, Row]:
    payment = payable_of(again, line).payment
    if payment.family == "capacity_committed":
        return _committed(again, line)
    return _average(again, line, counted)


def _average(again: Rerun, line: Row, counted: Sequence[Call]) -> tuple[Fraction, str, Row]:
    """The average power of counted events as the payment averages it, with its words and figures."""
    payment = payable_of(again, line).payment
    energy_mwh = sum(int(call["payable_mwh"]) for call in counted)
    time_s = sum(call["seconds"] for call in counted)
    figures: Row = {"events_counted": len(counted), "energy_kwh": kwh_text(energy_mwh), "hours": hours(time_s)[:-2]}
    if not counted:
        return Fraction(0), "no event counted, so the power is 0 kW", figures
    several = plural(len(counted), "event")
    if payment.family == "capacity_price_weighted":
        over = sum(int(call["weighted_mwh"]) for call in counted)
        under = sum(int(call["weight_s"]) for call in counted)
        exact = Fraction(over * 3600, under * MILLION) if under > 0 else Fraction(0)
        top, bottom = Fraction(over, MILLION ** 2), Fraction(under, 3600 * MILLION)
        figures |= {"kwh_times_price": fraction_text(top), "hours_times_price": fraction_text(bottom)}
        return exact, (f"the sum of kWh x price, {fraction_text(top)}, over the sum of hours x price, "
                       f"{fraction_text(bottom)}, of {several}: {fraction_text(exact)} kW"), figures
    if _chosen(again, line)["average_over"] == "events":
        each = [Fraction(int(call["payable_mwh"]) * 3600, call["seconds"] * MILLION)
                for call in counted if call["seconds"]]
        exact = sum(each, Fraction(0)) / len(each) if each else Fraction(0)
        return exact, f"the mean of the averages of {several}: {fraction_text(exact)} kW", figures
    exact = Fraction(energy_mwh * 3600, time_s * MILLION) if time_s else Fraction(0)
    return exact, f"{kwh_text(energy_mwh)} kWh over {hours(time_s)} in {several}: {fraction_text(exact)} kW", figures


def _committed(again: Rerun, line: Row) -> tuple[Fraction, str, Row]:
    home = _enrollment(again, line)
    begins = max(home["starts_on"], line["period_start"], again.plan.period.first)
    signed = home["agreement_signed_on"]
    if signed is None or signed > begins:
        return Fraction(0), f"no agreement was signed by {begins}: 0 kW", {}
    power = home["committed_milliwatt"]
    name = "committed" if power is not None else "of nameplate power"
    power = home["nameplate_milliwatt"] or 0 if power is None else power
    return Fraction(power, MILLION), f"{kwh_text(power)} kW {name}", {"signed_on": str(signed)}


def _enrollment(again: Rerun, line: Row) -> Row:
    return again.ask(sql("explain_enrollment"), line["service"], line["enrollment_no"])[0]


def _days_in(again: Rerun, line: Row) -> tuple[int, int]:
    """Days of the period in force within the run, and days of the whole period."""
    home, period = _enrollment(again, line), again.plan.period
    first = max(home["starts_on"], line["period_start"], period.first)
    ends = [line["period_end"], period.end]
    if home["ends_on"] is not None:
        ends.append(date.fromordinal(home["ends_on"].toordinal() + 1))
    return (min(ends) - first).days, (line["period_end"] - line["period_start"]).days


def line_step(again: Rerun, line: Row, exact: Fraction, factor: Fraction = Fraction(1)) -> tuple[Step, int]:
    """The line's arithmetic, and its cents computed anew: quantity times rate (times a factor), rounded once."""
    unit, held = line["unit"], _rate_row(again, line)
    rate_micro = held["rate_micro"] if held else None
    if rate_micro is None or held is None:
        cents, sum_words = 0, "no rate is in force, so the amount is 0.00 USD"
    else:
        worth = exact * Fraction(rate_micro, MILLION) * factor
        cents = cents_of(worth)
        times = f" x {fraction_text(factor)}" if factor != 1 else ""
        sum_words = (f"{fraction_text(exact)} {unit} x {_usd(rate_micro)} {held['unit']}{times} = "
                     f"{fraction_text(worth)} "
                     f"USD, rounded once to {usd_text(cents)} USD")
    return Step(kind="line", clause=line["clause"] or "", words=spoken(line, sum_words), values={
        "quantity_exact": f"{exact.numerator}/{exact.denominator}", "quantity": fraction_text(exact), "unit": unit,
        "rate_usd": None if rate_micro is None else _usd(rate_micro), "rate_unit": held["unit"] if held else None,
        **({"factor": fraction_text(factor)} if factor != 1 else {}),
        "amount_usd": usd_text(cents), "because": f"{line['because']}."}), cents


def spoken(line: Row, sum_words: str) -> str:
    """A line's own sentence, and its arithmetic."""
    return f"{line['because']}. {sum_words[:1].upper()}{sum_words[1:]}."


def _usd(micro: int) -> str:
    return plain(Decimal(micro).scaleb(-6))


def _rate_row(again: Rerun, line: Row) -> Row | None:
    """The rate that the line was made with, before any performance factor."""
    home = _enrollment(again, line)
    found = again.ask(sql("explain_rate"), line["pay_no"], line["period_start"], home["service_vintage_day"],
                      home["duration_s"], home["customer_class"])
    return found[0] if found else None


# ---- performance factor and prices ---------------------------------------------------------------
def factor_step(again: Rerun, line: Row, calls: Sequence[tuple[Call, bool]]) -> tuple[Step, Fraction]:
    """The performance factor of committed power, computed anew from the counted events."""
    choice, counted = _chosen(again, line), [call for call, paid in calls if paid and call["counted"]]
    committed, _, _ = _committed(again, line)
    payment, known_by = payable_of(again, line).payment, again.plan.known_by
    factor_rule = payment.performance_factor
    dated = in_force(factor_rule.decimals, again.plan.period.end - DAY, known_by) if factor_rule else None
    if not counted:
        factor = Fraction(int(choice["pays_full"]))
        words = f"No event counted, so the factor is {factor}."
        held = in_force(payment.no_event, again.plan.period.end - DAY, known_by)
        return Step(kind="factor", clause=held.cite if held else "", words=words, values={
            "factor": str(factor), "events_counted": 0}), factor
    average, words, figures = _average(again, line, counted)
    if choice["floor_period"]:
        average = max(average, Fraction(0))
    one, low, high = choice["factor_one"], _bound(choice, "low"), _bound(choice, "high")
    if committed == 0:
        factor, words = low or Fraction(0), f"{words}; nothing is committed, so the factor is the least"
    else:
        ratio = average / committed
        factor = Fraction(divide_half_away(ratio.numerator * one, ratio.denominator), one)
        words += (f"; over {fraction_text(committed)} kW committed that is {fraction_text(ratio)}, rounded to "
                  f"{fraction_text(factor)}")
        factor = max(factor, low) if low is not None else factor
        factor = min(factor, high) if high is not None else factor
    words += f"; within its bounds: {fraction_text(factor)}."
    return Step(kind="factor", clause=dated.cite if dated else "", words=f"{words[:1].upper()}{words[1:]}", values={
        **figures, "committed_kw": fraction_text(committed), "factor": fraction_text(factor)}), factor


def _bound(choice: Row, name: str) -> Fraction | None:
    return None if choice[f"{name}_n"] is None else Fraction(choice[f"{name}_n"], choice[f"{name}_d"])


def priced_step(again: Rerun, line: Row, calls: Sequence[Call]) -> tuple[Step, int]:
    """A line of energy at the market's price: each row times its price, floored as the tariff floors it, summed."""
    table: list[Row] = []
    worth = Fraction(0)
    for call in calls:
        rows = [] if call["zero"] else again.ask(sql("explain_priced"), call["call_no"])
        energies = [max(row["delivered_mwh"], 0) if call["floor_row"] else row["delivered_mwh"] for row in rows]
        prices = [Fraction(row["weight_micro"], 10 ** 9) for row in rows]
        worths = [Fraction(energy, MILLION) * price for energy, price in zip(energies, prices, strict=True)]
        sums = sum(worths, Fraction(0))
        if call["missed_zero"] and sum(energies) < 0:
            sums = Fraction(0)
        worth += max(sums, Fraction(0)) if call["floor_event"] else sums
        table += [{"start": again.local_text(row["start"]), "paid_kwh": kwh_text(energy),
                   "usd_per_kwh": fraction_text(price), "usd": fraction_text(usd)}
                  for row, energy, price, usd in zip(rows, energies, prices, worths, strict=True)]
    cents = cents_of(worth)
    words = spoken(line, f"each row's energy times its price comes to {fraction_text(worth)} USD, rounded once to "
                         f"{usd_text(cents)} USD")
    return Step(kind="line", clause=line["clause"] or "", words=words, values={
        "quantity": kwh_text(int(line["quantity_n"])), "unit": line["unit"], "amount_usd": usd_text(cents),
        "because": f"{line['because']}.", "rows": table}), cents


# ---- rate ---------------------------------------------------------------------------------------
def rate_step(again: Rerun, line: Row) -> Step | None:
    """Where the rate comes from: value, clause, dates, multiplier, rate lock."""
    used = _rate_row(again, line)
    if used is None or used["rate_micro"] is None:
        return None
    payable, home, known_by = payable_of(again, line), _enrollment(again, line), again.plan.known_by
    case = _case(line, home)
    if payable.payment.export_credit is not None:
        return _credit_step(again, line, payable.payment.export_credit, used)
    held = in_force(rate_history(payable.payment), used["effective"], known_by, case)
    if held is None:
        return None
    factor = in_force(payable.payment.multiplier, max(line["period_start"], held.effective), known_by, case)
    words = (f"{plain(held.value)} {held.unit} is in force from {held.effective}, filed on {held.filed}"
             f"{_case_words(held)}.")
    values: Row = {"rate_usd": plain(held.value), "unit": held.unit, "effective": str(held.effective),
                   "filed": str(held.filed), "confirmed": held.confirmed}
    if factor is not None and factor.value != 1:
        words += (f" Times {plain(factor.value)} [{factor.cite}] it is {_usd(used['rate_micro'])} "
                  f"{held.unit}.")
        values |= {"multiplier": plain(factor.value), "multiplier_clause": factor.cite,
                   "multiplier_effective": str(factor.effective)}
    rider = again.plan.tariff.riders[payable.rider_name]
    locked, more = _lock(rider, line["period_start"], home["service_vintage_day"], known_by)
    return Step(kind="rate", clause=held.cite, words=f"{words}{locked}", values={**values, **more})


def _credit_step(again: Rerun, line: Row, credit: ExportCredit, used: Row) -> Step | None:
    """The rate that an export credit makes, part by part."""
    parts = credit_parts(credit, line["period_start"], again.plan.known_by, Case(month=line["period_start"].month))
    if parts is None:
        return None
    rows = [{"part": name, "value": plain(part.value), "unit": part.unit, "effective": str(part.effective),
             "filed": str(part.filed), "clause": part.cite} for name, part in zip(CREDIT_PARTS, parts, strict=True)]
    return Step(kind="rate", clause=used["cite"], values={"rate_usd": _usd(used["rate_micro"]), "unit": used["unit"],
                                                          "effective": str(used["effective"]), "rows": rows},
                words=f"{used['words']} = {_usd(used['rate_micro'])} {used['unit']}, each as in force on "
                      f"{line['period_start']}.")


def _case(line: Row, home: Row) -> Case:
    duration = home["duration_s"]
    return Case(month=line["period_start"].month, customer_class=home["customer_class"],
                duration_h=None if duration is None else Decimal(duration) / 3600)


def _case_words(held: Any) -> str:
    parts = [f"{held.duration_h} h"] if held.duration_h is not None else []
    parts += [f"customer class {' or '.join(sorted(held.customer_classes))}"] if held.customer_classes else []
    parts += [f"month {', '.join(map(str, sorted(held.months)))}"] if held.months else []
    return f", for {', '.join(parts)}" if parts else ""


def _lock(rider: Rider, day: date, vintage: date, known_by: date) -> tuple[str, Row]:
    years = lock_years(rider, vintage, known_by)
    if not years or rider.term is None:
        return "", {}
    end = lock_end(vintage, years)
    held = in_force(rider.term.rate_lock_years, vintage, known_by)
    clause = f" [{held.cite}]" if held else ""
    more: Row = {"vintage": str(vintage), "lock_years": years, "lock_end": str(end)}
    if day < end:
        return f" The rate of {vintage}, when it enrolled, holds until {end}{clause}.", more
    after = value_on(rider.term.lapsed, day, known_by, "current_rate").replace("_", " ")
    return f" Its rate lock ended on {end}{clause}; since then: {after}.", more


# ---- aggregation --------------------------------------------------------------------------------
def aggregation_steps(again: Rerun, line: Row, members: Sequence[Row], calls: Sequence[Call]) -> tuple[list[Step], int]:
    """An aggregation's line: its members' lines, rows raised to zero, the floor; and its cents computed anew."""
    choice = _chosen(again, line)
    quantity_e6 = sum(int(member["quantity_e6"]) for member in members)
    cents = sum(member["amount_cents"] for member in members)
    raised, row_table = _raised(again, choice, members, calls)
    below = (choice["floor_over_aggregation"] or choice["floor_sum_over_site"]) and quantity_e6 + raised < 0
    rate_micro = min((member["rate_micro"] for member in members if member["rate_micro"] is not None), default=0)
    made = -cents if below else cents_of(Fraction((quantity_e6 + raised) * rate_micro, MILLION ** 2)) - cents
    unit = line["unit"]
    sum_words = f"Its {plural(len(members), 'line')} come to {kwh_text(quantity_e6)} {unit} and {usd_text(cents)} USD."
    if raised and not below:
        sum_words += (f" Rows are raised by {kwh_text(raised)} {unit}: {kwh_text(quantity_e6 + raised)} {unit} x "
                      f"{plain(Decimal(rate_micro).scaleb(-6))} USD is {usd_text(made + cents)} USD.")
    if below:
        whose = "aggregation" if line["enrollment_id"] is None else "site's period"
        sum_words += f" The sum over the {whose} is below zero and is raised to zero."
    sum_words += f" The difference is {usd_text(made)} USD."
    table = [{"enrollment_id": member["enrollment_id"], "event_id": member["event_id"],
              "quantity": kwh_text(int(member["quantity_e6"])), "amount_usd": usd_text(member["amount_cents"]),
              "line_id": member["line_id"]} for member in members]
    steps = [Step(kind="line", clause=line["clause"] or "", words=sum_words, values={
        "quantity": kwh_text(quantity_e6), "raised": kwh_text(raised), "unit": unit, "members_usd": usd_text(cents),
        "below_zero": bool(below), "amount_usd": usd_text(made), "because": f"{line['because']}."})]
    steps.append(Step(kind="members", clause="", values={"rows": table},
                      words="The lines of the members; explain one by its own id for its rate."))
    if row_table:
        steps.append(Step(kind="aggregation", clause=line["clause"] or "", values={"rows": row_table},
                          words="What the members delivered together in each row, and by how much it is raised."))
    return steps, made


def _raised(again: Rerun, choice: Row, members: Sequence[Row], calls: Sequence[Call]) -> tuple[int, list[Row]]:
    """By how many mWh the rows of the aggregation are raised, and the rows."""
    if not (choice["floor_over_rows"] or choice["zero_per_resource"]):
        return 0, []
    lines = {(member["enrollment_no"], member["event_id"]) for member in members}
    numbers = [call["call_no"] for call in calls if call["counted"] and not call["zero"]
               and (call["enrollment_no"], call["event_id"]) in lines]
    rows = again.ask("""
        select start, sum(baseline_mwh) as baseline_mwh, sum(metered_mwh) as metered_mwh,
               sum(delivered_mwh) as delivered_mwh
        from performance_row where list_contains(?, call_no) group by start order by start""", numbers)
    table, total = [], 0
    for row in rows:
        by = _raise_by(choice, row)
        total += by
        table.append({"start": again.local_text(row["start"]), "baseline_kwh": kwh_text(int(row["baseline_mwh"] or 0)),
                      "metered_kwh": kwh_text(int(row["metered_mwh"] or 0)),
                      "delivered_kwh": kwh_text(int(row["delivered_mwh"] or 0)), "raised_kwh": kwh_text(by)})
    return total, table


def _raise_by(choice: Mapping[str, Any], row: Row) -> int:
    together = int(row["delivered_mwh"] or 0)
    if not choice["zero_per_resource"]:
        return max(together, 0) - together
    held = max(int(row["baseline_mwh"] or 0), 0) - max(int(row["metered_mwh"] or 0), 0)
    return (max(held, 0) if choice["floor_over_rows"] else held) - together


def members_of(again: Rerun, line: Row) -> list[Row]:
    """The members' lines that an aggregation's line looks at."""
    choice = _chosen(again, line)
    spanned = choice["floor_span"] in ("month", "season")
    return again.ask(sql("explain_members"), line["pay_no"], line["participant_id"], line["aggregation_id"],
                     line["period_start"], line["period_end"], None if spanned else line["event_id"],
                     line["enrollment_id"])
