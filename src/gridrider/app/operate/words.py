"""Tables that only the work itself keeps: what was called, site storms, stops."""

from __future__ import annotations

from ...table import Column, Kind, TableSchema

CALLED = TableSchema(
    name="called",
    key=("event_id", "rider", "act"),
    meaning="What was done to an event, for each rider that it calls.",
    columns=(
        Column(name="event_id", kind=Kind.TEXT, meaning="the event"),
        Column(name="act", kind=Kind.TEXT, choices=("call", "cancel", "close"), meaning="what was done"),
        Column(name="at", kind=Kind.TIMESTAMP, meaning="when"),
        Column(name="rider", kind=Kind.TEXT, meaning="the rider"),
        Column(name="service", kind=Kind.TEXT, meaning="the service"),
        Column(name="kind", kind=Kind.TEXT, meaning="the kind of event"),
        Column(name="start", kind=Kind.TIMESTAMP, meaning="when it starts"),
        Column(name="end", kind=Kind.TIMESTAMP, meaning="when it ends, exclusive"),
        Column(name="zone", kind=Kind.TEXTS, meaning="blank = all"),
        Column(name="notice", kind=Kind.TEXT, meaning="which notice was given"),
        Column(name="reason", kind=Kind.TEXT, meaning="why"),
        Column(name="target_kw", kind=Kind.KW, meaning="power wanted; blank = as much as may be had"),
        Column(name="proposed_by", kind=Kind.TEXT, meaning="who proposed it"),
        Column(name="approved_by", kind=Kind.TEXT, meaning="who approved it; another person"),
    ),
)

SITE_STORMS = TableSchema(
    name="site_storms",
    key=("enrollment_id", "at"),
    meaning="Since when a storm holds a site or makes it ready, and since when it does not any more.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment"),
        Column(name="at", kind=Kind.TIMESTAMP, meaning="from when"),
        Column(name="status_code", kind=Kind.INTEGER, meaning="0 nothing, 1 pre_arm, 2 lock"),
        Column(name="feed_lost", kind=Kind.BOOLEAN, meaning="the feed was lost while a watch or warning held"),
        Column(name="alert", kind=Kind.TEXT, meaning="the weather event"),
        Column(name="onset", kind=Kind.TIMESTAMP, meaning="when it is expected"),
        Column(name="ends", kind=Kind.TIMESTAMP, meaning="when it ends; blank = until cancelled"),
        Column(name="because", kind=Kind.TEXT, meaning="why, in words"),
    ),
)

STOPS = TableSchema(
    name="stops",
    key=("at",),
    meaning="Emergency stops, and when the program was resumed.",
    columns=(
        Column(name="act", kind=Kind.TEXT, choices=("stop", "resume"), meaning="what was done"),
        Column(name="at", kind=Kind.TIMESTAMP, meaning="when"),
        Column(name="by", kind=Kind.TEXT, meaning="by whom"),
        Column(name="because", kind=Kind.TEXT, meaning="why"),
    ),
)
