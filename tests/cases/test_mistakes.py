"""Mistakes in a cases.yaml: each told once, with its line and what to do; nothing is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridrider.app.tariff_case_files import read_examples
from gridrider.cli import main
from gridrider.tariff.load import load
from tests.cases.test_command import HEAD, PAID, RIDER, tariff_with

SOUND = HEAD + PAID


def told(text: str, folder: Path) -> list[str]:
    """Line, key and reason of every mistake."""
    tariff, _ = load(RIDER / "tariff.yaml")
    assert tariff is not None
    file = folder / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    return [f"{problem.row} {problem.column}: {problem.reason}" for problem in read_examples(file, tariff)[1]]


def test_an_example_without_a_mistake_has_none(tmp_path: Path) -> None:
    assert told(SOUND, tmp_path) == []
    longest = SOUND.replace('hours: "2"', 'hours: "8784"').replace("  period: 2027-07\n", """\
  period: 2027-07-01/2027-08-01
  as_of: "2027-08-01T00:00:00-05:00"
  days_back: 1098
""")
    assert told(longest, tmp_path) == []


@pytest.mark.parametrize(("old", "new", "said"), [
    ("  period:", "  perod:", ["3 perod: is not a key that is known here"]),
    ("period: 2027-07\n", "period: 2027-13\n", ["3 period: is not a period"]),
    ("period: 2027-07\n", "as_of: 2027-08-01T00:00\n", ["3 as_of: is not a time with its offset"]),
    ("  cite: FH 4(a)\n", "", ["1 cite: is lacking"]),
    ("    total_usd:", "    total:", ["9 expect.total: is not a key that is known here"]),
    ('total_usd: "1.44"', 'total_usd: "$1.44"', ["9 expect.total_usd: is not a number"]),
    ('total_usd: "1.44"', 'total_usd: "nan"', ["9 expect.total_usd: is not a number"]),
    ('{nameplate_kw: "4.5"}', "{rider: heater}", ["4 homes.ann.rider: is no rider of the tariff"]),
    ('{nameplate_kw: "4.5"}', "4.5", ["4 homes.ann: is not a map, `name: …` for each"]),
    ("start: 2027-07-06T16:00, ", "", ["5 events.july-6: has no start"]),
    ("start: 2027-07-06T16:00, ", "start: noon, ", ["5 events.july-6.start: is not a local time"]),
    ('hours: "2"', "hours: two", ["5 events.july-6.hours: is not a number of hours"]),
    ('hours: "2"', 'hours: "2", notice: "1"', ["5 events.july-6.notice: is not a key that is known here"]),
    ('hours: "2"', 'hours: "8784.25"', ["5 events.july-6.hours: is not a number of hours"]),
    ("  period: 2027-07\n", "  days_back: 1099\n", ["3 days_back: is not a number of days"]),
    ("  period: 2027-07\n", "  days_back: some\n", ["3 days_back: is not a number of days"]),
    ("outcomes: {july-6:", "outcomes: {july-7:", ["7 expect.outcomes.july-7: is no event of this example"]),
    ("lines: [{", "lines: {first: {", ["8 expect.lines: is not a list"]),
    ("  period: 2027-07\n", "  discharge_kw: {july-7: 4}\n", ["3 discharge_kw.july-7: is no event of this example"]),
    ("  period: 2027-07\n", "  price_usd_per_mwh: {july-6: 40}\n", ["3 price_usd_per_mwh.july-6: is not a list"]),
    ("  period: 2027-07\n", "  market_values: [{names: x}]\n",
     ["3 market_values.0.names: is not a key that is known here"]),
    ("  period: 2027-07\n", "  nominations: {ann: {2027-07: {kW: 3}}}\n",
     ["3 nominations.ann.2027-07.kW: is not a key that is known here"]),
    ("  period: 2027-07\n", "  claims: [{home: bob, kwh: 3}]\n",
     ["3 claims.0: has no span", "3 claims.0: is no home of this example", "3 claims.0: names no program"]),
])
def test_a_slip_is_told_with_its_line(old: str, new: str, said: list[str], tmp_path: Path) -> None:
    assert SOUND.count(old) == 1
    text = SOUND.replace(old, new)
    if old == "lines: [{":
        text = text.replace('"1.44"}]', '"1.44"}}')
    assert told(text, tmp_path) == said


@pytest.mark.parametrize("expect", ["", "  expect:\n", "  expect: {}\n"])
def test_an_example_that_expects_nothing_is_a_mistake(expect: str, tmp_path: Path) -> None:
    """Without an expectation it could never fail."""
    assert told(HEAD + expect, tmp_path) == [
        f"{6 if expect else 1} expect: expects nothing, so nothing could fail"]


def test_every_mistake_of_every_example_is_told_at_once(tmp_path: Path) -> None:
    text = SOUND.replace("period", "perod") + SOUND.replace("  cite: FH 4(a)\n", "") + "- just words\n"
    assert told(text, tmp_path) == [
        "3 perod: is not a key that is known here", "10 cite: is lacking",
        "18 : is not a map, `name: …` for each"]


@pytest.mark.parametrize(("text", "said"), [
    ("", "1 : holds no list of examples"),
    ("name: alone\n", "1 : holds no list of examples"),
    ("- name: [\n", "2 : is not valid YAML: "),
    ("- name: one\n  name: two\n", "2 : is not valid YAML: found duplicate key"),
])
def test_a_file_that_cannot_be_read_is_one_mistake(text: str, said: str, tmp_path: Path) -> None:
    (found,) = told(text, tmp_path)
    assert found.startswith(said)


@pytest.mark.parametrize(("old", "new", "said"), [
    ("  period: 2027-07\n", "  discharge_kw: {july-6: often}\n", "1: error: 'often', said of ann in july-6, is"),
    ("  period: 2027-07\n", '  discharge_kw: {july-6: ["4"]}\n', "1: error: 1 powers are too few"),
    ("  period: 2027-07\n", '  discharge_kw: {july-6: ["4", x]}\n', "1: error: 'x' is not a power in kW"),
    ("  period: 2027-07\n", '  usual_kw: "NaN"\n', "1: error: 'NaN' is not a power in kW"),
    ('{ann: {nameplate_kw: "4.5"}}', "{ann: , bob: }\n  usual_kw: {ann: 3}", "1: error: usual_kw says nothing of bob"),
    ('{ann: {nameplate_kw: "4.5"}}', "{ann: {point_id: m}, bob: {point_id: m}}\n"
     '  discharge_kw: {july-6: {ann: "3", bob: "4"}}', "1: error: the meter m would have two readings at "),
])
def test_what_makes_no_sense_is_told_and_nothing_is_run(old: str, new: str, said: str, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert SOUND.count(old) == 1
    tariff = tariff_with(SOUND.replace(old, new), tmp_path / "rider")
    assert main(["tariff", "cases", str(tariff), "--keep", str(tmp_path / "kept")]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err.partition("cases.yaml:")[2][:len(said)]) == ("", said)
    assert not (tmp_path / "kept").exists()


def test_a_tariff_without_examples_says_where_they_would_stand(tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    tariff = tariff_with("", tmp_path)
    (tmp_path / "cases.yaml").unlink()
    assert main(["tariff", "cases", str(tariff)]) == 1
    assert f"{tmp_path / 'cases.yaml'}: error: cannot be read: No such file" in capsys.readouterr().err


def test_a_tariff_that_is_not_sound_is_told_by_its_own_lines(tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    tariff = tariff_with(SOUND, tmp_path)
    tariff.write_text(tariff.read_text(encoding="utf-8").replace("effective: 2027-05-01", "effective: soon"),
                      encoding="utf-8")
    assert main(["tariff", "cases", str(tariff)]) == 1
    assert f"{tariff}:" in capsys.readouterr().err
