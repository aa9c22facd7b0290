"""The tariff's words as small tables: what each rider says on each local day, and which events concern it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from ..interval import DAY, local_midnight
from ..tariff.model import History, Protections, Rider, Service, Storm, Tariff, in_force, value_on

DAYS = pa.schema([("local_date", pa.date32()), ("from_utc", pa.timestamp("us")), ("to_utc", pa.timestamp("us"))])

DAY_RULES = pa.schema([
    ("rider", pa.string()), ("local_date", pa.date32()), ("technologies", pa.list_(pa.string())),
    ("reserve_micro_pct", pa.int64()), ("pre_arm_hold", pa.bool_()),
    ("charge_to_micro_pct", pa.int64()), ("cycles_micro", pa.int64()), ("month_events", pa.int64()),
    ("year_events", pa.int64()), ("medical_excluded", pa.bool_()), ("unverified_included", pa.bool_()),
    ("telemetry_us", pa.int64()), ("pre_charge_never", pa.bool_()), ("release_us", pa.int64())])

PROGRAM_EVENTS = pa.schema([
    ("event_id", pa.string()), ("rider", pa.string()), ("service", pa.string()), ("local_date", pa.date32()),
    ("duration_matches", pa.bool_())])

MICRO = 1_000_000
MINUTE_US = 60 * MICRO


def days_table(first: datetime, last: datetime, zone: ZoneInfo) -> pa.Table:
    """Every local day from the one of `first` to the one of `last`, with its bounds in UTC."""
    day, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    rows = []
    while day <= end:
        rows.append({"local_date": day, "from_utc": _naive(local_midnight(day, zone)),
                     "to_utc": _naive(local_midnight(day + DAY, zone))})
        day += timedelta(days=1)
    return pa.Table.from_pylist(rows, schema=DAYS)


def day_rules_table(tariff: Tariff, days: Iterable[date]) -> pa.Table:
    """What each rider protects on each local day, as it was on file that day; absent = the page's word."""
    held = list(days)
    return pa.Table.from_pylist([{"rider": name, "local_date": day, **_day_rules(rider, day)}
                                 for name, rider in tariff.riders.items() for day in held], schema=DAY_RULES)


def _day_rules(rider: Rider, day: date) -> dict[str, Any]:
    own = rider.protections or Protections()
    storm = own.storm or Storm()
    return {
        "technologies": list(rider.technologies),
        "reserve_micro_pct": _micro(value_on(own.reserve_pct_min, day, day, Decimal(0))),
        "pre_arm_hold": value_on(storm.pre_arm, day, day, "charge") == "hold",
        "charge_to_micro_pct": _micro(value_on(storm.charge_to_pct, day, day, Decimal(100))),
        "cycles_micro": _most(own.cycles_per_year_max, day, MICRO),
        "month_events": _most(own.events_per_month_max, day),
        "year_events": _most(own.events_per_year_max, day),
        "medical_excluded": value_on(own.medical, day, day, "included") == "excluded",
        "unverified_included": value_on(own.unverified_device, day, day, "excluded") == "included",
        "telemetry_us": int(value_on(own.telemetry_minutes_max, day, day, Decimal(15)) * MINUTE_US),
        "pre_charge_never": value_on(own.pre_charge, day, day, "if_worth_it") == "never",
        "release_us": int(value_on(own.release_minutes_max, day, day, Decimal(120)) * MINUTE_US),
    }


def _most(history: History[Decimal], day: date, scale: int = 1) -> int | None:
    """A bound in whole units; None where there is none that day."""
    held = in_force(history, day, day)
    return None if held is None else int(held.value * scale)


def program_events_table(tariff: Tariff, events: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Each event once for every rider that has its service; rows give event_id, service, kind and start (UTC)."""
    return pa.Table.from_pylist([row for event in events for row in _of_riders(tariff, event)], schema=PROGRAM_EVENTS)


def _of_riders(tariff: Tariff, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    services = {name for rider in tariff.riders.values() for name in rider.services}
    service_name = event["service"] or (next(iter(services)) if len(services) == 1 else "")
    day = event["start"].astimezone(ZoneInfo(tariff.timezone)).date()
    for name, rider in tariff.riders.items():
        if service_name in rider.services:
            yield {"event_id": event["event_id"], "rider": name, "service": service_name, "local_date": day,
                   "duration_matches": _duration_matches(rider.services[service_name], event["kind"], day)}


def _duration_matches(service: Service, kind: str | None, day: date) -> bool:
    """Whether events of the kind call only those whose duration they fit; a kind's case and blanks say nothing."""
    kinds = service.calls.kinds
    sought = kind or service.calls.default_kind or (next(iter(kinds)) if len(kinds) == 1 else "")
    found = next((held for name, held in kinds.items() if _plain(name) == _plain(sought)), None)
    return found is not None and value_on(found.duration_matches, day, day, False)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _micro(number: Decimal) -> int:
    return int(number * MICRO)


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
