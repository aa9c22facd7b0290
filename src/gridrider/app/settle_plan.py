"""From the tariff and the events to the small tables that the SQL of a settlement reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from ..event.availability import parse_spans, remains
from ..event.service_events import GridEvent, ServiceEvent, longer_events
from ..interval import DateSpan, Interval
from ..measurement.candidates import candidate_days, day_type_of, pick_for
from ..measurement.methods import Method, method_on
from ..measurement.plan import MeasurementPlan, Window, window_precedes_notice
from ..tariff.holidays import holidays_between
from ..tariff.model import Dated, Floor, Outcomes, Payment, Service, Tariff, in_force, value_on

LOOK_BACK_YEARS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """One payment of one service of one rider, under the number that its lines carry."""

    number: int
    rider_name: str
    service_name: str
    service: Service
    payment: Payment


@dataclass(slots=True, kw_only=True)
class SettlePlan:
    """Everything that is decided before a reading is looked at."""

    tariff: Tariff
    zone: ZoneInfo
    period: DateSpan
    as_of: datetime
    service_events: list[ServiceEvent]
    events: Sequence[GridEvent]
    measurement: MeasurementPlan
    methods: dict[int, Method] = field(default_factory=dict)
    whole_windows: dict[int, Window] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    @property
    def known_by(self) -> date:
        """The local day of as-of: what was filed later does not exist yet."""
        return self.as_of.astimezone(self.zone).date()

    @property
    def payables(self) -> list[Payable]:
        """Every payment of the tariff."""
        every = [(rider_name, service_name, service, payment) for rider_name, rider in self.tariff.riders.items()
                 for service_name, service in rider.services.items() for payment in service.payments]
        return [Payable(number=number, rider_name=rider_name, service_name=service_name, service=service,
                        payment=payment)
                for number, (rider_name, service_name, service, payment) in enumerate(every)]


def make_plan(tariff: Tariff, events: Sequence[GridEvent], made: list[ServiceEvent], period: DateSpan,
              as_of: datetime) -> SettlePlan:
    """Choose method and rows for every event that is settled."""
    zone = ZoneInfo(tariff.timezone)
    plan = SettlePlan(tariff=tariff, zone=zone, period=period, as_of=as_of, service_events=made, events=events,
                      measurement=MeasurementPlan(zone=zone))
    calendar = value_on(tariff.holidays, period.end, plan.known_by, "none")
    first = min([period.first, *(each.local_date for each in made)])
    plan.holidays = frozenset(holidays_between(calendar, first.replace(year=first.year - LOOK_BACK_YEARS, day=1),
                                               max([period.end, *(each.local_date for each in made)])))
    for each in made:
        if each.in_period:
            plan.methods[each.number] = _method(plan, each)
            plan.whole_windows[each.number] = add_window(plan, each, (each.event.span,))
    return plan


def _method(plan: SettlePlan, each: ServiceEvent) -> Method:
    measurement = each.service.measurement
    day_type = day_type_of(each.local_date, plan.known_by, measurement, plan.holidays)
    return method_on(measurement, pick_for(day_type, measurement), each.local_date, plan.known_by)


def add_window(plan: SettlePlan, each: ServiceEvent, spans: Sequence[Interval]) -> Window:
    """The rows of what is left of an event."""
    method = plan.methods[each.number]
    adjusts = window_precedes_notice(each.event.start, each.event.called_at, method)
    return plan.measurement.add_window(spans, each.event.span, method, adjusts=adjusts)


# ---- tables -------------------------------------------------------------------------------------
def service_event_table(plan: SettlePlan) -> pa.Table:
    """Each event for each rider and service, with the tariff's words that hold on its day."""
    rows = [_service_event_row(plan, each) for each in plan.service_events]
    return pa.Table.from_pylist(rows, schema=SERVICE_EVENT)


SERVICE_EVENT = pa.schema([
    ("service_event_no", pa.int32()), ("event_id", pa.string()), ("rider", pa.string()), ("service", pa.string()),
    ("kind", pa.string()), ("start_utc", pa.timestamp("us")), ("end_utc", pa.timestamp("us")),
    ("local_date", pa.date32()), ("seconds", pa.int64()), ("zones", pa.list_(pa.string())),
    ("technologies", pa.list_(pa.string())), ("in_period", pa.bool_()), ("cancelled", pa.bool_()),
    ("counts", pa.bool_()), ("duration_matches", pa.bool_()), ("kind_clause", pa.string()),
    ("method_clause", pa.string()), ("delivered_words", pa.string()), ("agreement_clause", pa.string()),
    ("opted_out_rule", pa.string()), ("opted_out_clause", pa.string()), ("suspended_rule", pa.string()),
    ("suspended_clause", pa.string()), ("excused_clause", pa.string()), ("missed_zero", pa.bool_()),
    ("missed_clause", pa.string()), ("missing_zero", pa.bool_()), ("missing_clause", pa.string()),
    ("too_few_zero", pa.bool_()), ("too_few_clause", pa.string()), ("floor_row", pa.bool_()),
    ("floor_event", pa.bool_()), ("price_weighted", pa.bool_()), ("priced", pa.bool_()),
])

DELIVERED_WORDS = {"direct": "delivered at the device", "prescriptive": "above the prescribed baseline",
                   "day_matching": "below the baseline", "export_from_storage": "sent back from storage",
                   "deemed": "deemed delivered"}


def _service_event_row(plan: SettlePlan, each: ServiceEvent) -> dict[str, Any]:
    day, known_by, event = each.local_date, plan.known_by, each.event
    outcomes, measurement = each.service.outcomes, each.service.measurement
    pick = pick_for(day_type_of(day, known_by, measurement, plan.holidays), measurement)
    too_few = in_force(pick.too_few_days, day, known_by) if pick else None
    floor = floor_on(measurement.floor, day, known_by)
    return {
        "service_event_no": each.number, "event_id": event.event_id, "rider": each.rider_name,
        "service": each.service_name, "kind": each.kind, "start_utc": event.start.replace(tzinfo=None),
        "end_utc": event.end.replace(tzinfo=None), "local_date": day, "seconds": event.span.seconds,
        "zones": list(event.zones) or None, "technologies": list(each.rider.technologies),
        "in_period": each.in_period, "cancelled": event.cancelled, "counts": each.counts,
        "duration_matches": each.duration_matches,
        "kind_clause": cite_on(each.service.calls.kinds[each.kind].counts, day, known_by),
        "method_clause": cite_on(measurement.method, day, known_by),
        "delivered_words": DELIVERED_WORDS[value_on(measurement.method, day, known_by, "direct")],
        "agreement_clause": _agreement_clause(each),
        "too_few_zero": too_few is not None and too_few.value == "zero_performance",
        "too_few_clause": too_few.cite if too_few else "",
        "floor_row": floor is not None and (floor.per, floor.over) == ("hour", "site"),
        "floor_event": floor is not None and (floor.per, floor.over) == ("event", "site"),
        "price_weighted": _pays_by(each, "capacity_price_weighted"), "priced": _pays_by(each, "energy_at_price"),
        **_outcome_rules(outcomes, day, known_by),
    }


def _outcome_rules(outcomes: Outcomes, day: date, known_by: date) -> dict[str, Any]:
    waited = in_force(outcomes.missing.counts_as_zero_after_days, day, known_by) if outcomes.missing else None
    return {
        "opted_out_rule": value_on(outcomes.opted_out, day, known_by, "counts_as_zero"),
        "opted_out_clause": cite_on(outcomes.opted_out, day, known_by),
        "suspended_rule": value_on(outcomes.suspended, day, known_by, "counts_as_zero"),
        "suspended_clause": cite_on(outcomes.suspended, day, known_by),
        "excused_clause": cite_on(outcomes.excused, day, known_by),
        "missed_zero": value_on(outcomes.missed, day, known_by, "measured") == "counts_as_zero",
        "missed_clause": cite_on(outcomes.missed, day, known_by),
        "missing_zero": waited is not None and (known_by - day).days >= waited.value,
        "missing_clause": waited.cite if waited else "",
    }


def cite_on(history: Sequence[Dated[Any]], day: date, known_by: date) -> str:
    """The clause of the value in force on a day; blank where none is."""
    held = in_force(history, day, known_by)
    return held.cite if held else ""


def _agreement_clause(each: ServiceEvent) -> str:
    rule = next((rule for rule in each.rider.eligibility if rule.require == "agreement_signed"), None)
    return rule.because[0].cite if rule and rule.because else "no agreement, no payment"


def floor_on(floor: Floor | None, day: date, known_by: date) -> Floor | None:
    """The floor where it is in force on a day; else None."""
    return floor if floor is not None and in_force(floor.at, day, known_by) is not None else None


def pays(each: ServiceEvent, payment: Payment) -> bool:
    """True when a payment of the event's service looks at events of its kind."""
    return each.kind in (payment.kinds or each.service.counting_kinds)


def _pays_by(each: ServiceEvent, family: str) -> bool:
    return any(payment.family == family and pays(each, payment) for payment in each.service.payments)


def longer_event_table(plan: SettlePlan) -> pa.Table:
    """Pairs of overlapping events of one service, the longer one second."""
    pairs = longer_events(plan.service_events)
    return pa.table({"service_event_no": pa.array([pair[0] for pair in pairs], pa.int32()),
                     "longer_no": pa.array([pair[1] for pair in pairs], pa.int32())})


def hole_table(plan: SettlePlan, cases: Iterable[tuple[int, str]]) -> pa.Table:
    """For each case of unavailable time: what is left of the event, as the number of a window."""
    by_number = {each.number: each for each in plan.service_events}
    rows: list[dict[str, Any]] = []
    for number, text in cases:
        each = by_number[number]
        outcomes = each.service.outcomes
        left = remains(each.event.span, parse_spans(text),
                       value_on(outcomes.excused, each.local_date, plan.known_by, frozenset[str]()),
                       value_on(outcomes.suspended, each.local_date, plan.known_by, "counts_as_zero"))
        whole = left.spans == (each.event.span,)
        window = plan.whole_windows[number] if whole else add_window(plan, each, left.spans)
        rows.append({"service_event_no": number, "spans": text, "window_no": window.window_no,
                     "suspended": left.suspended, "excused": left.excused,
                     "excused_reasons": ", ".join(left.excused_reasons)})
    return pa.Table.from_pylist(rows, schema=pa.schema([
        ("service_event_no", pa.int32()), ("spans", pa.string()), ("window_no", pa.int32()), ("suspended", pa.bool_()),
        ("excused", pa.bool_()), ("excused_reasons", pa.string())]))


def window_table(plan: SettlePlan) -> pa.Table:
    """Each window with the numbers by which the kernel knows its shape and method, and its kernel's group."""
    windows = plan.measurement.windows
    groups = {kernel: number for number, kernel in enumerate(dict.fromkeys(window.kernel for window in windows))}
    return pa.table({
        "window_no": pa.array([window.window_no for window in windows], pa.int32()),
        "shape_no": pa.array([window.shape_no for window in windows], pa.int32()),
        "local_date": pa.array([window.local_date for window in windows], pa.date32()),
        "method_no": pa.array([window.method_no for window in windows], pa.int32()),
        "adjusts": pa.array([window.adjusts for window in windows], pa.bool_()),
        "given": pa.array([_method_of(plan, window).adjustment.kind == "given" for window in windows], pa.bool_()),
        "group_no": pa.array([groups[window.kernel] for window in windows], pa.int32()),
    })


def _method_of(plan: SettlePlan, window: Window) -> Method:
    return list(plan.measurement.methods)[window.method_no]


def matcher_table(plan: SettlePlan, zones: Iterable[str | None]) -> pa.Table:
    """The number of the list of candidate days for each settled event and zone."""
    rows: list[tuple[int, str | None, int]] = []
    for zone in zones:
        event_days = frozenset(event.start.astimezone(plan.zone).date() for event in plan.events
                               if not event.cancelled and (not event.zones or zone in event.zones))
        for each in plan.service_events:
            if each.in_period and plan.methods[each.number].family == "day_matching":
                days = _candidates(plan, each, event_days)
                rows.append((each.number, zone, plan.measurement.matcher_no(days)))
    return pa.table({"service_event_no": pa.array([row[0] for row in rows], pa.int32()),
                     "zone": pa.array([row[1] for row in rows], pa.string()),
                     "matcher_no": pa.array([row[2] for row in rows], pa.int32())})


def _candidates(plan: SettlePlan, each: ServiceEvent, event_days: frozenset[date]) -> tuple[date, ...]:
    measurement = each.service.measurement
    day_type = day_type_of(each.local_date, plan.known_by, measurement, plan.holidays)
    pick = pick_for(day_type, measurement)
    if pick is None:
        return ()
    return candidate_days(each.local_date, plan.known_by, measurement, pick, plan.holidays, event_days)


def excludes(plan: SettlePlan, what: str) -> bool:
    """True if any settled event's baseline leaves out days of that sort."""
    return any(what in value_on(each.service.measurement.exclude, each.local_date, plan.known_by, frozenset())
               for each in plan.service_events if each.in_period)
