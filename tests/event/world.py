"""Folders of inputs for limits, and what the command makes of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gridrider.cli import main

PROGRAM = Path(__file__).with_name("program.yaml")
NEW_YORK = ZoneInfo("America/New_York")
Row = dict[str, str]

DEFAULTS: dict[str, Row] = {
    "enrollments": {
        "enrollment_id": "e1", "rider": "battery", "customer_id": "c1", "participant_id": "agg", "point_id": "m1",
        "technology": "battery", "nameplate_kw": "5", "duration_h": "", "usable_kwh": "13.5",
        "agreement_signed_on": "2020-01-01", "starts_on": "2020-01-01", "ends_on": "", "zone": "NORTH", "services": "",
        "medical_baseline": ""},
    "events": {"event_id": "", "service": "", "kind": "", "start": "", "end": "", "zone": "", "called_at": "",
               "notice": "", "cancelled_at": ""},
    "opt_outs": {"event_id": "", "enrollment_id": "e1", "at": ""},
    "unavailable": {"enrollment_id": "e1", "event_id": "", "start": "", "end": "", "reason": ""},
    "called_discharge": {"enrollment_id": "e1", "event_id": "", "kwh": ""},
    "load_forecast": {"zone": "", "start": "", "seconds": "3600", "mw": ""},
    "alerts": {"source": "", "level": "", "zone": "", "start": "", "end": ""},
}


def new_york(text: str) -> str:
    """A local time of New York, `2026-07-01T17:00`, with its offset."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).isoformat()


@dataclass(slots=True, kw_only=True)
class World:
    """Rows of input tables; what a row does not say is as in DEFAULTS."""

    tables: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **cells: str) -> World:
        """One more row."""
        self.tables.setdefault(table, []).append({**DEFAULTS[table], **cells})
        return self

    def event(self, event_id: str, start: str, hours: int, **cells: str) -> World:
        """One more event, from a local start for so many hours."""
        end = f"{start[:11]}{int(start[11:13]) + hours:02d}{start[13:]}"
        return self.add("events", event_id=event_id, service=cells.pop("service", "peak"), start=new_york(start),
                        end=new_york(end), **cells)

    def write(self, folder: Path) -> Path:
        """The tables as files of a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in {"events": [], "enrollments": [], **self.tables}.items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, list(DEFAULTS[name]))
                writer.writeheader()
                writer.writerows(rows)
        return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the command wrote and how it ended."""

    code: int
    out: Path

    def table(self, name: str) -> list[Row]:
        """The rows of an output table."""
        with (self.out / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def limit(self, scope: str, row_id: str, parameter: str, service: str = "peak") -> Row:
        """One row of limits.csv."""
        (row,) = [row for row in self.table("limits") if (row["scope"], row["id"], row["parameter"]) == (
            scope, row_id, parameter) and row["service"] in (service, "")]
        return row

    def clauses(self, scope: str = "program") -> set[str]:
        """The clauses that refuse the event itself, or spare somebody."""
        return {row["clause"] for row in self.table("refusals") if row["scope"] == scope}


def limits(world: World, folder: Path, *options: str, tariff: Path = PROGRAM) -> Answer:
    """Run `gridrider limits` on a world."""
    out = folder / "out"
    code = main(["limits", str(tariff), "--inputs", str(world.write(folder / "in")), "--out", str(out), *options])
    return Answer(code=code, out=out)


def propose(world: World, folder: Path, start: str, end: str, *options: str, at: str = "") -> Answer:
    """Ask whether an event of the service `peak` may be called."""
    return limits(world, folder, "--propose", f"{new_york(start)}/{new_york(end)}",
                  *(() if "--service" in options else ("--service", "peak")), *(("--at", new_york(at)) if at else ()),
                  *options)


def two_homes() -> World:
    """Two batteries of one aggregation, in both zones."""
    second = {"enrollment_id": "e2", "customer_id": "c2", "point_id": "m2", "zone": "SOUTH"}
    return World().add("enrollments").add("enrollments", **second)
