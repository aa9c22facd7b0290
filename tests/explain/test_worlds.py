"""Whatever a world holds, the explanation of a line leads to its cents, and its tables agree with each other."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.explain.told import explain, settled
from tests.reference.settlement import Cells
from tests.settle.both import table
from tests.settle.scenario import draw
from tests.settle.shapes import SHAPES

LINES_MAX = 2


@pytest.mark.parametrize("name", SHAPES)
def test_every_kind_of_line_is_recomputed_to_the_cent(name: str, tmp_path: Path) -> None:
    shape = SHAPES[name]
    lines: list[Cells] = []
    for seed in range(2, 12):  # a world may hold nobody who is paid
        world = draw(shape, seed)
        shutil.rmtree(tmp_path / "inputs", ignore_errors=True)
        world.folder.write(tmp_path / "inputs")
        lines = settled(shape.tariff, tmp_path / "inputs", world.period, tmp_path / "out", world.as_of)
        if lines:
            break
    assert lines
    performance = table(tmp_path / "out", "performance")
    for line in _telling(lines):
        told = explain(line["line_id"], tmp_path)
        assert told.equal, told.text()
        document = json.loads(json.dumps(told.document()))
        assert document["recomputed_usd"] == line["amount_usd"]
        assert document["steps"][-1]["kind"] == "recomputed"
        _rows_are_those_of_the_run(document, performance)
        _baseline_days_add_up(document, shape.tariff)


def _telling(lines: list[Cells]) -> list[Cells]:
    """The largest amount of each component, aggregations among them."""
    ordered = sorted(lines, key=lambda line: (-abs(Decimal(line["amount_usd"])), line["line_id"]))
    first = {line["component"]: line for line in reversed(ordered)}
    return list({line["line_id"]: line for line in [*first.values(), *ordered]}.values())[:LINES_MAX]


def _rows_are_those_of_the_run(document: dict[str, Any], performance: list[Cells]) -> None:
    """Each performance row stands in performance.csv with the same figures."""
    for step in document["steps"]:
        if step["kind"] != "performance":
            continue
        written = [row for row in performance if (row["enrollment_id"], row["event_id"]) == (
            step["values"]["enrollment_id"], step["values"]["event_id"])]
        assert [(row["baseline_kwh"] or None, row["metered_kwh"] or None, row["delivered_kwh"] or None)
                for row in written] == [(row["baseline_kwh"], row["metered_kwh"], row["delivered_kwh"])
                                        for row in step["values"]["rows"]]


def _baseline_days_add_up(document: dict[str, Any], tariff: Path) -> None:
    """The days called used are those of the baseline, and the readings of each sum to its load."""
    baselines = [step["values"] for step in document["steps"] if step["kind"] == "baseline"]
    sums = [step["values"] for step in document["steps"] if step["kind"] == "baseline_readings"]
    floored = "zero_per_location" in tariff.read_text(encoding="utf-8")
    for baseline in baselines:
        used = {row["day"]: row["total_kwh"] for row in baseline["rows"] if row.get("status") == "used"}
        assert list(used) == baseline["baseline_days"]
    for values in sums if not floored and len(baselines) == len(sums) == 1 else []:
        assert {row["day"]: row["net_kwh"] for row in values["rows"]} == {
            row["day"]: row["total_kwh"] for row in baselines[0]["rows"] if row.get("status") == "used"}
