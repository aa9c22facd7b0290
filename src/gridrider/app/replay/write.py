"""A played season into its folder: the tables of the batch contract, the record of dispatch, statements and report."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ...dispatch.assign_model import ASSIGNMENTS, SITE_SUPPLY
from ...dispatch.model import (
    ANSWERS,
    DEVICES,
    EVENTS_TABLE,
    FEEDER_STEPS,
    FEEDERS,
    FLEET_STEPS,
    INSTRUCTIONS,
    PROTECTIONS,
    SKIPPED,
    STORM_CHARGES,
    TELEMETRY,
    WITHHELD,
)
from ...enrollment.model import ENROLLMENTS
from ...event.model import CALLED_DISCHARGE, EVENTS, NOTICES, OPT_OUTS, UNAVAILABLE
from ...report.fleet_audit import FLEET_AUDIT, FleetFinding
from ...table import TableSchema
from ..operate.pre_charge import PRE_CHARGES
from ..operate.rows import empty, rows_of
from ..outputs import MARK, replacing
from ..places import seasons_folder
from ..settle import Settled, SettleRequest, settle
from ..write_report import write_report
from .compare import Comparison, compare, comparison_json
from .edge import write_csv, write_parquet
from .emergency import audit
from .outcome import (
    EventOutcome,
    called_discharge_rows,
    events_rows,
    events_table_rows,
    kept,
    opt_out_rows,
    outcomes,
    skipped_rows,
    steps_with_delivery,
    stops_rows,
    storm_spans,
    unavailable_rows,
)
from .replay import Played, ReplayRequest, chosen, play

WRITE = "Writing the record"
ALWAYS = (ENROLLMENTS, EVENTS, OPT_OUTS, UNAVAILABLE, SKIPPED, PROTECTIONS, EVENTS_TABLE)
"""Tables that are written even without a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A season that was replayed and settled."""

    out: Path
    played: Played
    outcomes: list[EventOutcome]
    settled: Settled
    comparison: Comparison | None
    report: Path | None


def season_file(name: str) -> Path:
    """A season by its file, or by its name among those that ship."""
    shipped = seasons_folder() / f"{name}.yaml"
    return shipped if not Path(name).exists() and shipped.is_file() else Path(name)


def replay(request: ReplayRequest) -> Replayed:
    """Replay a season into a folder that appears whole or not at all.

    Raises DataRefused with every Problem of the season, its tariff or its tables. The same season, homes and seed give
    the same tables, and `gridrider settle` on the folder gives the same lines.
    """
    season, homes, seed = chosen(request)
    with replacing(request.out) as folder:
        inputs, results = folder / "inputs", folder / "results"
        inputs.mkdir()
        played = play(season, homes, seed, inputs, progress=request.progress)
        request.progress(WRITE, 0, 1)
        found = _write_tables(played, inputs)
        request.progress(WRITE, 1, 1)
        played.desk.store.close()  # type: ignore[attr-defined]
        (inputs / "operation.sqlite").unlink()
        settled = settle(SettleRequest(tariff=season.tariff_file, inputs=inputs, period=season.span, out=results,
                                       progress=request.progress))
        compared = compare(found, homes, Decimal(settled.total_usd),
                           float(season.published.get("constant_kw_per_home", "7.0")))
        _together(folder, inputs, results, played, compared)
        if request.report:
            write_report(folder, tariff_title=season.tariff.title, authority=season.tariff.authority,
                         currency=season.tariff.currency, timezone=season.tariff.timezone,
                         assumptions=[*season.tariff.assumptions, *season.assumptions], progress=request.progress)
    return Replayed(out=request.out, played=played, outcomes=found, settled=settled, comparison=compared,
                    report=request.out / "report.html" if request.report else None)


def _write_tables(played: Played, folder: Path) -> list[EventOutcome]:
    steps = steps_with_delivery(played)
    found = outcomes(played, steps)
    small: list[tuple[TableSchema, pa.Table | None]] = [
        (ENROLLMENTS, played.members.enrollments), (EVENTS, events_rows(played)), (OPT_OUTS, opt_out_rows(played)),
        (UNAVAILABLE, unavailable_rows(played)), (DEVICES, played.members.devices), (FEEDERS, played.members.feeders),
        (CALLED_DISCHARGE, called_discharge_rows(played)), (SKIPPED, skipped_rows(played)),
        (PROTECTIONS, _or_empty(kept(played, PROTECTIONS.name), PROTECTIONS)),
        (WITHHELD, kept(played, WITHHELD.name)), (FLEET_STEPS, steps),
        (FEEDER_STEPS, kept(played, FEEDER_STEPS.name)), (PRE_CHARGES, kept(played, PRE_CHARGES.name)),
        (STORM_CHARGES, kept(played, STORM_CHARGES.name)),
        (EVENTS_TABLE, events_table_rows(played, found)),
        (NOTICES, pa.concat_tables(played.voices.told) if played.voices.told else None)]
    if played.emergency is not None:
        small += [(ASSIGNMENTS, played.emergency.assignments), (SITE_SUPPLY, played.emergency.supply)]
    if played.world.is_ev.any():
        small.append((FLEET_AUDIT, fleet_audit_rows(audit(played.desk, played.world, played.season))))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for schema, rows in small:
            if rows is not None and (len(rows) or schema in ALWAYS):
                write_csv(connection, schema, rows, folder / f"{schema.name}.csv")
        for schema in (TELEMETRY, INSTRUCTIONS, ANSWERS):
            rows = kept(played, schema.name)
            if rows is not None:
                write_parquet(connection, schema, rows, folder / f"{schema.name}.parquet")
    _write_rows(folder / "prices.csv", ("series", "start", "seconds", "usd_per_mwh"), [])
    _write_rows(folder / "site_storms.csv", ("enrollment_id", "from", "to", "status", "alert"), [
        {"enrollment_id": name, "from": _z(since), "to": _z(until) if until else "", "status": status, "alert": alert}
        for name, since, until, status, alert in storm_spans(played)])
    _write_rows(folder / "stops.csv", ("stopped_at", "resumed_at"), stops_rows(played))
    (folder / "synthetic.json").write_text(json.dumps({
        "synthetic": True, "season": played.season.name, "seed": played.seed, "homes": played.homes,
        "assumptions": list(played.season.assumptions)}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def _or_empty(rows: pa.Table | None, schema: TableSchema) -> pa.Table:
    return empty(schema) if rows is None else rows


def _z(instant: Any) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _write_rows(file: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _together(folder: Path, inputs: Path, results: Path, played: Played, compared: Comparison | None) -> None:
    """Inputs and results into one folder, and what a checker needs to know of the operation into run.json."""
    for part in (inputs, results):
        for file in sorted(part.iterdir()):
            shutil.move(file, folder / file.name)
        part.rmdir()
    run: Mapping[str, Any] = json.loads((folder / MARK).read_text(encoding="utf-8"))
    season = played.season
    more = {"season": season.name, "homes": played.homes, "seed": played.seed, "operation": {
        "tick_seconds": 60 * season.tick_minutes, "step_seconds": 60 * season.tick_minutes,
        "lease_seconds": 60 * season.lease_minutes},
        "refused": [{"event_id": event_id, "clause": refusal.clause, "reason": refusal.reason}
                    for event_id, refusal in played.refused], **(comparison_json(compared) if compared else {})}
    (folder / MARK).write_text(json.dumps({**run, **more}, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                               encoding="utf-8")



def fleet_audit_rows(findings: Sequence[FleetFinding]) -> pa.Table:
    """Rows of FLEET_AUDIT."""
    return rows_of(FLEET_AUDIT, len(findings), {
        "vehicle_id": [each.vehicle_id for each in findings], "kind": [each.kind for each in findings],
        "suitable": [each.suitable for each in findings],
        "reasons": pa.array([list(each.reasons) or None for each in findings], pa.list_(pa.string())),
        "called_s": [round(each.called_h * 3600) for each in findings],
        "spare_mwh": [round(each.spare_kwh * 1e6) for each in findings],
        "expected_milliwatt": [round(each.expected_kw * 1e6) for each in findings],
        "year_mwh": [round(each.year_kwh * 1e6) for each in findings],
        "year_cycles": [each.year_cycles for each in findings]})
