"""The same explanation from every form of the readings, of which only the line's own are read."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from gridrider.app.explain_readings import keep_readings
from gridrider.app.fold_readings import fold_readings
from tests.explain.told import by_kind, example, explain

ELRP, NAME = "pge/elrp-a4", "The factor is at most 7/5"
ZONE = ZoneInfo("America/Los_Angeles")


def as_parquet(inputs: Path, *, points: int = 0) -> None:
    """Put the readings into a folder of Parquet files, among those of other points."""
    table = pc.read_csv(inputs / "readings.csv", convert_options=pc.ConvertOptions(column_types={
        "start": pa.timestamp("s", "UTC"), "import_kwh": pa.float64(), "export_kwh": pa.float64(),
        "quality": pa.string(), "revision": pa.int64()}))
    table = table.set_column(table.column_names.index("quality"), "quality", table["quality"].dictionary_encode())
    others = [table.set_column(0, "point_id", pa.array([f"other-{number}"] * table.num_rows))
              for number in range(points)]
    whole = pa.concat_tables([table, *others])
    (inputs / "readings.csv").unlink()
    (inputs / "readings").mkdir()
    half = whole.num_rows // 2
    for number, part in enumerate((whole.slice(0, half), whole.slice(half))):
        pq.write_table(part, inputs / "readings" / f"part-{number}.parquet", row_group_size=500)


def test_parquet_gives_the_same_steps_and_names_its_files(tmp_path: Path) -> None:
    (line,) = example(ELRP, NAME, tmp_path)
    from_csv = by_kind(explain(line["line_id"], tmp_path))
    as_parquet(tmp_path / "inputs", points=3)
    told = explain(line["line_id"], tmp_path)
    steps = by_kind(told)
    assert told.equal
    for kind in ("line", "performance", "baseline", "adjustment", "baseline_readings"):
        assert steps[kind] == from_csv[kind]
    sources = {row["source"] for row in steps["readings"][0]["rows"]}
    assert {row["source"].split(":")[0] for row in from_csv["readings"][0]["rows"]} == {"readings.csv"}
    assert sources <= {"readings/part-0.parquet", "readings/part-1.parquet"}
    assert sources


def test_only_the_points_own_readings_are_kept(tmp_path: Path) -> None:
    example(ELRP, NAME, tmp_path)
    as_parquet(tmp_path / "inputs", points=2)
    days = [day.as_py().date() for day in pq.read_table(tmp_path / "inputs" / "readings")["start"]]
    kept = keep_readings(tmp_path / "inputs", tmp_path / "kept", points=["meter-home", "nobody"], days=days, zone=ZONE)
    assert kept.table["point_id"].unique().to_pylist() == ["meter-home"]
    assert kept.table.num_rows * 3 == pq.read_table(tmp_path / "inputs" / "readings").num_rows


def test_a_table_of_days_is_explained_by_its_slots(tmp_path: Path) -> None:
    (line,) = example(ELRP, NAME, tmp_path)
    inputs = tmp_path / "inputs"
    fold_readings(inputs, inputs / "days", zone=ZONE, points=None, dates=None, progress=lambda *_: None)
    (inputs / "readings.csv").unlink()
    told = explain(line["line_id"], tmp_path)
    rows = by_kind(told)["readings"][0]["rows"]
    assert told.equal
    assert [(row["start"][11:16], row["import_kwh"], row["source"]) for row in rows] == [
        (clock, energy, "days/2025-08-20.parquet") for clock, energy in
        (("13:00", "3.000000"), ("14:00", "3.000000"), ("15:00", "3.000000"), ("17:00", "1.000000"))]
