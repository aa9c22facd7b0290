"""The written input folders: same seed, same bytes; every file in the shape of the batch contract."""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gridrider.app.demo_inputs import (
    ELRP,
    SITES_MIN,
    SeasonAbout,
    load_season,
    silent,
    write_dsgs_inputs,
    write_elrp_inputs,
)
from gridrider.interval import local_midnight
from gridrider.problem import DataRefused
from gridrider.twin.elrp import build_elrp
from gridrider.twin.files import write_inputs
from gridrider.twin.readings import READINGS

Write = Callable[..., SeasonAbout]
SITES = 60
WRITES: tuple[Write, Write] = (write_elrp_inputs, write_dsgs_inputs)
NAMES = ("elrp", "dsgs")


def fingerprints(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@dataclass(frozen=True, kw_only=True)
class Written:
    write: Write
    folder: Path
    about: SeasonAbout
    steps: list[tuple[str, int, int]]


def write_season(write: Write, folder: Path, seed: int) -> Written:
    steps: list[tuple[str, int, int]] = []
    about = write(folder, sites=SITES, seed=seed, progress=lambda *step: steps.append(step))
    return Written(write=write, folder=folder, about=about, steps=steps)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[Written]:
    return [write_season(write, tmp_path_factory.mktemp(name) / "inputs", 5)
            for write, name in zip(WRITES, NAMES, strict=True)]


@pytest.fixture(params=[0, 1], ids=NAMES)
def written(request: pytest.FixtureRequest, both: list[Written]) -> Written:
    place: int = request.param
    return both[place]


@pytest.fixture
def folder(written: Written) -> Path:
    return written.folder


@pytest.fixture
def elrp_folder(both: list[Written]) -> Path:
    return both[0].folder


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(written: Written, tmp_path: Path) -> None:
    first = fingerprints(written.folder)
    written.write(tmp_path / "again", sites=SITES, seed=5)
    assert fingerprints(tmp_path / "again") == first
    written.write(tmp_path / "other", sites=SITES, seed=6)
    other = fingerprints(tmp_path / "other")
    assert other.keys() == first.keys()
    assert {name for name in first if first[name] == other[name]} <= {"events.csv", "prices.csv"}


def test_readings_are_exact_sorted_and_of_one_local_date(folder: Path) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    files = sorted((folder / "readings").iterdir())
    assert len(files) > 30
    for file in files:
        table = pq.read_table(file, partitioning=None)
        assert table.schema.equals(READINGS)
        order = pc.sort_indices(table, [("point_id", "ascending"), ("start", "ascending")])
        assert order.to_pylist() == list(range(table.num_rows))
        assert table.group_by(["point_id", "start"]).aggregate([]).num_rows == table.num_rows
        midnight_us = int(local_midnight(date.fromisoformat(file.stem), zone).timestamp()) * 1_000_000
        offsets_us = pc.subtract(pc.unique(table["start"]).cast(pa.int64()), midnight_us)
        assert sorted(offsets_us.to_pylist()) == [slot * 900_000_000 for slot in range(96)]
        assert pc.unique(table["seconds"]).to_pylist() == [900]
        assert pc.min(table["import_kwh"]).as_py() >= 0 <= pc.min(table["export_kwh"]).as_py()
        missing = pc.equal(table["quality"], "missing")
        assert missing.equals(table["import_kwh"].is_null())
        assert missing.equals(table["export_kwh"].is_null())


def all_readings(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(file, partitioning=None) for file in sorted((folder / "readings").iterdir()))


def test_readings_fail_in_all_three_ways_but_seldom(folder: Path) -> None:
    table = all_readings(folder)
    counts = {row["values"]: row["counts"] for row in pc.value_counts(table["quality"]).to_pylist()}
    assert counts.keys() == {"actual", "missing", "estimated"}
    assert counts["missing"] + counts["estimated"] < 0.01 * table.num_rows
    assert table.num_rows < SITES * 96 * len(list((folder / "readings").iterdir()))
    lines = (folder / "enrollments.csv").read_text(encoding="utf-8").splitlines()
    enrolled = {row["point_id"] for row in csv.DictReader(lines)}
    points = set(table["point_id"].to_pylist())
    exchanged = {point for point in points if point.endswith("-2")}
    assert points - exchanged == enrolled
    assert {point.removesuffix("-2") for point in exchanged} < enrolled


def test_an_exchanged_meter_hands_over_without_gap_or_overlap(elrp_folder: Path) -> None:
    table = all_readings(elrp_folder)
    new = next(point for point in pc.unique(table["point_id"]).to_pylist() if point.endswith("-2"))
    old_starts, new_starts = (
        set(table.filter(pc.equal(table["point_id"], point))["start"].to_pylist()) for point in (new[:-2], new))
    exchanged_at = datetime(2022, 8, 24, 20, tzinfo=UTC)
    assert max(old_starts) < exchanged_at == min(new_starts)


def test_a_quarter_hour_at_the_retail_meter_runs_one_way(elrp_folder: Path) -> None:
    table = all_readings(elrp_folder)
    actual = table.filter(pc.equal(table["quality"], "actual"))
    both = pc.and_(pc.greater(actual["import_kwh"], Decimal(0)), pc.greater(actual["export_kwh"], Decimal(0)))
    assert pc.sum(both).as_py() == 0
    assert pc.sum(actual["export_kwh"]).as_py() > 0


def test_the_folder_says_that_it_is_synthetic(written: Written) -> None:
    mark = json.loads((written.folder / "synthetic.json").read_text(encoding="utf-8"))
    assert mark == {"synthetic": True, "seed": 5, "sites": SITES, "assumptions": list(written.about.assumptions)}
    read_me = (written.folder / "README.txt").read_text(encoding="utf-8")
    assert read_me.startswith("SYNTHETIC")
    assert written.about.period in read_me
    assert written.about.synthetic
    assert any("Synthetic" in sentence for sentence in written.about.assumptions)


def test_progress_counts_to_its_total(written: Written) -> None:
    totals = {total for _, _, total in written.steps}
    assert [done for _, done, _ in written.steps] == list(range(1, totals.pop() + 1))
    assert not totals


def test_an_earlier_season_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    whole = build_elrp(load_season(ELRP)[0], sites=SITES, seed=1)
    plan = replace(whole, days_run=whole.days_run[:2], days_written=whole.days_written[1:2])
    out = tmp_path / "in"
    write_inputs(plan, out, silent)
    assert [path.name for path in (out / "readings").iterdir()] == [f"{plan.days_run[1]}.parquet"]
    (out / "readings" / "1999-01-01.parquet").write_bytes(b"left over")
    write_inputs(plan, out, silent)
    assert not (out / "readings" / "1999-01-01.parquet").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    (out / "synthetic.json").unlink()
    with pytest.raises(DataRefused, match="holds something that is not a synthetic season"):
        write_inputs(plan, out, silent)
    assert (out / "enrollments.csv").is_file()


@pytest.mark.parametrize("write", WRITES, ids=NAMES)
@pytest.mark.parametrize("sites", [0, -3, SITES_MIN - 1, 10_000_000])
def test_a_number_of_sites_out_of_range_is_a_problem(write: Write, tmp_path: Path, sites: int) -> None:
    with pytest.raises(DataRefused, match="must be from 50 to 200000"):
        write(tmp_path / "in", sites=sites, seed=1)
    assert list(tmp_path.iterdir()) == []


def test_a_negative_seed_is_a_problem_beside_the_others(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as refused:
        write_elrp_inputs(tmp_path / "in", sites=1, seed=-1)
    assert [problem.file for problem in refused.value.problems] == ["sites", "seed"]
