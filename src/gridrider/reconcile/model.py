"""The retail bill with wholesale energy taken out of it, and what the two books do not agree on."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

RETAIL = TableSchema(
    name="retail",
    key=("premise_point_id", "start"),
    meaning="What the retail bill shows of each interval: the master meter and the generation added back to it.",
    columns=(
        Column(name="premise_point_id", kind=Kind.TEXT, meaning="the retail master meter"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the interval starts"),
        Column(name="seconds", kind=Kind.INTEGER, meaning="how long it lasts"),
        Column(name="award", kind=Kind.BOOLEAN, meaning="whether a resource behind the meter has an award in its hour"),
        Column(name="master_kwh", kind=Kind.KWH, meaning="net import; may be below zero; blank = a reading is missing"),
        Column(name="generation_kwh", kind=Kind.KWH, meaning="gross generation of all resources; blank = unknown"),
        Column(name="addback_kwh", kind=Kind.KWH, meaning="generation of the resources in their award hours"),
        Column(name="billed_kwh", kind=Kind.KWH, meaning="what the retail bill counts; blank where it is not known"),
        Column(name="backed_out_kwh", kind=Kind.KWH, meaning="charging taken off, where the tariff's switch says so"),
    ),
)

DEMAND = TableSchema(
    name="demand",
    key=("premise_point_id", "month"),
    meaning="Billing demand of a month, as metered and with wholesale generation added back.",
    columns=(
        Column(name="premise_point_id", kind=Kind.TEXT, meaning="the retail master meter"),
        Column(name="month", kind=Kind.TEXT, meaning="YYYY-MM, local"),
        Column(name="master_peak_kw", kind=Kind.KW, meaning="highest net import of a demand interval"),
        Column(name="master_peak_at", kind=Kind.TIMESTAMP, meaning="when it started; the earliest on a tie"),
        Column(name="billed_peak_kw", kind=Kind.KW, meaning="the same of what is billed"),
        Column(name="billed_peak_at", kind=Kind.TIMESTAMP, meaning="when it started; the earliest on a tie"),
        Column(name="intervals", kind=Kind.INTEGER, meaning="demand intervals of the month that lie in the period"),
        Column(name="intervals_missing", kind=Kind.INTEGER, meaning="those in which what is billed is not known"),
        Column(name="complete", kind=Kind.BOOLEAN, meaning="whether the whole month is there and nothing is missing"),
    ),
)

EXCEPTION_KINDS = (
    "settlement_outside_award", "double_billed_charging", "generation_without_meter", "statement_difference",
    "charging_difference", "capacity_difference", "recalculation_difference", "missing_master_reading",
    "missing_wholesale_reading", "resource_without_awards", "award_of_unknown_resource",
    "statement_of_unknown_resource", "resource_without_interconnection", "wholesale_energy_used_at_retail",
)

EXCEPTIONS = TableSchema(
    name="exceptions",
    key=("resource_id", "start", "kind"),
    meaning="What a person has to look at: where the market's books and the retail bill do not agree.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, meaning="the resource; blank for a master meter"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when it begins"),
        Column(name="seconds", kind=Kind.INTEGER, meaning="how long it lasts"),
        Column(name="kind", kind=Kind.TEXT, choices=EXCEPTION_KINDS, meaning="what it is"),
        Column(name="kwh", kind=Kind.KWH, meaning="energy concerned, at the device; blank where there is none"),
        Column(name="amount_usd", kind=Kind.USD, meaning="money concerned; blank where there is none"),
        Column(name="because", kind=Kind.TEXT, meaning="why"),
        Column(name="premise_point_id", kind=Kind.TEXT, meaning="the retail master meter"),
        Column(name="load_serving_entity", kind=Kind.TEXT, meaning="who sends the retail bill"),
        Column(name="scheduling_coordinator", kind=Kind.TEXT, meaning="who settles with the market"),
        Column(name="charge_code", kind=Kind.TEXT, meaning="the charge code, where one line of the statement is meant"),
        Column(name="recalculation", kind=Kind.TEXT, meaning="the run of the statement that was compared"),
        Column(name="clause", kind=Kind.TEXT, meaning="the clause"),
    ),
)

WHOLESALE = TableSchema(
    name="wholesale",
    key=("resource_id", "month"),
    meaning="The determinants of a resource and month that load-serving entity and scheduling coordinator share.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, meaning="the resource"),
        Column(name="month", kind=Kind.TEXT, meaning="YYYY-MM, local"),
        Column(name="award_hours", kind=Kind.INTEGER, meaning="local clock hours with an award"),
        Column(name="generation_kwh", kind=Kind.KWH, meaning="gross generation that was read"),
        Column(name="addback_kwh", kind=Kind.KWH, meaning="the part of it in award hours"),
        Column(name="paid_kwh", kind=Kind.KWH,
               meaning="generation that the market paid in award hours, at the device; blank without a statement"),
        Column(name="charging_kwh", kind=Kind.KWH, meaning="gross charging in award hours that was read"),
        Column(name="charged_kwh", kind=Kind.KWH,
               meaning="charging that the market billed in award hours, at the device; blank without a statement"),
        Column(name="amount_usd", kind=Kind.USD, meaning="what the market pays for the month, less what it charges"),
        Column(name="load_serving_entity", kind=Kind.TEXT, meaning="who sends the retail bill"),
        Column(name="scheduling_coordinator", kind=Kind.TEXT, meaning="who settles with the market"),
    ),
)

PAYBACK = TableSchema(
    name="payback",
    key=("month",),
    meaning="How market revenue pays back what the program has spent.",
    columns=(
        Column(name="month", kind=Kind.TEXT, meaning="YYYY-MM, local"),
        Column(name="rebates_usd", kind=Kind.USD, meaning="what the program spent in the month"),
        Column(name="facilitation_usd", kind=Kind.USD, meaning="the utility's own cost of taking part"),
        Column(name="revenue_usd", kind=Kind.USD, meaning="what the market paid, less what it charged"),
        Column(name="rebates_total_usd", kind=Kind.USD, meaning="spent up to the month's end"),
        Column(name="facilitation_total_usd", kind=Kind.USD, meaning="likewise"),
        Column(name="revenue_total_usd", kind=Kind.USD, meaning="likewise"),
        Column(name="left_usd", kind=Kind.USD, meaning="still to be paid back; never below zero"),
        Column(name="surplus_usd", kind=Kind.USD, meaning="revenue beyond what was to be paid back"),
    ),
)
