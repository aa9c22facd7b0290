"""A tariff's worked example as an input folder.

An example says only what matters to it: homes that differ from the ordinary one, events by their local clock, what each
home did in them. All the rest is filled in here, in the open. What an example may say: docs/reference/cases.md.
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

from gridrider.tariff.load import load
from gridrider.tariff.model import Rider, Tariff
from tests.settle.folder import Cells, Folder

Case = Mapping[str, Any]

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
UNAVAILABLE = ("suspended", "storm_hold", "islanded", "utility_fault", "device_fault", "not_called", "unreachable")
KNOWN_KEYS = frozenset({"name", "cite", "proves", "period", "as_of", "homes", "events", "discharge_kw", "usual_kw",
                        "load_kw", "premise_kw", "window_kw", "days_back", "adjustment_kwh", "price_usd_per_mwh",
                        "nominations", "service_terms", "claims", "market_values", "expect"})


def cases_of(file: Path) -> list[Case]:
    """The examples of a cases.yaml."""
    return list(YAML(typ="safe").load(file.read_text(encoding="utf-8")))


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


def point_of(homes: Homes, home: str, role: str = "performance") -> str:
    """The meter of a home: its own word, else one that bears its name."""
    column, ordinary = {"performance": ("point_id", "meter"), "premise": ("premise_point_id", "premise")}[role]
    return str(homes[home].get(column) or f"{ordinary}-{home}")


def folder_of(case: Case, tariff_file: Path) -> Folder:
    """The input folder that an example stands for."""
    unknown = set(case) - KNOWN_KEYS
    if unknown:
        raise ValueError(f"{case['name']}: no example has a key {', '.join(sorted(unknown))}")
    tariff, problems = load(tariff_file)
    if tariff is None:
        raise ValueError("\n".join(map(str, problems)))
    folder, zone = Folder(), ZoneInfo(tariff.timezone)
    homes = {str(name): dict(said or {}) for name, said in (case.get("homes") or {"home": {}}).items()}
    events = [_event(folder, str(name), said, zone) for name, said in (case.get("events") or {}).items()]
    if "premise_kw" in case:
        homes = {name: {"premise_point_id": f"premise-{name}", **said} for name, said in homes.items()}
    for name, said in homes.items():
        _home(folder, tariff, name, said)
    _answers(folder, case, homes, events)
    if "usual_kw" in case:
        _usual_days(folder, case, homes, events)
    _prices(folder, tariff, case, events)
    _nominations(folder, case)
    _service_terms(folder, case)
    _claims(folder, case, homes, {event.event_id: event for event in events}, zone)
    for row in case.get("market_values") or ():
        folder.add("market_values", **row)
    for event_id, by_home in (case.get("adjustment_kwh") or {}).items():
        for home, kwh in _by_home(by_home, homes).items():
            folder.add("adjustments", event_id=event_id, enrollment_id=home, kwh=kwh)
    folder.rows["readings"] = _once(folder.rows["readings"])
    return folder


def _once(readings: list[Cells]) -> list[Cells]:
    """Each reading once: homes that share a meter are told of it more than once."""
    kept: dict[tuple[str, str], Cells] = {}
    for row in readings:
        key = row["point_id"], row["start"]
        if kept.setdefault(key, row) != row:
            raise ValueError(f"{key} has two readings: {kept[key]} and {row}")
    return list(kept.values())


def _event(folder: Folder, name: str, said: Mapping[str, Any], zone: ZoneInfo) -> Called:
    """An event by its local clock: start, hours, and where it matters called, cancelled, kind, zone."""
    start = _local(said["start"], zone)
    event = Called(event_id=name, start=start, end=start + timedelta(hours=float(said["hours"])),
                   zone=zone)
    folder.add("events", event_id=name, service=said.get("service"), kind=said.get("kind"), start=event.start,
               end=event.end, zone=_cell(said.get("zone")),
               called_at=_local(said["called"], zone) if "called" in said else None,
               cancelled_at=_local(said["cancelled"], zone) if "cancelled" in said else None)
    return event


def _local(text: object, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=zone).astimezone(UTC)


def _home(folder: Folder, tariff: Tariff, name: str, said: Mapping[str, Any]) -> None:
    """The ordinary home, with what the example says of its own: a signed customer of long standing, 5 kW."""
    rider_name = str(said.get("rider") or next(iter(tariff.riders)))
    rider: Rider = tariff.riders[rider_name]
    ordinary = {"enrollment_id": name, "rider": rider_name, "customer_id": name, "participant_id": name,
                "point_id": f"meter-{name}", "technology": rider.technologies[0], "nameplate_kw": "5",
                "duration_h": "2", "agreement_signed_on": "2024-06-15", "starts_on": "2024-06-15",
                "zone": next(iter(tariff.zones), "")}
    folder.add("enrollments", **{**ordinary, **{column: _cell(value) for column, value in said.items()}})


def _cell(said: Any) -> Any:
    """Several values as they stand in one cell."""
    return ";".join(map(str, said)) if isinstance(said, list) else said


def _by_home(said: Any, homes: Mapping[str, object]) -> dict[str, Any]:
    """What is said of each home; said once, it holds for all."""
    if isinstance(said, Mapping) and set(map(str, said)) <= homes.keys():
        return {str(home): value for home, value in said.items()}
    return dict.fromkeys(homes, said)


def _answers(folder: Folder, case: Case, homes: Homes, events: list[Called]) -> None:
    """What each home did in each event: power by the hour, or one of the words that stand for no answer."""
    for key, sign, role in (("discharge_kw", -1, "performance"), ("load_kw", 1, "performance"),
                            ("premise_kw", 1, "premise")):
        said_of = {str(event): _by_home(said, homes) for event, said in (case.get(key) or {}).items()}
        unknown = said_of.keys() - {event.event_id for event in events}
        if unknown:
            raise ValueError(f"{case['name']}: {key} names no event: {', '.join(sorted(unknown))}")
        for event in events:
            for home, said in said_of.get(event.event_id, {}).items():
                _answer(folder, event, home, point_of(homes, home, role), said, sign)


def _answer(folder: Folder, event: Called, home: str, point: str, said: Any, sign: int) -> None:
    if isinstance(said, Mapping):  # a word and the power that was metered all the same
        for word, power in said.items():
            _word(folder, event, home, str(word))
            _power(folder, point, event.start, event.end, power, sign)
    elif isinstance(said, str) and not _is_number(said):
        _word(folder, event, home, said)
        if said != "no_readings":
            _power(folder, point, event.start, event.end, "0", sign)
    else:
        _power(folder, point, event.start, event.end, said, sign)


def _is_number(text: str) -> bool:
    return text.lstrip("-")[:1].isdigit()


def _word(folder: Folder, event: Called, home: str, word: str) -> None:
    """opted_out, opted_out_at_the_end, no_readings, or a reason for which the device was unavailable."""
    if word == "opted_out":
        folder.add("opt_outs", event_id=event.event_id, enrollment_id=home, at=event.end - timedelta(seconds=1))
    elif word == "opted_out_at_the_end":
        folder.add("opt_outs", event_id=event.event_id, enrollment_id=home, at=event.end)
    elif word in UNAVAILABLE:
        folder.add("unavailable", enrollment_id=home, event_id=event.event_id, reason=word)
    elif word != "no_readings":
        raise ValueError(f"{event.event_id}, {home}: {word} is no answer that an example knows")


def _power(folder: Folder, point: str, start: datetime, end: datetime, said: Any, sign: int) -> None:
    """Readings of a constant power, or of one for each hour; by the quarter where the event is not of whole hours."""
    on_the_hour = start.minute == 0 and end.minute == 0
    step = HOUR if on_the_hour else QUARTER
    at, number = start, 0
    while at < end:
        power_kw = Decimal(str(said[number] if isinstance(said, list) else said)) * sign
        energy_kwh = power_kw if on_the_hour else power_kw / 4
        folder.add("readings", point_id=point, start=at, seconds=int(step.total_seconds()),
                   import_kwh=max(energy_kwh, Decimal(0)), export_kwh=max(-energy_kwh, Decimal(0)))
        at, number = at + step, number + 1


def _usual_days(folder: Folder, case: Case, homes: Homes, events: list[Called]) -> None:
    """The usual load of the days before, and of an event's day until it starts unless window_kw says otherwise."""
    usual, back = _by_home(case["usual_kw"], homes), int(case.get("days_back", 46))
    called = {event.day: event for event in events}
    earlier = {day - timedelta(days=number) for day in called for number in range(1, back + 1)} - called.keys()
    for home in homes:
        for day in sorted(earlier):
            zone = events[0].zone
            _power(folder, point_of(homes, home), _midnight(day, zone), _midnight(day + timedelta(days=1), zone),
                   usual[home], 1)
        for event in events:
            said = _by_home((case.get("window_kw") or {}).get(event.event_id, {}), homes).get(home, usual[home])
            _power(folder, point_of(homes, home), _midnight(event.day, event.zone), event.start, said, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _prices(folder: Folder, tariff: Tariff, case: Case, events: list[Called]) -> None:
    """The price of each hour of each event, in every zone."""
    for event in events:
        for number, price in enumerate((case.get("price_usd_per_mwh") or {}).get(event.event_id, ())):
            for zone in tariff.zones.values():
                for series in {dated.value for dated in zone.price_series}:
                    folder.add("prices", series=series, start=event.start + number * HOUR, seconds=3600,
                               usd_per_mwh=price)


def _nominations(folder: Folder, case: Case) -> None:
    """What each participant nominated for a month: the power, or the service and the power."""
    for participant, by_month in (case.get("nominations") or {}).items():
        for month, said in by_month.items():
            cells = said if isinstance(said, Mapping) else {"kw": said}
            folder.add("nominations", participant_id=participant, month=month, **cells)


def _service_terms(folder: Folder, case: Case) -> None:
    """The day on which a home took a service on."""
    for home, by_service in (case.get("service_terms") or {}).items():
        for service, taken_on in by_service.items():
            folder.add("service_terms", enrollment_id=home, service=service, taken_on=taken_on)


def _claims(folder: Folder, case: Case, homes: Homes, events: Mapping[str, Called], zone: ZoneInfo) -> None:
    """What others already pay for: of a home or a meter, through an event unless start and hours are said."""
    for said in case.get("claims") or ():
        unknown = set(said) - {"home", "point_id", "event", "start", "hours", "program", "service", "kwh", "kw"}
        if unknown:
            raise ValueError(f"{case['name']}: no claim has a key {', '.join(sorted(unknown))}")
        event = events.get(str(said.get("event")))
        start = _local(said["start"], zone) if event is None or "start" in said else event.start
        end = start + timedelta(hours=float(said["hours"])) if event is None or "hours" in said else event.end
        folder.add("claims", point_id=said.get("point_id") or point_of(homes, str(said["home"])), start=start,
                   seconds=int((end - start).total_seconds()), program=said["program"], service=said.get("service"),
                   kwh=said.get("kwh"), kw=said.get("kw"))
