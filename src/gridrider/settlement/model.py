"""Lines and statements: what is owed, and why."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

COMPONENTS = ("energy", "capacity", "bonus", "upfront", "adder", "claw_back", "penalty", "aggregation_adjustment")

LINES = TableSchema(
    name="lines",
    key=("statement_id", "line_id"),
    meaning="Every amount, with the sentence that explains it.",
    columns=(
        Column(name="statement_id", kind=Kind.TEXT, meaning="the statement it stands on"),
        Column(name="line_id", kind=Kind.TEXT, meaning="from the settlement key, never from the version"),
        Column(name="participant_id", kind=Kind.TEXT, meaning="the participant"),
        Column(name="aggregation_id", kind=Kind.TEXT, meaning="the aggregation"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who is paid"),
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="blank on a line of an aggregation or participant"),
        Column(name="service", kind=Kind.TEXT, meaning="the grid service; blank on an upfront payment"),
        Column(name="component", kind=Kind.TEXT, choices=COMPONENTS, meaning="what the amount is for"),
        Column(name="event_id", kind=Kind.TEXT, meaning="blank unless per event"),
        Column(name="period_start", kind=Kind.DATE, meaning="first local day of the event, month, season or term"),
        Column(name="period_end", kind=Kind.DATE, meaning="the day after the last"),
        Column(name="clause", kind=Kind.TEXT, meaning="the clause"),
        Column(name="quantity", kind=Kind.FACTOR, meaning="kWh, kW, months or enrollments, shown with 6 decimals"),
        Column(name="unit", kind=Kind.TEXT, meaning="unit of the quantity"),
        Column(name="rate", kind=Kind.FACTOR, meaning="with any multiplier in it; blank = a schedule"),
        Column(name="rate_unit", kind=Kind.TEXT, meaning="unit of the rate"),
        Column(name="rate_effective", kind=Kind.DATE, meaning="since when the rate is in force"),
        Column(name="amount_usd", kind=Kind.USD,
               meaning="quantity x rate, rounded once to cents; by a schedule where the rate is blank"),
        Column(name="version", kind=Kind.INTEGER, meaning="1, and one more on every change"),
        Column(name="status", kind=Kind.TEXT, choices=("final", "provisional"), meaning="whether it may change"),
        Column(name="because", kind=Kind.TEXT, meaning="the amount in one sentence"),
    ),
)

STATEMENTS = TableSchema(
    name="statements",
    key=("statement_id",),
    meaning="One per payee, participant and payment period.",
    columns=(
        Column(name="statement_id", kind=Kind.TEXT, meaning="from the settlement key"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who is paid"),
        Column(name="participant_id", kind=Kind.TEXT, meaning="through which participant"),
        Column(name="period_start", kind=Kind.DATE, meaning="first local day"),
        Column(name="period_end", kind=Kind.DATE, meaning="the day after the last"),
        Column(name="total_usd", kind=Kind.USD, meaning="the sum of its lines"),
        Column(name="version", kind=Kind.INTEGER, meaning="1, and one more on every change"),
        Column(name="tariff_hash", kind=Kind.TEXT, meaning="the tariff it was made from"),
    ),
)

ASSET_ACTS = ("booked", "amortized", "clawed_back", "written_off")

AMORTIZATION = TableSchema(
    name="amortization",
    key=("line_id", "day", "act"),
    meaning="What happened in the run's period to the asset that spreads upfront payments, where a tariff has one.",
    columns=(
        Column(name="line_id", kind=Kind.TEXT, meaning="the line of the upfront payment, or of its claw-back"),
        Column(name="day", kind=Kind.DATE, meaning="the local day of the movement"),
        Column(name="act", kind=Kind.TEXT, choices=ASSET_ACTS, meaning="what happened"),
        Column(name="amount_usd", kind=Kind.USD, meaning="above zero adds to the asset"),
    ),
)

DIFFERENCES = TableSchema(
    name="differences",
    key=("line_id",),
    meaning="What a new version changes against the prior one.",
    columns=(
        Column(name="line_id", kind=Kind.TEXT, meaning="the line"),
        Column(name="before_usd", kind=Kind.USD, meaning="amount before; blank = there was no such line"),
        Column(name="after_usd", kind=Kind.USD, meaning="amount after; blank = the line is gone"),
        Column(name="because", kind=Kind.TEXT, meaning="what changed"),
    ),
)
