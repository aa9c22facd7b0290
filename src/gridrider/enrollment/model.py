"""Who takes part: one enrollment per site, rider and device."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

TECHNOLOGIES = ("battery", "ev", "thermostat", "water_heater", "other")
CUSTOMER_CLASSES = ("residential", "small_commercial", "other")

ENROLLMENTS = TableSchema(
    name="enrollments",
    required=True,
    open=True,
    key=("enrollment_id",),
    meaning="Who takes part, with what, from when, measured where and paid to whom.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="rider", kind=Kind.TEXT, required=True, meaning="a rider of the tariff"),
        Column(name="customer_id", kind=Kind.TEXT, required=True, filled=True, meaning="the customer"),
        Column(name="site_id", kind=Kind.TEXT, meaning="the site"),
        Column(name="participant_id", kind=Kind.TEXT, required=True, filled=True,
               meaning="the aggregator, or the customer itself when direct"),
        Column(name="aggregation_id", kind=Kind.TEXT, meaning="blank = participant"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="blank = participant"),
        Column(name="point_id", kind=Kind.TEXT, required=True, filled=True, meaning="where performance is measured"),
        Column(name="premise_point_id", kind=Kind.TEXT, meaning="the retail meter"),
        Column(name="technology", kind=Kind.TEXT, required=True, filled=True, choices=TECHNOLOGIES,
               meaning="what the device is"),
        Column(name="nameplate_kw", kind=Kind.KW, required=True, meaning="rated power of the device"),
        Column(name="duration_h", kind=Kind.HOURS, meaning="how long it can hold its power"),
        Column(name="committed_kw", kind=Kind.KW, meaning="power promised"),
        Column(name="agreement_signed_on", kind=Kind.DATE, required=True, meaning="blank = not signed"),
        Column(name="enrolled_on", kind=Kind.DATE, meaning="the vintage day; blank = starts_on"),
        Column(name="prior_enrollment_id", kind=Kind.TEXT, meaning="the enrollment that this one follows"),
        Column(name="starts_on", kind=Kind.DATE, required=True, filled=True, meaning="first day, included"),
        Column(name="ends_on", kind=Kind.DATE, meaning="last day, included; blank = open"),
        Column(name="end_reason", kind=Kind.TEXT, meaning="why it ended"),
        Column(name="customer_class", kind=Kind.TEXT, choices=CUSTOMER_CLASSES, meaning="the customer's class"),
        Column(name="low_income", kind=Kind.BOOLEAN, meaning="low to moderate income"),
        Column(name="disadvantaged_community", kind=Kind.BOOLEAN, meaning="in a disadvantaged community"),
        Column(name="constrained_area", kind=Kind.BOOLEAN, meaning="in a constrained area of the grid"),
        Column(name="zone", kind=Kind.TEXT, required=True, meaning="a zone of the tariff"),
        Column(name="services", kind=Kind.TEXTS, meaning="blank = all of the rider's"),
    ),
)
