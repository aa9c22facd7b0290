"""Grid events and what happened to an enrollment around them."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

EVENTS = TableSchema(
    name="events",
    required=True,
    key=("event_id",),
    meaning="When the program called on its participants.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the event"),
        Column(name="service", kind=Kind.TEXT, meaning="blank = the tariff's only service"),
        Column(name="kind", kind=Kind.TEXT, meaning="a kind the tariff names; blank = its default kind"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when it starts"),
        Column(name="end", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when it ends, exclusive"),
        Column(name="zone", kind=Kind.TEXTS, meaning="blank = all"),
        Column(name="called_at", kind=Kind.TIMESTAMP, meaning="when it was called"),
        Column(name="notice", kind=Kind.TEXT, choices=("day_ahead", "day_of"), meaning="which notice was given"),
        Column(name="reason", kind=Kind.TEXT, meaning="why it was called"),
        Column(name="cancelled_at", kind=Kind.TIMESTAMP, meaning="when it was called off"),
    ),
)

OPT_OUTS = TableSchema(
    name="opt_outs",
    meaning="Who left a single event, and when.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the event"),
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when"),
    ),
)

UNAVAILABLE_REASONS = ("suspended", "storm_hold", "islanded", "utility_fault", "device_fault", "not_called",
                       "unreachable")

UNAVAILABLE = TableSchema(
    name="unavailable",
    meaning="When a device could not or must not answer, and why.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, meaning="the event, or start and end"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="from when"),
        Column(name="end", kind=Kind.TIMESTAMP, meaning="until when, exclusive"),
        Column(name="reason", kind=Kind.TEXT, required=True, filled=True, choices=UNAVAILABLE_REASONS,
               meaning="why"),
        Column(name="evidence", kind=Kind.TEXT, meaning="what shows it"),
    ),
)

ALERTS = TableSchema(
    name="alerts",
    meaning="Alerts of the grid operator.",
    columns=(
        Column(name="source", kind=Kind.TEXT, required=True, meaning="who gave it"),
        Column(name="level", kind=Kind.TEXT, required=True, filled=True, meaning="flex_alert, eea_watch, eea_1, ..."),
        Column(name="zone", kind=Kind.TEXTS, meaning="blank = all"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="from when"),
        Column(name="end", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="until when, exclusive"),
    ),
)
