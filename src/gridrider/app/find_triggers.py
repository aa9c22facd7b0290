"""From prices, alerts and load forecasts to the events that a tariff's triggers give."""

from __future__ import annotations

import csv
import os
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ..adapters.tables.locate import find_files
from ..adapters.tables.read import read_table
from ..event.model import ALERTS, EVENTS, LOAD_FORECAST
from ..event.service_events import ServiceEvent, service_events
from ..event.triggers import Alert, ForecastHour, PricedHour, Signals, TriggeredEvent, triggered_events
from ..event.window import Reading
from ..interval import DAY, DateSpan, Interval, local_midnight, utc_text
from ..market.model import PRICES
from ..problem import DataRefused, Problem, errors, refuse_on_error, warning
from ..tariff.holidays import holidays_between
from ..tariff.load import load
from ..tariff.model import Tariff, value_on
from .settle_inputs import events_of

YEAR = 366 * DAY
"""A program year that begins in the period may end so much later."""
COLUMNS = ("event_id", "service", "kind", "start", "end", "zone", "called_at", "notice", "reason", "cancelled_at",
           "because")


def find_triggers(tariff_file: Path, inputs: Path, period: DateSpan,
                  out: Path) -> tuple[list[TriggeredEvent], list[Problem]]:
    """Write the events that the tariff's triggers give in a period; returns them with every warning.

    Events of the inputs that are called already use the limits, unless `out` is the file in which they stand.
    Raises DataRefused when the tariff or a table holds an error; nothing is written then.
    """
    tariff, problems = load(tariff_file)
    refuse_on_error(problems)
    if tariff is None:
        raise DataRefused(problems)
    zone = ZoneInfo(tariff.timezone)
    with duckdb.connect() as connection:
        for schema in (PRICES, ALERTS, LOAD_FORECAST):
            problems = problems + read_table(connection, inputs, schema, zone)
        made, found = _called(connection, inputs, tariff, out, local_midnight(period.end, zone))
        problems += found
        refuse_on_error(problems)
        signals = Signals(prices=_hours(connection, tariff, period, zone), alerts=_alerts(connection, period, zone),
                          forecasts=_forecasts(connection, tariff), events=made)
        problems += _unknown_zones(connection, tariff)
    if not signals.prices and not signals.alerts and not signals.forecasts:
        problems = [*problems, warning("prices", "no price of a zone's series, no alert and no load forecast is there "
                                       "for the period", "Check the series names and the period.")]
    calendar = value_on(tariff.holidays, period.end, period.end, "none")
    reading = Reading(zone=zone, known_by=period.end,
                      holidays=frozenset(holidays_between(calendar, period.first, period.end + YEAR)))
    result = triggered_events(tariff, signals, period, reading)
    _write(out, list(result.given))
    return list(result.given), [*problems, *result.withheld]


def _called(connection: duckdb.DuckDBPyConnection, inputs: Path, tariff: Tariff, out: Path,
            as_of: datetime) -> tuple[list[ServiceEvent], list[Problem]]:
    """The events that are called already."""
    files, _ = find_files(inputs, EVENTS.name)
    if not files or out.resolve() in {file.path.resolve() for file in files}:
        return [], []
    problems = read_table(connection, inputs, EVENTS, ZoneInfo(tariff.timezone))
    if errors(problems):
        return [], problems
    events = events_of(connection)
    made, found = service_events(tariff, events, [True] * len(events), as_of)
    return made, [*problems, *found]


def _forecasts(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> list[ForecastHour]:
    rows = connection.execute("select coalesce(zone, ''), start, seconds, milliwatt from load_forecast "
                              "order by 1, 2").fetchall()
    return [ForecastHour(zone=zone, span=_span(start, seconds), mw=Decimal(milliwatt).scaleb(-9))
            for zone, start, seconds, milliwatt in rows if not zone or not tariff.zones or zone in tariff.zones]


def _unknown_zones(connection: duckdb.DuckDBPyConnection, tariff: Tariff) -> list[Problem]:
    rows = connection.execute("select zone, min(source_row), count(*) from load_forecast where zone is not null "
                              "group by zone order by zone").fetchall()
    return [warning("load_forecast", f"is not a zone of the tariff; its {count} rows are left out",
                    f"Leave the zone blank for a forecast of the whole system, or choose {', '.join(tariff.zones)}.",
                    row=row, column="zone", value=zone)
            for zone, row, count in rows if tariff.zones and zone not in tariff.zones]


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
                          utc_text(event.span.end), event.zone, "", event.notice, event.reason, "",
                          event.because)
                         for event in found)
    Path(name).chmod(0o644)
    Path(name).replace(out)
