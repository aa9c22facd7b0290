"""What explain says when it cannot, or when the inputs have changed since; and its command line."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from gridrider.app.explain import rows_naming
from gridrider.cli import main
from tests.explain.told import example, explain

ELRP, NAME = "pge/elrp-a4", "The factor is at most 7/5"


@pytest.fixture
def line_id(tmp_path: Path) -> str:
    return example(ELRP, NAME, tmp_path)[0]["line_id"]


def run(folder: Path, line_id: str, *more: str) -> int:
    return main(["explain", line_id, "--inputs", str(folder / "inputs"), "--out", str(folder / "out"), *more])


def test_the_text_leads_from_the_amount_to_the_readings_within_100_columns(
        tmp_path: Path, line_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(tmp_path, line_id) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("  [")[0].strip() for before, line in pairwise(lines) if not before]
    assert heads == ["STATEMENT", "ENTRY", "LINE", "RATE", "EVENT", "PERFORMANCE", "BASELINE", "ADJUSTMENT",
                         "READINGS", "BASELINE READINGS", "RECOMPUTED"]
    assert lines[0] == f"{line_id}: 3.60 USD"
    assert lines[-1].endswith("recomputed: equal")
    assert max(map(len, lines)) <= 100


def test_json_is_one_document(tmp_path: Path, line_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(tmp_path, line_id, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"line", "steps", "recomputed_usd", "equal"}
    assert all(set(step) == {"kind", "clause", "words", "values"} for step in document["steps"])
    assert (document["line"]["line_id"], document["recomputed_usd"], document["equal"]) == (line_id, "3.60", True)


def test_changed_readings_are_a_mismatch(tmp_path: Path, line_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    readings = tmp_path / "inputs" / "readings.csv"
    rows = readings.read_text(encoding="utf-8").splitlines()
    changed = [row.replace(",1.0,", ",0.5,") if row.startswith("meter-home,2025-08-21T00:00:00+00:00") else row
               for row in rows]
    assert changed != rows
    readings.write_text("\n".join(changed) + "\n", encoding="utf-8")
    told = explain(line_id, tmp_path)
    # 2.8 - 0.5 kWh at 2.00 instead of 2.8 - 1.0.
    assert (told.equal, str(told.recomputed_usd), told.steps[-1].kind) == (False, "4.60", "mismatch")
    assert "4.60 USD, and the run wrote 3.60 USD" in told.steps[-1].words
    assert run(tmp_path, line_id) == 1


def test_an_enrollment_that_is_gone_is_a_mismatch(tmp_path: Path, line_id: str) -> None:
    file = tmp_path / "inputs" / "enrollments.csv"
    file.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    told = explain(line_id, tmp_path)
    assert (told.equal, told.recomputed_usd, told.steps[-1].kind) == (False, None, "mismatch")


def test_an_overruled_revision_is_shown_and_not_used(tmp_path: Path, line_id: str) -> None:
    readings = tmp_path / "inputs" / "readings.csv"
    text = readings.read_text(encoding="utf-8")
    row = next(row for row in text.splitlines() if row.startswith("meter-home,2025-08-21T00:00:00+00:00"))
    point, start, seconds, *_ = row.split(",")
    readings.write_text(text + f"{point},{start},{seconds},0.9,0,edited,2\n", encoding="utf-8")
    told = explain(line_id, tmp_path)
    rows = next(step for step in told.steps if step.kind == "readings").values["rows"]
    assert [(row["import_kwh"], row["revision"], row["state"]) for row in rows[-2:]] == [
        ("1.000000", 1, "overruled by a higher revision"), ("0.900000", 2, "stands")]
    assert str(told.recomputed_usd) == "3.80"


def test_an_unknown_line_is_refused_and_near_ids_are_named(tmp_path: Path, line_id: str,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, line_id[:-1] + "x") == 1
    said = capsys.readouterr().err
    assert "is no line of this run" in said
    assert f"Did you mean {line_id}?" in said


@pytest.mark.parametrize("text", ["", "{}", '{"tariff": 3}', "[]"])
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(text, encoding="utf-8")
    assert run(tmp_path, "L1") == 1
    assert "is not the folder of a run" in capsys.readouterr().err


def test_a_row_is_found_although_a_clause_breaks_the_line(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    rows = ["statement_id,line_id,clause,because", 'S1,L1,"§4(a)\nand ""§5""",one', "S1,L12,§6,two", "S1,L2,L1,three"]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = [tuple(row.values()) for row in rows_naming(file, "line_id", "L1")]
    assert found == [("S1", "L1", '§4(a)\nand "§5"', "one")]
    assert [row["because"] for row in rows_naming(file, "line_id", "L12")] == ["two"]
    assert list(rows_naming(file, "line_id", "L3")) == []
