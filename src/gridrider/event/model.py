"""Grid events and what happened to an enrollment around them."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema
from .storm_model import STORM_LOCKS as STORM_LOCKS
from .storm_model import STORM_SITES as STORM_SITES
from .storm_model import Polygon as Polygon
from .storm_model import Ring as Ring
from .storm_model import StormAlert as StormAlert
from .storm_model import StormEvent as StormEvent
from .storm_model import StormLock as StormLock
from .storm_model import StormSites as StormSites
from .storm_model import StormSpell as StormSpell
from .storm_model import StormState as StormState

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

CALLED_DISCHARGE = TableSchema(
    name="called_discharge",
    key=("enrollment_id", "event_id"),
    meaning="What a battery gave when the utility called it; without it that is estimated from nameplate and time.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="event_id", kind=Kind.TEXT, required=True, filled=True, meaning="the event"),
        Column(name="kwh", kind=Kind.KWH, required=True, filled=True, meaning="energy discharged, not below zero"),
    ),
)

LOAD_FORECAST = TableSchema(
    name="load_forecast",
    key=("zone", "start"),
    meaning="The load that was forecast the day before.",
    columns=(
        Column(name="zone", kind=Kind.TEXT, required=True, meaning="blank = all"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when it starts"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long it holds"),
        Column(name="mw", kind=Kind.MW, required=True, filled=True, meaning="the load"),
    ),
)

LIMITS = TableSchema(
    name="limits",
    key=("scope", "id", "service", "parameter"),
    meaning="What the tariff's limits on calling leave.",
    columns=(
        Column(name="scope", kind=Kind.TEXT, choices=("enrollment", "program", "zone"), meaning="whose limit it is"),
        Column(name="id", kind=Kind.TEXT, meaning="the enrollment, tariff or zone"),
        Column(name="service", kind=Kind.TEXT, meaning="blank = all services together"),
        Column(name="parameter", kind=Kind.TEXT,
               choices=("events_per_month", "events_per_year", "hours_per_year", "cycles_per_year"),
               meaning="what is limited"),
        Column(name="used", kind=Kind.FACTOR, meaning="events, hours or cycles so far; blank = not known"),
        Column(name="left", kind=Kind.FACTOR, meaning="most less used; blank = no most"),
        Column(name="owed", kind=Kind.FACTOR, meaning="least less used, not below zero; blank = no least"),
        Column(name="clause", kind=Kind.TEXT, meaning="where the tariff says so"),
        Column(name="least", kind=Kind.FACTOR, meaning="the least"),
        Column(name="most", kind=Kind.FACTOR, meaning="the most"),
        Column(name="period_start", kind=Kind.DATE, meaning="first day that counts"),
        Column(name="period_end", kind=Kind.DATE, meaning="the day after the last that counts"),
        Column(name="basis", kind=Kind.TEXT, choices=("estimated", "given", "unknown"),
               meaning="what the discharge of a cycle rests on"),
    ),
)

REFUSAL_CAUSES = ("operating_parameter", "not_begun", "ended", "unsigned", "technology", "services", "zone", "duration",
                  "medical", *UNAVAILABLE_REASONS, "opted_out", "events_per_month", "events_per_year",
                  "cycles_per_year", "aggregation")

REFUSALS = TableSchema(
    name="refusals",
    key=("enrollment_id", "clause", "reason"),
    meaning="Why an event is not called, or not of everybody, or of somebody only in part.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="who is spared; blank = not one enrollment"),
        Column(name="clause", kind=Kind.TEXT, meaning="where the tariff says so"),
        Column(name="reason", kind=Kind.TEXT, meaning="why, in words"),
        Column(name="share", kind=Kind.FACTOR, meaning="the part of the event that remains, 0 to 1"),
        Column(name="scope", kind=Kind.TEXT, choices=("program", "aggregation", "enrollment"),
               meaning="who is refused"),
        Column(name="id", kind=Kind.TEXT, meaning="the tariff, aggregation or enrollment"),
        Column(name="cause", kind=Kind.TEXT, choices=REFUSAL_CAUSES, meaning="why, in one word"),
    ),
)

NOTICE_KINDS = ("scheduled", "reminder", "start", "end", "result", "cancelled")

NOTICES = TableSchema(
    name="notices",
    key=("event_id", "enrollment_id", "notice"),
    meaning="Who is to be told what about an event, when and through whom.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, meaning="the event; proposal = one that is not called yet"),
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="notice", kind=Kind.TEXT, choices=NOTICE_KINDS, meaning="what the notice is"),
        Column(name="at", kind=Kind.TIMESTAMP, meaning="when it is due; blank = as soon as the event is called"),
        Column(name="channel", kind=Kind.TEXT, choices=("aggregator", "direct"), meaning="through whom"),
        Column(name="to", kind=Kind.TEXT, meaning="the participant who is told"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when the event starts"),
        Column(name="end", kind=Kind.TIMESTAMP, meaning="when it ends, exclusive"),
        Column(name="says", kind=Kind.TEXT, meaning="what it says, in local time"),
    ),
)
