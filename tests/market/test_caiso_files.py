"""Awards and statements of the market's files, by the layouts that come with gridrider and by a user's own."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import pytest

from gridrider.cli import main

AWARDS = """RESOURCE_ID,INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,PRODUCT_TYPE,MARKET_RUN_ID,AWARD_MW
R1,2016-03-01T18:00:00-00:00,2016-03-01T19:00:00-00:00,RU,DAM,0.3
R1,2016-03-01T18:00:00-00:00,2016-03-01T18:15:00-00:00,rd,RTPD,0.25
"""
STATEMENT = """RESOURCE_ID,INTERVAL_START_GMT,INTERVAL_END_GMT,CHARGE_CODE,QUANTITY,AMOUNT,STATEMENT_TYPE
R1,2016-03-01T18:00:00-00:00,2016-03-01T18:05:00-00:00,6470,0.01,-1.25,T+3B
R1,2016-03-01T18:05:00-00:00,2016-03-01T18:10:00-00:00,6470,-0.01,0.75,T+3B
"""


def imported(tmp_path: Path, kind: str, text: str, *more: str) -> int:
    """Import one file; the exit code."""
    file = tmp_path / "file.csv"
    file.write_text(text, encoding="utf-8")
    return main(["import", kind, str(file), "--out", str(tmp_path / "out"), *more])


def rows(tmp_path: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table."""
    with (tmp_path / "out" / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_awards_become_our_table(tmp_path: Path) -> None:
    """Products and markets in our words, ends as lengths (R9)."""
    assert imported(tmp_path, "caiso-awards", AWARDS) == 0
    assert [(row["product"], row["market"], row["seconds"], row["mw"]) for row in rows(tmp_path, "awards")] == [
        ("reg_down", "FMM", "900", "0.250000000"), ("reg_up", "DA", "3600", "0.300000000")]


def test_a_statements_payments_are_above_zero_in_our_table(tmp_path: Path) -> None:
    """The market's statement charges with a plus; our table pays with one (R9)."""
    assert imported(tmp_path, "caiso-statement", STATEMENT) == 0
    assert [(row["seconds"], row["mwh"], row["amount_usd"], row["recalculation"])
            for row in rows(tmp_path, "market_statement")] == [("300", "0.010000000", "1.250000", "T+3B"),
                                                               ("300", "-0.010000000", "-0.750000", "T+3B")]


def test_an_unconfirmed_layout_says_so(tmp_path: Path) -> None:
    """What no primary text confirms is a warning beside the table (R9)."""
    assert imported(tmp_path, "caiso-awards", AWARDS) == 0
    assert any("no primary text confirms" in row["reason"] for row in rows(tmp_path, "problems"))


@pytest.mark.parametrize(("old", "new", "said"), [
    ("AWARD_MW", "POWER", "has no column for mw"),
    ("RU,DAM", "XX,DAM", "is not one of"),
    ("0.25\n", "much\n", "is not a number"),
    ("19:00:00-00:00", "nineteen", "is blank"),
])
def test_a_file_that_does_not_fit_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    """A missing column, an unknown product, a cell that is no number: nothing but problems.csv (R9)."""
    assert imported(tmp_path, "caiso-awards", AWARDS.replace(old, new)) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["problems.csv"]
    assert any(said in row["reason"] for row in rows(tmp_path, "problems"))


def test_a_layout_of_ones_own(tmp_path: Path) -> None:
    """Another file's columns by a layout with other names, confirmed by its owner (R9)."""
    shipped = resources.files("gridrider.adapters.market_caiso").joinpath("layouts", "caiso-awards.yaml")
    own = tmp_path / "own.yaml"
    own.write_text(shipped.read_text(encoding="utf-8").replace("confirmed: false", "confirmed: true").replace(
        "mw: [AWARD_MW", "mw: [POWER, AWARD_MW"), encoding="utf-8")
    assert imported(tmp_path, "caiso-awards", AWARDS.replace("AWARD_MW", "POWER"), "--map", str(own)) == 0
    assert len(rows(tmp_path, "awards")) == 2
    assert rows(tmp_path, "problems") == []
