"""Small folders for payments that do not hang on a single event: homes, what they delivered, and how a run ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.reference.settlement import Cells
from tests.settle.both import run_engine, table
from tests.settle.folder import Folder, kwh
from tests.settle.shapes import OWN

HOUR = timedelta(hours=1)
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")


def home(folder: Folder, name: str = "home", rider: str = "battery", **more: object) -> Folder:
    """A signed home of long standing, with what is said of it."""
    ordinary: dict[str, object] = {
        "rider": rider, "customer_id": name, "participant_id": name, "point_id": f"meter-{name}", "technology": rider,
        "nameplate_kw": "5", "duration_h": "2", "agreement_signed_on": "2020-01-01", "starts_on": "2020-01-01",
        "zone": "north"}
    folder.add("enrollments", enrollment_id=name, **{**ordinary, **more})
    return folder


def delivered(folder: Folder, day: str, kw: str, *, hours: int = 1, zone: ZoneInfo = NEW_YORK, name: str = "home",
              service: str = "", event: bool = True, clock: int = 17) -> Folder:
    """An event from 17:00 in which a home gives a constant power, below zero when it takes it."""
    start = datetime.combine(date.fromisoformat(day), time(clock), zone).astimezone(UTC)
    if event:
        folder.add("events", event_id=day, service=service, start=start, end=start + hours * HOUR)
    energy_mwh = int(Decimal(kw) * 1_000_000)
    for hour in range(hours):
        folder.add("readings", point_id=f"meter-{name}", start=start + hour * HOUR, seconds=3600,
                   import_kwh=kwh(max(-energy_mwh, 0)), export_kwh=kwh(max(energy_mwh, 0)))
    return folder


def variant(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A test tariff with some words changed; each must be there."""
    text = (OWN / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        if old not in text:
            raise ValueError(f"{name}.yaml has no {old}")
        text = text.replace(old, new)
    path = folder / f"{name}-variant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tariff: Path, inputs: Path, period: str, out: Path, *more: str) -> list[str]:
    """The reasons for which the engine settles nothing."""
    if run_engine(tariff, inputs, period, out, *more) != 1:
        raise ValueError("the engine did not refuse")
    if (out / "lines.csv").exists():
        raise ValueError("something was written beside the findings")
    return [row["reason"] for row in table(out, "problems") if row["severity"] == "error"]


def settled(tariff: Path, inputs: Path, period: str, out: Path, *more: str) -> Path:
    """The folder of a run that must succeed."""
    if run_engine(tariff, inputs, period, out, *more) != 0:
        raise ValueError(f"the engine refused: {[row['reason'] for row in table(out, 'problems')]}")
    return out


def amounts(lines: Iterable[Cells], *columns: str) -> list[tuple[str, ...]]:
    """Some cells of each line, sorted."""
    return sorted(tuple(line[column] for column in columns) for line in lines)
