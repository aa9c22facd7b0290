"""A tariff's worked example as the input tables of a settlement.

An example says only what matters to it: homes that differ from the ordinary one, events by their local clock, what each
home did in them. All the rest is filled in here, in the open. What an example may say: docs/reference/cases.md. Whether
it says it in the right shape is checked in app/tariff_case_files.py, before it comes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from ..tariff.model import Rider, Tariff
from .example_tables import Cells, ExampleTables

Case = Mapping[str, Any]
"""A worked example as its file says it."""

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
UNAVAILABLE = ("suspended", "storm_hold", "islanded", "utility_fault", "device_fault", "not_called", "unreachable")
ANSWERS = ("no_readings", "opted_out", "opted_out_at_the_end", *UNAVAILABLE)
"""Words that stand in place of a power."""
KNOWN_KEYS = frozenset({"name", "cite", "proves", "period", "as_of", "homes", "events", "discharge_kw", "usual_kw",
                        "load_kw", "premise_kw", "window_kw", "days_back", "adjustment_kwh", "price_usd_per_mwh",
                        "nominations", "service_terms", "claims", "market_values", "expect"})
"""What an example may say."""
EVENT_KEYS = frozenset({"start", "hours", "service", "kind", "zone", "called", "cancelled"})
"""What it may say of an event."""
CLAIM_KEYS = frozenset({"home", "point_id", "event", "start", "hours", "program", "service", "kwh", "kw"})
"""What it may say of a claim."""


class ExampleMistake(ValueError):
    """What an example says has no meaning, although its shape is right."""


def cases_of(file: Path) -> list[Case]:
    """The examples of a cases.yaml, in their order."""
    return list(YAML(typ="safe").load(file.read_text(encoding="utf-8")) or [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An event of an example."""

    event_id: str
    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def day(self) -> date:
        """The local day on which it starts."""
        return self.start.astimezone(self.zone).date()


Homes = Mapping[str, Mapping[str, Any]]


def _point_of(homes: Homes, home: str, role: str = "performance") -> str:
    """The meter of a home: its own word, else one that bears its name."""
    column, ordinary = {"performance": ("point_id", "meter"), "premise": ("premise_point_id", "premise")}[role]
    return str(homes[home].get(column) or f"{ordinary}-{home}")


def folder_of(case: Case, tariff: Tariff) -> ExampleTables:
    """The input tables that an example stands for; raises ExampleMistake where it makes no sense."""
    tables, zone = ExampleTables(), ZoneInfo(tariff.timezone)
    homes = {str(name): dict(said or {}) for name, said in (case.get("homes") or {"home": {}}).items()}
    events = [_event(tables, str(name), said, zone) for name, said in (case.get("events") or {}).items()]
    if "premise_kw" in case:
        homes = {name: {"premise_point_id": f"premise-{name}", **said} for name, said in homes.items()}
    for name, said in homes.items():
        _home(tables, tariff, name, said)
    _answers(tables, case, homes, events)
    if "usual_kw" in case:
        _usual_days(tables, case, homes, events)
    _prices(tables, tariff, case, events)
    _nominations(tables, case)
    _service_terms(tables, case)
    _claims(tables, case, homes, {event.event_id: event for event in events}, zone)
    for row in case.get("market_values") or ():
        tables.add("market_values", **row)
    for event_id, by_home in (case.get("adjustment_kwh") or {}).items():
        for home, kwh in _by_home(by_home, homes).items():
            tables.add("adjustments", event_id=event_id, enrollment_id=home, kwh=kwh)
    tables.rows["readings"] = _once(tables.rows["readings"])
    return tables


def _once(readings: list[Cells]) -> list[Cells]:
    """Each reading once: homes that share a meter are told of it more than once."""
    kept: dict[tuple[str, str], Cells] = {}
    for row in readings:
        key = row["point_id"], row["start"]
        if kept.setdefault(key, row) != row:
            raise ExampleMistake(f"the meter {row['point_id']} would have two readings at {row['start']}")
    return list(kept.values())


def _event(tables: ExampleTables, name: str, said: Mapping[str, Any], zone: ZoneInfo) -> Called:
    """An event by its local clock: start, hours, and where it matters called, cancelled, kind, zone."""
    start = _local(said["start"], zone)
    event = Called(event_id=name, start=start, end=start + timedelta(hours=float(said["hours"])),
                   zone=zone)
    tables.add("events", event_id=name, service=said.get("service"), kind=said.get("kind"), start=event.start,
               end=event.end, zone=_cell(said.get("zone")),
               called_at=_local(said["called"], zone) if "called" in said else None,
               cancelled_at=_local(said["cancelled"], zone) if "cancelled" in said else None)
    return event


def _local(text: object, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=zone).astimezone(UTC)


def _home(tables: ExampleTables, tariff: Tariff, name: str, said: Mapping[str, Any]) -> None:
    """The ordinary home, with what the example says of its own: a signed customer of long standing, 5 kW."""
    rider_name = str(said.get("rider") or next(iter(tariff.riders)))
    rider: Rider = tariff.riders[rider_name]
    ordinary = {"enrollment_id": name, "rider": rider_name, "customer_id": name, "participant_id": name,
                "point_id": f"meter-{name}", "technology": rider.technologies[0], "nameplate_kw": "5",
                "duration_h": "2", "agreement_signed_on": "2024-06-15", "starts_on": "2024-06-15",
                "zone": next(iter(tariff.zones), "")}
    tables.add("enrollments", **{**ordinary, **{column: _cell(value) for column, value in said.items()}})


def _cell(said: Any) -> Any:
    """Several values as they stand in one cell."""
    return ";".join(map(str, said)) if isinstance(said, list) else said


def _by_home(said: Any, homes: Mapping[str, object]) -> dict[str, Any]:
    """What is said of each home; said once, it holds for all."""
    if isinstance(said, Mapping) and set(map(str, said)) <= homes.keys():
        return {str(home): value for home, value in said.items()}
    return dict.fromkeys(homes, said)


def _answers(tables: ExampleTables, case: Case, homes: Homes, events: list[Called]) -> None:
    """What each home did in each event: power by the hour, or one of the words that stand for no answer."""
    for key, sign, role in (("discharge_kw", -1, "performance"), ("load_kw", 1, "performance"),
                            ("premise_kw", 1, "premise")):
        said_of = {str(event): _by_home(said, homes) for event, said in (case.get(key) or {}).items()}
        for event in events:
            for home, said in said_of.get(event.event_id, {}).items():
                _answer(tables, event, home, _point_of(homes, home, role), said, sign)


def _answer(tables: ExampleTables, event: Called, home: str, point: str, said: Any, sign: int) -> None:
    if isinstance(said, Mapping):  # a word and the power that was metered all the same
        for word, power in said.items():
            _word(tables, event, home, str(word))
            _power(tables, point, event.start, event.end, power, sign)
    elif isinstance(said, str) and not _is_number(said):
        _word(tables, event, home, said)
        if said != "no_readings":
            _power(tables, point, event.start, event.end, "0", sign)
    else:
        _power(tables, point, event.start, event.end, said, sign)


def _is_number(text: str) -> bool:
    return text.lstrip("-")[:1].isdigit()


def _word(tables: ExampleTables, event: Called, home: str, word: str) -> None:
    """opted_out, opted_out_at_the_end, no_readings, or a reason for which the device was unavailable."""
    if word == "opted_out":
        tables.add("opt_outs", event_id=event.event_id, enrollment_id=home, at=event.end - timedelta(seconds=1))
    elif word == "opted_out_at_the_end":
        tables.add("opt_outs", event_id=event.event_id, enrollment_id=home, at=event.end)
    elif word in UNAVAILABLE:
        tables.add("unavailable", enrollment_id=home, event_id=event.event_id, reason=word)
    elif word != "no_readings":
        raise ExampleMistake(f"{word!r}, said of {home} in {event.event_id}, is neither a power nor a home nor a word "
                             f"for no answer; the words are {', '.join(ANSWERS)}")


def _power(tables: ExampleTables, point: str, start: datetime, end: datetime, said: Any, sign: int) -> None:
    """Readings of a constant power, or of one for each hour; by the quarter where the event is not of whole hours."""
    on_the_hour = start.minute == 0 and end.minute == 0
    step = HOUR if on_the_hour else QUARTER
    at, number = start, 0
    while at < end:
        power_kw = _power_kw(said, number) * sign
        energy_kwh = power_kw if on_the_hour else power_kw / 4
        tables.add("readings", point_id=point, start=at, seconds=int(step.total_seconds()),
                   import_kwh=max(energy_kwh, Decimal(0)), export_kwh=max(-energy_kwh, Decimal(0)))
        at, number = at + step, number + 1


def _power_kw(said: Any, number: int) -> Decimal:
    """The power of the hour or quarter of that number."""
    if isinstance(said, list) and number >= len(said):
        raise ExampleMistake(f"{len(said)} powers are too few: the event goes on after them")
    power = said[number] if isinstance(said, list) else said
    try:
        power_kw = Decimal(str(power))
    except ArithmeticError:
        raise ExampleMistake(f"{power!r} is not a power in kW") from None
    if not power_kw.is_finite():
        raise ExampleMistake(f"{power!r} is not a power in kW")
    return power_kw


def _usual_days(tables: ExampleTables, case: Case, homes: Homes, events: list[Called]) -> None:
    """The usual load of the days before, and of an event's day until it starts unless window_kw says otherwise."""
    usual, back = _by_home(case["usual_kw"], homes), int(case.get("days_back", 46))
    called = {event.day: event for event in events}
    earlier = {day - timedelta(days=number) for day in called for number in range(1, back + 1)} - called.keys()
    lacking = sorted(homes.keys() - usual.keys())
    if lacking:
        raise ExampleMistake(f"usual_kw says nothing of {', '.join(lacking)}")
    for home in homes:
        for day in sorted(earlier):
            zone = events[0].zone
            _power(tables, _point_of(homes, home), _midnight(day, zone), _midnight(day + timedelta(days=1), zone),
                   usual[home], 1)
        for event in events:
            said = _by_home((case.get("window_kw") or {}).get(event.event_id, {}), homes).get(home, usual[home])
            _power(tables, _point_of(homes, home), _midnight(event.day, event.zone), event.start, said, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _prices(tables: ExampleTables, tariff: Tariff, case: Case, events: list[Called]) -> None:
    """The price of each hour of each event, in every zone."""
    for event in events:
        for number, price in enumerate((case.get("price_usd_per_mwh") or {}).get(event.event_id, ())):
            for zone in tariff.zones.values():
                for series in {dated.value for dated in zone.price_series}:
                    tables.add("prices", series=series, start=event.start + number * HOUR, seconds=3600,
                               usd_per_mwh=price)


def _nominations(tables: ExampleTables, case: Case) -> None:
    """What each participant nominated for a month: the power, or the service and the power."""
    for participant, by_month in (case.get("nominations") or {}).items():
        for month, said in by_month.items():
            cells = said if isinstance(said, Mapping) else {"kw": said}
            tables.add("nominations", participant_id=participant, month=month, **cells)


def _service_terms(tables: ExampleTables, case: Case) -> None:
    """The day on which a home took a service on."""
    for home, by_service in (case.get("service_terms") or {}).items():
        for service, taken_on in by_service.items():
            tables.add("service_terms", enrollment_id=home, service=service, taken_on=taken_on)


def _claims(tables: ExampleTables, case: Case, homes: Homes, events: Mapping[str, Called], zone: ZoneInfo) -> None:
    """What others already pay for: of a home or a meter, through an event unless start and hours are said."""
    for said in case.get("claims") or ():
        event = events.get(str(said.get("event")))
        start = _local(said["start"], zone) if event is None or "start" in said else event.start
        end = start + timedelta(hours=float(said["hours"])) if event is None or "hours" in said else event.end
        tables.add("claims", point_id=said.get("point_id") or _point_of(homes, str(said["home"])), start=start,
                   seconds=int((end - start).total_seconds()), program=said["program"], service=said.get("service"),
                   kwh=said.get("kwh"), kw=said.get("kw"))
