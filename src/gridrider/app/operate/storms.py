"""Storm watch at work: the feed polled, sites locked, made ready and let go, each change kept with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
import pyarrow as pa

from ...dispatch.columns import floats
from ...dispatch.model import DEVICES
from ...event.storm import absorb
from ...event.storm_model import StormAlert, StormSites, StormState
from ...event.storm_watch import NONE, areas_of, locks_table, storm_hold
from ...problem import Problem
from .desk import Desk
from .rows import rows_of
from .words import SITE_STORMS

STALE_AFTER = timedelta(minutes=30)
"""After so long without an answer a feed is lost: locks stay, and nothing new is discharged where a storm was near."""


class Heard(Protocol):
    """What one poll of the weather feed brought."""

    @property
    def alerts(self) -> Sequence[StormAlert]:
        """The alerts in the order in which they were listed."""
        ...

    @property
    def heard_at(self) -> Mapping[str, datetime]:
        """The areas that answered, and when."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What could not be read."""
        ...


class WeatherFeed(Protocol):
    """A weather service that is polled."""

    def poll(self, now: datetime) -> Heard:
        """What it shows now."""
        ...


@dataclass(slots=True, kw_only=True)
class StormDesk:
    """What is known of storms. It is made anew from the feed, which lists all that is active, so it is not kept."""

    sites: StormSites
    state: StormState = field(default_factory=dict)
    heard_at: dict[str, datetime] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def storm_sites(desk: Desk) -> StormSites:
    """Where the program's devices are; a site bears the name of its enrollment."""
    table = desk.program.device_table

    def codes(name: str) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
        return np.array([code or "" for code in table.column(name).to_pylist()], dtype=np.str_)

    return StormSites(site_id=np.array(desk.program.enrollment_id.to_pylist(), dtype=np.str_),
                      latitude_deg=floats(table, DEVICES, "latitude_deg"),
                      longitude_deg=floats(table, DEVICES, "longitude_deg"), county=codes("county"),
                      forecast_zone=codes("forecast_zone"), fire_zone=codes("fire_zone"))


def watch_storms(desk: Desk, storms: StormDesk, feed: WeatherFeed, now: datetime) -> pa.Table:
    """Poll the feed and give rows of SITE_STORMS for the sites whose status changes now.

    Where this process has not heard the feed yet, what was told before it came up stays, and a storm that was near is
    a storm whose feed is lost.
    """
    heard = feed.poll(now)
    storms.problems += heard.problems
    storms.heard_at.update(heard.heard_at)
    storms.state = absorb(storms.state, heard.alerts, now)
    watch, hold = storm_hold(storms.state, storms.sites, now, storms.heard_at, STALE_AFTER)
    told = {row["site_id"]: row for row in locks_table(watch, storms.sites).to_pylist()}
    names = storms.sites.site_id
    alert = np.array([told[name]["event"] if name in told else "" for name in names], dtype=object)
    heard_of = np.isin(areas_of(storms.sites), list(storms.heard_at))
    lost = np.where(heard_of, hold.feed_lost, desk.storm_feed_lost | (desk.storm_status > NONE))
    changed = np.flatnonzero(heard_of & ((watch.status != desk.storm_status) | (alert != desk.storm_alert))
                             | (lost != desk.storm_feed_lost))
    status, alert = np.where(heard_of, watch.status, desk.storm_status), np.where(heard_of, alert, desk.storm_alert)
    rows = [told.get(names[place], {}) for place in changed]
    return rows_of(SITE_STORMS, len(changed), {
        "enrollment_id": desk.program.enrollment_id.take(pa.array(changed)), "at": now,
        "status_code": status[changed].astype(np.int64), "feed_lost": lost[changed],
        "alert": [str(each) for each in alert[changed]],
        "onset": [row.get("onset") for row in rows], "ends": [row.get("ends") for row in rows],
        "because": [row.get("because", "no storm is announced any more" if heard_of[place] else
                            "the feed was not heard since the program came up")
                    for place, row in zip(changed, rows, strict=True)]})
