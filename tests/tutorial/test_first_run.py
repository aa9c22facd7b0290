"""The tutorial's rider at work: what a first run says, and what it need not say."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from gridrider.cli import main
from tests.house.source import ROOT

KEPT = ROOT / "tests" / "tutorial"
TARIFF = KEPT / "flexible-home" / "tariff.yaml"


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of an output table."""
    with file.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def enroll(tariff: Path, out: Path) -> Path:
    """The folder that enrolling the four members leaves."""
    assert main(["enroll", str(tariff), "--inputs", str(KEPT / "may"), "--out", str(out)]) == 0
    return out


def july(folder: Path) -> Path:
    """The inputs of July: who is enrolled, the event, the charger's readings."""
    inputs = shutil.copytree(KEPT / "july", folder / "july")
    shutil.copy(enroll(TARIFF, folder / "enrolled") / "enrollments.csv", inputs)
    return inputs


@pytest.mark.parametrize(("begins", "warned"), [
    ("2027-05-21", {}), ("2027-05-22", {"water": 1}), ("2027-05-26", {"water": 3, "ev": 1})])
def test_applications_from_before_the_first_condition_are_told_of(begins: str, warned: dict[str, int],
                                                                  tmp_path: Path) -> None:
    """A day too early no condition is asked, so who should be refused is not; it must not happen in silence."""
    later = tmp_path / "tariff.yaml"
    later.write_text(TARIFF.read_text(encoding="utf-8").replace("effective: 2027-05-01", f"effective: {begins}"),
                     encoding="utf-8")
    problems = rows(enroll(later, tmp_path / "out") / "problems.csv")
    assert {row["value"]: row["reason"] for row in problems} == {
        rider: f"holds {count} application{'s' * (count > 1)} from before {begins}, the day from which this rider's "
               "conditions hold, so none of them was asked" for rider, count in warned.items()}


def test_a_device_that_is_deemed_needs_no_readings_and_a_measured_one_does(tmp_path: Path) -> None:
    inputs, reason = july(tmp_path), "its point has no readings"
    arguments = ["settle", str(TARIFF), "--inputs", str(inputs), "--period", "2027-07", "--out"]
    assert main([*arguments, str(tmp_path / "heard")]) == 0
    assert [row for row in rows(tmp_path / "heard" / "problems.csv") if row["reason"] == reason] == []
    (inputs / "readings.csv").write_text("point_id,start,seconds,import_kwh,export_kwh\n", encoding="utf-8")
    assert main([*arguments, str(tmp_path / "silent")]) == 0
    silent = [row["value"] for row in rows(tmp_path / "silent" / "problems.csv") if row["reason"] == reason]
    assert silent == ["A4: charger-dot"]


def test_an_adder_at_enrollment_says_for_whom_it_is(tmp_path: Path) -> None:
    inputs = july(tmp_path)
    assert main(["settle", str(TARIFF), "--inputs", str(inputs), "--period", "2027-05", "--out",
                 str(tmp_path / "may")]) == 0
    said = {(row["enrollment_id"], row["component"]): row["because"] for row in rows(tmp_path / "may" / "lines.csv")}
    assert said["A1", "adder"] == ("Due on 2027-05-21: once for the enrollment, when low_income, times 25.00 USD as of "
                                   "the vintage day 2027-05-21.")
    assert ("A2", "adder") not in said


@pytest.mark.parametrize(("asked_at", "code", "can"), [("16:59:59", 0, "can"), ("17:00:01", 1, "could")])
def test_a_refused_event_is_not_said_to_be_possible(asked_at: str, code: int, can: str, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    """Notice is due by 17:00 the day before; after that nobody *can* be called, whoever could."""
    inputs = july(tmp_path)
    capsys.readouterr()
    assert main(["limits", str(TARIFF), "--inputs", str(inputs), "--out", str(tmp_path / "asked"), "--at",
                 f"2027-07-12T{asked_at}-05:00", "--propose",
                 "2027-07-13T16:00:00-05:00/2027-07-13T19:00:00-05:00"]) == code
    assert f"3 of 3 enrollments {can} be called" in capsys.readouterr().out
