"""From CAISO's Flex Alerts to rows of the alerts table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ...problem import Problem, error, warning

PACIFIC = ZoneInfo("America/Los_Angeles")
EVENTS_MAX = 1_000

WHOLE_GRID = frozenset({"statewide", "caiso grid", "caiso"})
"""Regions that are all of it; the name changed over the years."""


class AlertRow(NamedTuple):
    """A row of ALERTS (event/model.py): its columns in their order; no zone = all."""

    source: str
    level: str
    zone: tuple[str, ...]
    start: datetime
    end: datetime


def flex_alert_rows(body: bytes, place: str,
                    zones_of_region: Mapping[str, tuple[str, ...]]) -> tuple[list[AlertRow], list[Problem]]:
    """Every Flex Alert of an answer, those that run and those to come, once each, by start.

    `zones_of_region` maps a region in lower case onto the tariff's zones; a region that it lacks becomes a zone of that
    name, and is told. No region = all. An error = the answer cannot be read; a spoilt event is told and left out.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as mistake:
        return [], [error(place, f"is no JSON ({str(mistake)[:80]})", "It is asked again.")]
    if not isinstance(answer, dict) or not all(isinstance(answer.get(name), list) for name in ("Active", "Future")):
        return [], [error(place, "holds no lists Active and Future", "Look whether the address is that of "
                          "ActiveFlexAlertEvents, version 2.")]
    problems: list[Problem] = []
    rows: set[AlertRow] = set()
    for name in ("Active", "Future"):
        for index, event in enumerate(answer[name][:EVENTS_MAX]):
            row = _row(event, f"{name}[{index}]", place, zones_of_region, problems)
            if row:
                rows.add(row)
    if answer.get("IsFlexAlertActive") is True and not answer["Active"]:
        problems.append(warning(place, "says that an alert is active and lists none",
                                "Ask CAISO, and enter the alert by hand if there is one.", column="IsFlexAlertActive"))
    return sorted(rows, key=lambda row: (row.start, row.end, row.zone)), problems


def _row(event: Any, where: str, place: str, zones_of_region: Mapping[str, tuple[str, ...]],
         problems: list[Problem]) -> AlertRow | None:
    told = event if isinstance(event, dict) else {}
    start, end = _instant(told.get("StartDate"), fold=0), _instant(told.get("EndDate"), fold=1)
    if start is None or end is None or start >= end:
        problems.append(warning(place, "has no start and end in this order; it is left out",
                                "Ask CAISO, and enter the alert by hand.", column=where,
                                value=f"{told.get('StartDate')} to {told.get('EndDate')}"[:80]))
        return None
    zones, unknown = _zones(told.get("Region"), zones_of_region)
    if unknown:
        problems.append(warning(place, "is a region that no zone is named for; it is taken as a zone",
                                "Map it onto the tariff's zones.", column=where, value=", ".join(unknown)[:80]))
    return AlertRow(source="caiso", level="flex_alert", zone=zones, start=start, end=end)


def _zones(told: object, zones_of_region: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], list[str]]:
    """The zones of a text of regions, with ; or , between them, and the regions that are not known."""
    regions = [part.strip() for part in re.split("[;,]", told)] if isinstance(told, str) else []
    regions = [region for region in regions if region]
    if any(region.casefold() in WHOLE_GRID for region in regions):
        return (), []
    zones = {zone for region in regions for zone in zones_of_region.get(region.casefold(), (region,))}
    return tuple(sorted(zones)), [region for region in regions if region.casefold() not in zones_of_region]


def _instant(told: object, *, fold: int) -> datetime | None:
    """A time in UTC. In the hour that the clock has twice, a start is its first and an end its second (`fold`)."""
    if not isinstance(told, str):
        return None
    for layout in ("%m-%d-%Y %H:%M", "%m-%d-%Y %H:%M:%S"):
        try:
            return datetime.strptime(told.strip(), layout).replace(tzinfo=PACIFIC, fold=fold).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    try:
        instant = datetime.fromisoformat(told.strip())
        return (instant if instant.tzinfo else instant.replace(tzinfo=PACIFIC, fold=fold)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
