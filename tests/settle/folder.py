"""An input folder in the making: rows by table, written as the batch contract wants them."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

Cells = dict[str, str]

COLUMNS = {
    "enrollments": ("enrollment_id", "rider", "customer_id", "participant_id", "aggregation_id", "payee_id", "point_id",
                    "premise_point_id", "technology", "nameplate_kw", "duration_h", "committed_kw",
                    "agreement_signed_on", "enrolled_on", "prior_enrollment_id", "starts_on", "ends_on", "end_reason",
                    "customer_class", "zone", "services"),
    "events": ("event_id", "service", "kind", "start", "end", "zone", "called_at", "cancelled_at"),
    "readings": ("point_id", "start", "seconds", "import_kwh", "export_kwh", "quality", "revision"),
    "points": ("enrollment_id", "role", "point_id", "from", "to"),
    "opt_outs": ("event_id", "enrollment_id", "at"),
    "unavailable": ("enrollment_id", "event_id", "start", "end", "reason"),
    "prices": ("series", "start", "seconds", "usd_per_mwh"),
    "adjustments": ("enrollment_id", "event_id", "start", "kwh"),
    "nominations": ("participant_id", "service", "month", "kw"),
    "service_terms": ("enrollment_id", "service", "taken_on"),
    "claims": ("point_id", "start", "seconds", "program", "service", "kwh", "kw"),
    "market_values": ("name", "zone", "effective", "filed", "value", "unit"),
}


@dataclass(slots=True)
class Folder:
    """Rows by table; every cell a text, an absent cell blank."""

    rows: dict[str, list[Cells]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **cells: object) -> None:
        """Add a row; a trailing underscore lets a column bear a Python keyword's name."""
        self.rows[table].append({name.rstrip("_"): text_of(cell) for name, cell in cells.items()})

    def write(self, path: Path, *, shuffle: random.Random | None = None) -> Path:
        """Write each table as CSV, in another row order when a source of chance is given."""
        path.mkdir(parents=True, exist_ok=True)
        for table in ("enrollments", "events", "readings", *self.rows):
            held = list(self.rows.get(table, []))
            if shuffle is not None:
                shuffle.shuffle(held)
            with (path / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
                writer = csv.DictWriter(handle, columns_of(table, held), restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(held)
        return path

    def write_parquet(self, path: Path, *, parts: int = 1) -> Path:
        """Write each table as Parquet, the readings in a folder of several files when parts > 1."""
        path.mkdir(parents=True, exist_ok=True)
        for table in {"enrollments", "events", "readings", *self.rows}:
            held = self.rows.get(table, [])
            if table == "readings" and parts > 1:
                (path / "readings").mkdir(exist_ok=True)
                for part in range(parts):
                    pq.write_table(_arrow(table, held[part::parts]), path / "readings" / f"part-{part}.parquet")
            else:
                pq.write_table(_arrow(table, held), path / f"{table}.parquet")
        return path


def columns_of(table: str, rows: list[Cells]) -> list[str]:
    """The declared columns of a table, and after them the further ones that its rows have."""
    return [*COLUMNS[table], *sorted({name for row in rows for name in row} - set(COLUMNS[table]))]


def _arrow(table: str, rows: list[Cells]) -> pa.Table:
    """A table of texts; a blank cell is null."""
    return pa.table({name: pa.array([row.get(name) or None for row in rows], pa.string())
                     for name in columns_of(table, rows)})


def text_of(cell: object) -> str:
    """A cell as the contract writes it."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def local(day: date, clock: time, zone: ZoneInfo, *, later: timedelta = timedelta()) -> datetime:
    """A local clock time, some elapsed time later, as an instant with its offset."""
    moment = datetime.combine(day, clock, zone).astimezone(UTC) + later
    return moment.astimezone(zone)


def kwh(energy_mwh: int) -> str:
    """Milliwatt-hours as kWh."""
    sign = "-" if energy_mwh < 0 else ""
    return f"{sign}{abs(energy_mwh) // 1_000_000}.{abs(energy_mwh) % 1_000_000:06d}"
