"""Readings as they come, and days as settlement reads them."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

QUALITIES = ("actual", "validated", "edited", "estimated", "missing")
"""How sure a reading is, best first. A table of days keeps the place in this list as its code."""

ESTIMATED = QUALITIES.index("estimated")
MISSING = QUALITIES.index("missing")

READINGS = TableSchema(
    name="readings",
    required=True,
    key=("point_id", "start", "revision"),
    meaning="What each metering point took in and gave out in each interval: the gross registers.",
    columns=(
        Column(name="point_id", kind=Kind.TEXT, required=True, filled=True, meaning="the metering point"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when the interval starts"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long it lasts"),
        Column(name="import_kwh", kind=Kind.KWH, required=True,
               meaning="energy taken in; charging at a battery inverter; >= 0"),
        Column(name="export_kwh", kind=Kind.KWH, required=True,
               meaning="energy given out; discharging at a battery inverter; >= 0"),
        Column(name="quality", kind=Kind.TEXT, choices=QUALITIES, meaning="blank = actual"),
        Column(name="revision", kind=Kind.INTEGER, meaning="blank = 1; the highest wins, the others are kept"),
        Column(name="received_at", kind=Kind.TIMESTAMP, meaning="when we learned of it"),
    ),
)

POINTS = TableSchema(
    name="points",
    meaning="Which metering point measured an enrollment from when to when: meter exchanges and moves.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="role", kind=Kind.TEXT, required=True, filled=True, choices=("performance", "premise"),
               meaning="which of the enrollment's points it is"),
        Column(name="point_id", kind=Kind.TEXT, required=True, filled=True, meaning="the metering point"),
        Column(name="from", kind=Kind.DATE_OR_TIMESTAMP, meaning="from when; blank = always before"),
        Column(name="to", kind=Kind.DATE_OR_TIMESTAMP,
               meaning="until when; a date is that day included, unless the next point begins on it"),
    ),
)

DAYS = TableSchema(
    name="days",
    key=("point_id", "local_date"),
    meaning="One row per point and local day, folded from the readings: what all settlement reads.",
    columns=(
        Column(name="point_id", kind=Kind.TEXT, required=True, meaning="the metering point"),
        Column(name="local_date", kind=Kind.DATE, required=True, meaning="the day in the tariff's zone"),
        Column(name="slot_seconds", kind=Kind.INTEGER, required=True,
               meaning="length of a slot: 900 (readings of 15 min or finer), 1800 or 3600"),
        Column(name="import_mwh", kind=Kind.INTEGER, required=True,
               meaning="list of int64, one per slot from local midnight (23-, 24- and 25-hour days); null = missing"),
        Column(name="export_mwh", kind=Kind.INTEGER, required=True, meaning="likewise"),
        Column(name="quality", kind=Kind.INTEGER, required=True,
               meaning="list of int8, one per slot: the worst QUALITIES code of the readings in it; null = all actual"),
        Column(name="net_hour_mwh", kind=Kind.INTEGER, required=True,
               meaning="list of int64, one per elapsed local hour: import - export; null when any slot is missing"),
        Column(name="quality_worst", kind=Kind.INTEGER, required=True, meaning="the largest code in `quality`"),
    ),
)
