"""A small wholesale world as an input folder: meters, resources, awards, statements."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridrider.cli import main
from tests.house.source import ROOT

Cells = dict[str, str]
TARIFF = ROOT / "tariffs" / "dod" / "v2g-ngr" / "tariff.yaml"
ZONE = ZoneInfo("America/Los_Angeles")
COLUMNS = {
    "readings": ("point_id", "start", "seconds", "import_kwh", "export_kwh", "quality", "revision"),
    "resources": ("resource_id", "premise_point_id", "wholesale_point_id", "load_serving_entity",
                  "scheduling_coordinator", "interconnection"),
    "awards": ("resource_id", "start", "seconds", "product", "market", "run", "mw"),
    "market_statement": ("resource_id", "start", "seconds", "charge_code", "mwh", "amount_usd", "recalculation"),
}


def utc(text: str) -> datetime:
    """A local clock time of the tariff's zone as an instant; a trailing * is the later of two equal clock times."""
    late = text.endswith("*")
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=ZONE, fold=int(late)).astimezone(UTC)


def stamp(instant: datetime) -> str:
    """An instant as the tables write it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class World:
    """Rows by table; every cell a text."""

    rows: dict[str, list[Cells]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **cells: object) -> None:
        """Add a row; an instant becomes its text, None a blank."""
        self.rows[table].append({name: stamp(cell) if isinstance(cell, datetime) else "" if cell is None else str(cell)
                                 for name, cell in cells.items()})

    def resource(self, number: int = 1, premise: int = 1, **more: object) -> None:
        """A resource Rn behind master meter Mp, with the wholesale meter Wn."""
        self.add("resources", **{"resource_id": f"R{number}", "premise_point_id": f"M{premise}",
                                 "wholesale_point_id": f"W{number}", "load_serving_entity": "SCE",
                                 "scheduling_coordinator": "SC", **more})

    def day(self, point: str, day: date, *, import_kwh: str = "0", export_kwh: str = "0", seconds: int = 900) -> None:
        """Readings of a whole local day, all alike."""
        instant = datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE).astimezone(UTC)
        while instant < end:
            self.add("readings", point_id=point, start=instant, seconds=seconds, import_kwh=import_kwh,
                     export_kwh=export_kwh)
            instant += timedelta(seconds=seconds)

    def read(self, point: str, clock: str, import_kwh: object, export_kwh: object = 0) -> None:
        """Change one reading."""
        for row in self.rows["readings"]:
            if row["point_id"] == point and row["start"] == stamp(utc(clock)):
                row.update(import_kwh="" if import_kwh is None else str(import_kwh),
                           export_kwh="" if export_kwh is None else str(export_kwh))
                return
        raise ValueError(f"{point} has no reading at {clock}")

    def award(self, clock: str, *, resource: int = 1, seconds: int = 3600, product: str = "reg_up", mw: str = "0.3",
              market: str = "DA", run: str = "") -> None:
        """An award."""
        self.add("awards", resource_id=f"R{resource}", start=utc(clock), seconds=seconds, product=product,
                 market=market, run=run, mw=mw)

    def line(self, clock: str, mwh: str, amount_usd: str = "0", *, resource: int = 1, seconds: int = 900,
             code: str = "6470", run: str = "") -> None:
        """A line of the market's statement."""
        self.add("market_statement", resource_id=f"R{resource}", start=utc(clock), seconds=seconds, charge_code=code,
                 mwh=mwh, amount_usd=amount_usd, recalculation=run)

    def write(self, folder: Path, *, shuffle: random.Random | None = None) -> Path:
        """Write each table that has rows, and readings, resources and awards in any case."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in {"readings", "resources", "awards", *self.rows}:
            held = list(self.rows.get(table, []))
            if shuffle is not None:
                shuffle.shuffle(held)
            with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
                writer = csv.DictWriter(handle, COLUMNS[table], restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(held)
        return folder


def ordinary(day: str = "2016-03-01") -> World:
    """One resource behind one meter, read every quarter hour of a day with nothing flowing, and one far award."""
    world = World()
    world.resource()
    for point in ("M1", "W1"):
        world.day(point, date.fromisoformat(day))
    return world


def run(world: World, tmp_path: Path, period: str = "2016-03-01/2016-03-02", tariff: Path = TARIFF) -> int:
    """Reconcile by the command line into tmp_path/out; the exit code."""
    inputs = world.write(tmp_path / "inputs")
    return main(["reconcile", str(tariff), "--inputs", str(inputs), "--period", period, "--out", str(tmp_path / "out")])


def table(tmp_path: Path, name: str) -> list[Cells]:
    """The rows of an output table."""
    with (tmp_path / "out" / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def at(tmp_path: Path, clock: str) -> Cells:
    """The row of the retail bill that starts at a local clock time."""
    (row,) = [row for row in table(tmp_path, "retail") if row["start"] == stamp(utc(clock))]
    return row


def kinds(tmp_path: Path) -> list[str]:
    """The kinds of all exceptions, in the order of the file."""
    return [row["kind"] for row in table(tmp_path, "exceptions")]


def changed(tmp_path: Path, *pairs: tuple[str, str]) -> Path:
    """The tariff with some of its text replaced; each text must be there once."""
    text = TARIFF.read_text(encoding="utf-8")
    for old, new in pairs:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in the tariff")
        text = text.replace(old, new)
    path = tmp_path / "tariff.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def from_case(said: Mapping[str, Any]) -> World:
    """The world of a worked example: a day of flat readings with some intervals that differ."""
    world = World()
    for number, held in enumerate(said.get("resources", [{}]), start=1):
        world.resource(number, **held)
    points = {row[key] for row in world.rows["resources"] for key in ("premise_point_id", "wholesale_point_id")}
    for point in sorted(points):
        world.day(point, date.fromisoformat(str(said["day"])))
    for held in said["readings"]:
        world.read(held["point"], f"{said['day']}T{held['at']}", held.get("import_kwh", 0), held.get("export_kwh", 0))
    for held in said.get("awards", []):
        world.award(f"{said['day']}T{held['at']}", **{name: cell for name, cell in held.items() if name != "at"})
    for held in said.get("statement", []):
        more = {name: cell for name, cell in held.items() if name not in ("at", "mwh", "amount_usd")}
        world.line(f"{said['day']}T{held['at']}", held["mwh"], held["amount_usd"], **more)
    return world
