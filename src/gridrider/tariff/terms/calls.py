"""The operating parameters of a service: when, how often, how long and why it may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from ..dated import History
from ..fields import named_blocks, needed, optional, rule

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A lower and an upper bound."""

    min: History[Decimal] = rule("at least")
    max: History[Decimal] = rule("at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A window of the local day."""

    from_: History[time] = rule("from, local clock", key="from")
    to: History[time] = rule("to, local clock, exclusive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How far ahead participants are told."""

    day_ahead_by: History[time] = rule("latest local time on the day before")
    day_of_min_minutes: History[Decimal] = rule("least time before a day-of event", unit="min")
    reminder_minutes: History[Decimal] = rule("a reminder so long before the start", unit="min")
    result_within_h: History[Decimal] = rule("the result is told within so long after the end", unit="h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of event, and whether it counts toward payment."""

    title: str = optional("name of the kind", default="")
    counts: History[bool] = rule("whether its hours count toward payment")
    duration_matches: History[bool] = rule("whether an enrollment is called only for events that fit its duration_h")
    uses_limits: History[bool] = rule("whether its events use the limits on number and hours; absent = they do")
    outside_window: History[bool] = rule("whether it may be called outside the service's season, days and hours")
    day_of: History[bool] = rule("whether it may be called on the day, for what nobody could foresee; absent = it may")


TRIGGER_KINDS = ("price", "grid_alert", "peak_forecast", "declared_emergency", "operator", "program_minimum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What may cause an event."""

    kind: str = needed("the closed set of triggers", choices=TRIGGER_KINDS)
    event_kind: str = optional("kind of the events it gives", default="")
    above_usd_per_mwh: History[Decimal] = rule("price strictly above which an hour is called", unit="USD/MWh")
    any_of: History[frozenset[str]] = rule("alert levels that call")
    source: History[str] = rule("who gives the alerts")
    peak_mw_min: History[Decimal] = rule("forecast peak at or above which a day is called", unit="MW")
    share_of_peak: History[Decimal] = rule("share of the highest forecast peak at or above which a day is called")
    peak_mw: History[Decimal] = rule("the peak that share_of_peak is a share of; absent = the season's highest so far",
                                     unit="MW")
    top_days: History[Decimal] = rule("a day is called if fewer days of the season so far have a higher forecast",
                                      unit="days")
    duration_h: History[Decimal] = rule("length of its events; absent = the service's longest", unit="h")
    lead_days: History[Decimal] = rule("days before the season's end from which a minimum is made up", unit="days")
    targets: History[frozenset[str]] = rule("where the energy is sent, for example shelter, hospital")
    because: History[str] = rule("the rule in plain words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The operating parameters: when, how often and how long a service may call."""

    season: str = optional("name of a season", default="")
    days: History[frozenset[str]] = rule("days of the week", choices=WEEKDAYS)
    holidays: History[str] = rule("events on holidays", choices=("allowed", "excluded"))
    hours: Hours | None = optional("window of the local day")
    duration_h: Bounds | None = optional("length of one event [h]")
    events_per_month: Bounds | None = optional("number of events in a calendar month")
    events_per_year: Bounds | None = optional("number of events in a program year")
    hours_per_year: Bounds | None = optional("hours of events in a program year [h]")
    consecutive_days: History[str] = rule("events on days in a row", choices=("allowed", "excluded"))
    notice: Notice | None = optional("notice")
    kinds: Mapping[str, Kind] = named_blocks("kinds of event")
    default_kind: str = optional("kind of an event that names none; blank = the only kind", default="")
    triggers: tuple[Trigger, ...] = optional("what may cause an event", default=())
