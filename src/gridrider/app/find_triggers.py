"""From prices and alerts to the events that a tariff's triggers give."""

from __future__ import annotations

import csv
import os
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.read import read_table
from ..event.model import ALERTS
from ..event.triggers import Alert, PricedHour, TriggeredEvent, triggered_events
from ..interval import DateSpan, Interval, utc_text
from ..market.model import PRICES
from ..problem import DataRefused, Problem, refuse_on_error, warning
from ..tariff.load import load
from ..tariff.model import Tariff

COLUMNS = ("event_id", "service", "kind", "start", "end", "zone", "called_at", "notice", "reason", "cancelled_at",
           "because")


def find_triggers(tariff_file: Path, inputs: Path, period: DateSpan,
                  out: Path) -> tuple[list[TriggeredEvent], list[Problem]]:
    """Write the events that the tariff's triggers give in a period; returns them with every warning.

    Raises DataRefused when the tariff or a table holds an error; nothing is written then.
    """
    tariff, problems = load(tariff_file)
    refuse_on_error(problems)
    if tariff is None:
        raise DataRefused(problems)
    zone = ZoneInfo(tariff.timezone)
    with duckdb.connect() as connection:
        for schema in (PRICES, ALERTS):
            problems = problems + read_table(connection, inputs, schema, zone)
        refuse_on_error(problems)
        hours, alerts = _hours(connection, tariff, period, zone), _alerts(connection, period, zone)
    if not hours and not alerts:
        problems = [*problems, warning("prices", "no price of a zone's series and no alert lies in the period",
                                       "Check the series names and the period.")]
    found = triggered_events(tariff, hours, alerts, period.end)
    _write(out, found)
    return found, problems


def _hours(connection: duckdb.DuckDBPyConnection, tariff: Tariff, period: DateSpan, zone: ZoneInfo) -> list[PricedHour]:
    zones = {dated.value: name for name, held in tariff.zones.items() for dated in held.price_series}
    rows = connection.execute("select series, start, seconds, micro_usd_per_mwh from prices order by 1, 2").fetchall()
    hours = [PricedHour(zone=zones[series], series=series, usd_per_mwh=Decimal(micro).scaleb(-6),
                        span=_span(start, seconds)) for series, start, seconds, micro in rows if series in zones]
    return [hour for hour in hours if hour.span.start.astimezone(zone).date() in period]


def _span(start: datetime, seconds: int) -> Interval:
    begin = start.replace(tzinfo=UTC)
    return Interval(start=begin, end=datetime.fromtimestamp(begin.timestamp() + seconds, UTC))


def _alerts(connection: duckdb.DuckDBPyConnection, period: DateSpan, zone: ZoneInfo) -> list[Alert]:
    rows = connection.execute('select source, level, zone, start, "end" from alerts order by start, level').fetchall()
    alerts = [Alert(source=source or "", level=level, zones=tuple(zones or ()),
                    span=Interval(start=start.replace(tzinfo=UTC), end=end.replace(tzinfo=UTC)))
              for source, level, zones, start, end in rows]
    return [alert for alert in alerts if alert.span.start.astimezone(zone).date() in period]


def _write(out: Path, found: list[TriggeredEvent]) -> None:
    """Write the events table in one step: a file is there whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((event.event_id, event.service, event.kind, utc_text(event.span.start),
                          utc_text(event.span.end), event.zone, "", event.notice, "", "", event.because)
                         for event in found)
    Path(name).chmod(0o644)
    Path(name).replace(out)
