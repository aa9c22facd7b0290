"""What is measured: adjustments and claims in, performance out."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

ADJUSTMENTS = TableSchema(
    name="adjustments",
    meaning="Baseline adjustments given by the utility, e.g. for weather.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the event"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="the hour it is for; blank = the event's first"),
        Column(name="kwh", kind=Kind.KWH, required=True, filled=True, meaning="added to the baseline; may be negative"),
    ),
)

CLAIMS = TableSchema(
    name="claims",
    meaning="What another program or market already pays for.",
    columns=(
        Column(name="point_id", kind=Kind.TEXT, required=True, filled=True, meaning="the metering point"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="from when"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long"),
        Column(name="program", kind=Kind.TEXT, required=True, filled=True, meaning="who claims it"),
        Column(name="service", kind=Kind.TEXT, meaning="the service claimed"),
        Column(name="kwh", kind=Kind.KWH, meaning="energy claimed"),
        Column(name="kw", kind=Kind.KW, meaning="power claimed"),
    ),
)

PERFORMANCE = TableSchema(
    name="performance",
    key=("enrollment_id", "event_id", "service", "start"),
    meaning="What each enrollment delivered in each hour of each event.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="service", kind=Kind.TEXT, meaning="the grid service"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the interval starts"),
        Column(name="seconds", kind=Kind.INTEGER, meaning="how long it lasts"),
        Column(name="point_id", kind=Kind.TEXT, meaning="the metering point"),
        Column(name="baseline_unadjusted_kwh", kind=Kind.KWH, meaning="net import expected, before adjustment"),
        Column(name="adjustment_factor", kind=Kind.FACTOR, meaning="same-day factor"),
        Column(name="baseline_kwh", kind=Kind.KWH, meaning="net import expected"),
        Column(name="metered_kwh", kind=Kind.KWH, meaning="net import measured (import - export)"),
        Column(name="delivered_kwh", kind=Kind.KWH, meaning="baseline - metered, before any floor; + helped the grid"),
        Column(name="weight", kind=Kind.FACTOR, meaning="weight in an average: a price in USD/MWh, else 1"),
        Column(name="quality", kind=Kind.TEXT, meaning="the worst quality among the readings used"),
        Column(name="baseline_days", kind=Kind.TEXTS, meaning="the days the baseline is made of"),
        Column(name="note", kind=Kind.TEXT, meaning="what a reader should know"),
    ),
)

OUTCOMES = ("performed", "missed", "opted_out", "excused", "suspended", "unsigned", "not_eligible",
            "missing_readings", "cancelled")

PARTICIPATION = TableSchema(
    name="participation",
    key=("enrollment_id", "event_id"),
    meaning="How each enrollment took part in each event.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="outcome", kind=Kind.TEXT, choices=OUTCOMES, meaning="how it took part"),
        Column(name="counted", kind=Kind.BOOLEAN, meaning="whether it counts toward payment"),
        Column(name="average_kw", kind=Kind.KW, meaning="average power delivered over the event's time that counts"),
        Column(name="clause", kind=Kind.TEXT, meaning="the clause behind the outcome"),
        Column(name="because", kind=Kind.TEXT, meaning="the outcome in one sentence"),
    ),
)

ATTRIBUTION = TableSchema(
    name="attribution",
    key=("enrollment_id", "event_id", "service", "start"),
    meaning="What was taken from a row of performance because others are paid for it; other rows are left out.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="service", kind=Kind.TEXT, meaning="the grid service"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the interval starts"),
        Column(name="seconds", kind=Kind.INTEGER, meaning="how long it lasts"),
        Column(name="delivered_kwh", kind=Kind.KWH, meaning="as in performance"),
        Column(name="taken_kwh", kind=Kind.KWH, meaning="what others are paid for"),
        Column(name="counted_kwh", kind=Kind.KWH, meaning="delivered less taken: what floors and amounts run on"),
        Column(name="taken_by", kind=Kind.TEXT, meaning="programs, or services with their events and enrollments"),
        Column(name="clause", kind=Kind.TEXT, meaning="the clauses by which it was taken"),
        Column(name="because", kind=Kind.TEXT, meaning="the same in one sentence"),
    ),
)
