"""Run folders made by hand: a plain run of one battery in one event, and its tables to change."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gridrider.app.audit_run import audit_run
from gridrider.audit.judge import TABLES
from gridrider.audit.model import Finding

PROGRAM = Path(__file__).with_name("program.yaml")
TICK, STEP, LEASE = timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=20)
PRIMACY = {"emergency_stop": 0, "storm_charge": 1, "restore": 2, "ev_departure": 3, "event": 4, "pre_charge": 5}
START = datetime(2026, 7, 7, 21, tzinfo=UTC)
"""The start of the event of `plain_run`, 17:00 in New York; it lasts an hour."""
Row = dict[str, str]

DEFAULTS: dict[str, Row] = {
    "enrollments": {"enrollment_id": "e1", "rider": "home", "customer_id": "c1", "participant_id": "agg",
                    "point_id": "m1", "technology": "battery", "nameplate_kw": "5", "agreement_signed_on": "2026-01-01",
                    "starts_on": "2026-01-01", "zone": "NORTH"},
    "events": {"event_id": "v1", "service": "peak", "called_at": "2025-12-01T12:00:00Z"},
    "devices": {"enrollment_id": "e1", "technology": "battery", "discharge_max_kw": "5", "charge_max_kw": "5",
                "usable_kwh": "10", "charge_efficiency": "0.9", "discharge_efficiency": "0.9",
                "reserve_customer_pct": "20", "reserve_device_pct": "10", "export_max_kw": "", "verified": "true"},
    "telemetry": {"enrollment_id": "e1", "stored_kwh": "10", "delivered_kw": "0", "home_net_kw": "1", "voltage_pu": "1",
                  "connection": "grid_tied", "plugged": "", "follows": "false"},
    "instructions": {"enrollment_id": "e1", "program": "lakeside/protected", "reason": "because"},
    "answers": {"enrollment_id": "e1", "answer": "received"},
}


def at(minutes: float) -> str:
    """So many minutes after the start of the plain event, as a table writes it."""
    return utc(START + timedelta(minutes=minutes))


def utc(instant: datetime) -> str:
    """An instant as a table writes it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True, kw_only=True)
class Run:
    """The rows of a run; what a row does not say is as in DEFAULTS, and blank where that says nothing."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    period_start: str = "2026-01-01"
    as_of: str = "2027-01-01"

    def add(self, table: str, cells: Mapping[str, str] | None = None, **more: str) -> Row:
        """One more row, which may be changed until the run is written."""
        row = {**DEFAULTS.get(table, {}), **(cells or {}), **more}
        self.tables.setdefault(table, []).append(row)
        return row

    def ask(self, minutes: float, delivered_kw: str = "", cells: Mapping[str, str] | None = None, *,
            origin: str = "event", lasts: float = 15, answer: str = "received", **more: str) -> Row:
        """An instruction issued and started then, on a step, with the device's answer to it (blank: none)."""
        number = len(self.tables.get("instructions", []))
        row = self.add("instructions", {
            "instruction_id": f"i{number}", "event_id": "v1" if origin == "event" else "", "origin": origin,
            "primacy": str(PRIMACY[origin]), "issued_at": at(minutes), "start": at(minutes), "end": at(minutes + lasts),
            "reverts_at": at(minutes + lasts), "delivered_kw": delivered_kw,
            "floor_kwh": "2" if origin == "event" else "", **(cells or {})}, **more)
        if answer:
            self.answer(row, minutes, answer)
        return row

    def answer(self, instruction: Row, minutes: float, answer: str) -> None:
        """One more answer to an instruction."""
        self.add("answers", instruction_id=instruction["instruction_id"], enrollment_id=instruction["enrollment_id"],
                 at=at(minutes), answer=answer)

    def report(self, minutes: float) -> Row:
        """The report of that minute."""
        return next(row for row in self.tables["telemetry"] if row["reported_at"] == at(minutes))

    def instruction(self, minutes: float) -> Row:
        """The instruction issued at that minute."""
        return next(row for row in self.tables["instructions"] if row["issued_at"] == at(minutes))

    def drop(self, table: str, **cells: str) -> None:
        """Take the rows out that say all of this."""
        self.tables[table] = [row for row in self.tables[table]
                              if any(row.get(name) != cell for name, cell in cells.items())]

    def write(self, folder: Path) -> Path:
        """The tables as CSV files of a folder, and run.json."""
        folder.mkdir(parents=True, exist_ok=True)
        for schema in TABLES:
            rows = self.tables.get(schema.name, [])
            names = list(dict.fromkeys([*schema.names, *(name for row in rows for name in row)]))
            with (folder / f"{schema.name}.csv").open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        (folder / "run.json").write_text(json.dumps({
            "operation": {"tick_seconds": 300, "step_seconds": 900, "lease_seconds": 1200}, "tariff_path": str(PROGRAM),
            "as_of": self.as_of, "period_start": self.period_start}), encoding="utf-8")
        return folder


def plain_run() -> Run:
    """A battery of 10 kWh asked for 2 kW in an hour's event, in four steps; it obeys and is let go at the end."""
    run = Run()
    run.add("enrollments")
    run.add("devices")
    run.add("events", start=at(0), end=at(60))
    for minutes in range(-60, 125, 5):
        given = min(max(minutes, 0), 60)
        run.add("telemetry", reported_at=at(minutes), stored_kwh=f"{10 - 2 * given / 60 / 0.9:.6f}",
                delivered_kw="2" if 0 < minutes <= 60 else "0", follows="true" if 0 < minutes <= 60 else "false")
    for minutes in range(0, 60, 15):
        run.ask(minutes, "2")
    let_go(run, 60)
    return run


def resting_run() -> Run:
    """A battery that is half full, and nothing else: for instructions that are no event's."""
    run = Run()
    run.add("enrollments")
    run.add("devices")
    for minutes in range(-60, 125, 5):
        run.add("telemetry", reported_at=at(minutes), stored_kwh="5")
    return run


def let_go(run: Run, minutes: float, origin: str = "restore", **cells: str) -> Row:
    """A release, acknowledged at once and seen a tick later."""
    row = run.ask(minutes, "", cells, origin=origin)
    run.answer(row, minutes + 5, "seen")
    return row


def findings(run: Run, folder: Path) -> tuple[Finding, ...]:
    """What the checker finds."""
    return audit_run(run.write(folder)).findings


def side_by_side(runs: Mapping[str, Run]) -> Run:
    """Many runs as one, so that they are audited in one go: each keeps its own ids and zones. None may be stopped."""
    joined = Run()
    for name, run in runs.items():
        for table, rows in run.tables.items():
            if table == "stops":
                raise ValueError(f"{name}: a stop is everybody's")
            for row in rows:
                joined.tables.setdefault(table, []).append({column: _own(name, table, column, cell)
                                                            for column, cell in _with_zone(table, row).items()})
    return joined


def _with_zone(table: str, row: Row) -> Row:
    return {**row, "zone": row.get("zone") or "NORTH;SOUTH"} if table == "events" else row


def _own(name: str, table: str, column: str, cell: str) -> str:
    """A cell in the name space of its run."""
    if cell and column in ("enrollment_id", "point_id", "event_id", "instruction_id", "supersedes"):
        return f"{name}|{cell}"
    if column == "zone" and table in ("enrollments", "events"):
        return ";".join(f"{name}|{zone}" for zone in cell.split(";"))
    return cell


def findings_by_run(runs: Mapping[str, Run], folder: Path) -> dict[str, list[Finding]]:
    """What the checker finds in each of many runs: those with a stop alone, all others side by side."""
    found: dict[str, list[Finding]] = {name: [] for name in runs}
    alone = {name for name, run in runs.items() if run.tables.get("stops")}
    together = side_by_side({name: run for name, run in runs.items() if name not in alone})
    for finding in findings(together, folder / "all"):
        found[finding.enrollment_id.split("|")[0]].append(finding)
    for number, name in enumerate(sorted(alone)):
        found[name] = list(findings(runs[name], folder / str(number)))
    return found
