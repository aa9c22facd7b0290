"""Floors over an aggregation, and exports that count for nobody: the one line that makes the difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from gridrider.tariff.model import Floor, Payment, Service, in_force, value_on
from tests.reference.concern import Run
from tests.reference.inputs import Enrollment
from tests.reference.numbers import cents_of, whole
from tests.reference.outcome import STEP_SECONDS, Taken, settled_mwh
from tests.reference.payments import Owed, component_of, is_final
from tests.reference.periods import Period, begun, whole_months, whole_seasons

MICRO = 1_000_000
Group = tuple[str, str, str]


def adjustments(run: Run, payment: Payment, service_name: str, service: Service, taken: list[Taken],
                lines: list[Owed]) -> list[Owed]:
    """The aggregation lines beside a payment's enrollment lines."""
    if payment.family in ("energy_at_price", "capacity_nominated"):
        return []
    floor = service.measurement.floor
    mine = [line for line in lines if line.component == component_of(payment) and line.service_name == service_name]
    long_span = floor is not None and floor.per in ("month", "season")
    if payment.family == "energy":
        return _by_event(run, service, taken, mine) + (_by_period(run, service, floor, mine) if long_span and floor
                                                       else [])
    if floor is not None and floor.over == "aggregation" and floor.per in ("month", "season"):
        groups = _grouped(mine, lambda line: (line.participant_id, line.aggregation_id, str(line.period.first)))
        return [_line(run, group, group[0].period, "", -_shown(group), -sum(line.cents for line in group))
                for group in groups if _shown(group) < 0]
    return []


def _shown(group: list[Owed]) -> Fraction:
    """The sum of the quantities as the lines show them."""
    return Fraction(sum(whole(line.quantity * MICRO) for line in group), MICRO)


def _grouped(lines: Iterable[Owed], key: object) -> list[list[Owed]]:
    groups: dict[object, list[Owed]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)  # type: ignore[operator]
    return list(groups.values())


def _by_period(run: Run, service: Service, floor: Floor, mine: list[Owed]) -> list[Owed]:
    """An energy payment whose sum over a month or season is floored, for each site or aggregation."""
    made = []
    spans = whole_months(run, service) if floor.per == "month" else whole_seasons(run, service)
    for period in begun(run, spans):
        inside = [line for line in mine if line.period.first in period]
        made += [_line(run, group, period, "", -_shown(group), -sum(line.cents for line in group),
                       group[0].enrollment if floor.over == "site" else None)
                 for group in _grouped(inside, lambda line: _who(line, floor)) if _shown(group) < 0]
    return made


def _who(line: Owed, floor: Floor) -> tuple[str, str, str]:
    enrollment_id = line.enrollment.enrollment_id if floor.over == "site" and line.enrollment is not None else ""
    return line.participant_id, line.aggregation_id, enrollment_id


def _by_event(run: Run, service: Service, taken: list[Taken], mine: list[Owed]) -> list[Owed]:
    """The difference of each event of an aggregation, where a floor or the treatment of exports makes one."""
    who = {(item.enrollment.enrollment_id, item.event.event_id): item for item in taken}
    made = []
    for group in _grouped(mine, lambda line: (line.participant_id, line.aggregation_id, line.event_id)):
        items = [who[line.enrollment.enrollment_id, line.event_id] for line in group if line.enrollment is not None]
        target_mwh = _target_mwh(run, service, items)
        plain_mwh = sum(settled_mwh(item) for item in items)
        if target_mwh == plain_mwh:
            continue
        difference = Fraction(target_mwh - plain_mwh, MICRO)
        if target_mwh == 0:
            cents = -sum(line.cents for line in group)
        else:
            cents = _worth_cents(run, service, items, group, difference)
        made.append(_line(run, group, group[0].period, group[0].event_id, difference, cents))
    return made


def _worth_cents(run: Run, service: Service, items: list[Taken], group: list[Owed], difference: Fraction) -> int:
    """What is dropped, each row at its own line's rate; for exports that count per resource, at the lowest rate."""
    day = run.day(items[0].event)
    rates = {line.enrollment.enrollment_id: line.rate or Fraction(0) for line in group if line.enrollment is not None}
    if value_on(service.measurement.exports, day, run.as_of_day, "count") == "zero_per_resource":
        return cents_of(difference, min(rates.values()))
    step = STEP_SECONDS[value_on(service.measurement.step, day, run.as_of_day, "clock_hour")]
    together: dict[int, int] = defaultdict(int)
    worth: dict[int, Fraction] = defaultdict(Fraction)
    for item in items:
        for row in () if item.zero else item.rows:
            together[row.span.start // step] += row.counted_mwh
            rate = rates[item.enrollment.enrollment_id]
            worth[row.span.start // step] += Fraction(row.counted_mwh, MICRO) * rate
    return cents_of(-sum((worth[key] for key, mwh in together.items() if mwh < 0), Fraction(0)), Fraction(1))


def _target_mwh(run: Run, service: Service, items: list[Taken]) -> int:
    """What the aggregation is paid for in an event, all together."""
    day = run.day(items[0].event)
    floor = service.measurement.floor
    step = STEP_SECONDS[value_on(service.measurement.step, day, run.as_of_day, "clock_hour")]
    exports = value_on(service.measurement.exports, day, run.as_of_day, "count")
    if exports == "zero_per_resource":
        rows = _resource_rows(items, step)
    elif floor is not None and floor.over == "aggregation" and floor.per == "hour":
        rows = _plain_rows(items, step)
    else:
        rows = [sum(settled_mwh(item) for item in items)]
    if floor is not None and floor.over == "aggregation" and floor.per == "hour":
        rows = [max(0, mwh) for mwh in rows]
    if floor is not None and floor.over == "aggregation" and floor.per == "event":
        return max(0, sum(rows))
    return sum(rows)


def _plain_rows(items: list[Taken], step: int) -> list[int]:
    rows: dict[int, int] = defaultdict(int)
    for item in items:
        for row in () if item.zero else item.rows:
            rows[row.span.start // step] += row.counted_mwh
    return list(rows.values())


def _resource_rows(items: list[Taken], step: int) -> list[int]:
    baseline: dict[int, int] = defaultdict(int)
    metered: dict[int, int] = defaultdict(int)
    gone: dict[int, int] = defaultdict(int)
    for item in items:
        for row in () if item.zero else item.rows:
            baseline[row.span.start // step] += row.baseline_mwh or 0
            metered[row.span.start // step] += row.metered_mwh or 0
            gone[row.span.start // step] += row.taken_mwh
    return [max(0, baseline[key]) - max(0, metered[key]) - gone[key] for key in baseline]


def _clause(run: Run, service: Service, period: Period) -> str:
    """The clause of the floor over the aggregation, else of the treatment of exports."""
    floor = service.measurement.floor
    if floor is not None and (floor.over == "aggregation" or floor.per in ("month", "season")):
        floored = in_force(floor.at, period.first, run.as_of_day)
        return floored.cite if floored is not None else ""
    exported = in_force(service.measurement.exports, period.first, run.as_of_day)
    return exported.cite if exported is not None else ""


def _line(run: Run, group: list[Owed], period: Period, event_id: str, quantity: Fraction, cents: int,
          enrollment: Enrollment | None = None) -> Owed:
    first = group[0]
    if first.service is None:
        raise ValueError("an adjustment of lines without a service")
    sure = all(line.sure for line in group)
    payee = first.participant_id if enrollment is None else enrollment.payee_id
    return Owed(enrollment=enrollment, participant_id=first.participant_id, aggregation_id=first.aggregation_id,
                payee_id=payee, service_name=first.service_name, service=first.service,
                component="aggregation_adjustment", event_id=event_id, period=period, quantity=quantity,
                unit=first.unit, rate=None, rate_unit="", rate_effective=None,
                clause=_clause(run, first.service, period), cents=cents, sure=sure,
                final=is_final(run, first.service, period, sure))
