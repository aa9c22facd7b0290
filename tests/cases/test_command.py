"""`gridrider tariff cases` for somebody who writes a rider: what passes, what fails and why, and mistakes by line."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gridrider.app.tariff_case_rows import differences
from gridrider.cli import main
from tests.house.source import ROOT

RIDER = ROOT / "tests" / "tutorial" / "flexible-home"
HEAD = """\
- name: A heater waits two hours
  cite: FH 4(a)
  period: 2027-07
  homes: {ann: {nameplate_kw: "4.5"}}
  events: {july-6: {start: 2027-07-06T16:00, hours: "2"}}
"""
PAID = """\
  expect:
    outcomes: {july-6: performed}
    lines: [{enrollment_id: ann, component: energy, quantity: "1.8", amount_usd: "1.44"}]
    total_usd: "1.44"
"""


def tariff_with(cases: str, folder: Path) -> Path:
    """The tutorial's rider with other examples beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(RIDER / "tariff.yaml", folder)
    (folder / "cases.yaml").write_text(cases, encoding="utf-8")
    return folder / "tariff.yaml"


def said_of(cases: str, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of the command."""
    code = main(["tariff", "cases", str(tariff_with(cases, folder)), "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def why(cases: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Why the only example fails; it must."""
    code, document = said_of(cases, folder, capsys)
    (example,) = document["examples"]
    assert (code, example["verdict"], document["counts"]) == (1, "fails", {"passed": 0, "failed": 1, "not run": 0})
    return list(example["why"])


def test_examples_that_come_out_pass_and_the_command_ends_with_0(tmp_path: Path,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tariff", "cases", str(tariff_with(HEAD + PAID, tmp_path))]) == 0
    assert capsys.readouterr().out == "passes  A heater waits two hours\n1 example: 1 passed, 0 failed\n"


def test_a_cent_too_much_fails_and_the_command_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dearer = (HEAD + PAID).replace('amount_usd: "1.44"', 'amount_usd: "1.45"')
    assert main(["tariff", "cases", str(tariff_with(dearer, tmp_path))]) == 1
    assert capsys.readouterr().out == (
        "fails   A heater waits two hours\n"
        f"        {tmp_path}/cases.yaml:1: lines: expected {{enrollment_id: ann, component: energy, quantity: 1.8, "
        "amount_usd: 1.45}, came amount_usd 1.44\n"
        "1 example: 0 passed, 1 failed\n")


@pytest.mark.parametrize(("expect", "told"), [
    ('total_usd: "1.43"', ["total_usd: expected 1.43, came 1.44"]),
    ("outcomes: {july-6: {ann: missed}}", ["outcomes of july-6, ann: expected missed, came performed"]),
    ("outcomes: {july-6: {bob: missed, ann: performed}}",
     ["outcomes of july-6, bob: expected missed, came nothing"]),
    ("counted: {july-6: false}", ["counted of july-6, ann: expected false, came true"]),
    ("lines: []", ["lines: not expected: {payee_id: ann, enrollment_id: ann, event_id: july-6, service: wait, "
                   "component: energy, period_start: 2027-07-06, quantity: 1.800000, amount_usd: 1.44}"]),
    ('lines: [{amount_usd: "1.44"}, {amount_usd: "1.44"}]',
     ["lines: expected {amount_usd: 1.44}, came no further row"]),
    ('lines: [{enrollment_id: ann, amount: "1.44"}]',
     ["lines: expected {enrollment_id: ann, amount: 1.44}, came no column amount"]),
    ("attribution: [{enrollment_id: ann}]", ["attribution: expected {enrollment_id: ann}, came no further row"]),
    ("refused: no such thing", ["refused: expected an error that says 'no such thing', and it was settled"]),
])
def test_each_thing_that_is_not_as_expected_is_told(expect: str, told: list[str], tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    found = why(f"{HEAD}  expect: {{{expect}}}\n", tmp_path, capsys)
    assert found == told


def test_an_expectation_for_all_of_nobody_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A home that joins after the event takes no part, so nothing performed."""
    later = HEAD.replace('{nameplate_kw: "4.5"}', "{starts_on: 2027-08-01}")
    assert why(f"{later}  expect: {{outcomes: {{july-6: performed}}}}\n", tmp_path, capsys) == [
        "outcomes of july-6: expected performed, but no home took part"]


@pytest.mark.parametrize(("words", "code"), [("is not a number", 0), ("is no event of this run", 1)])
def test_a_refusal_is_expected_by_its_words(words: str, code: int, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    refused = HEAD.replace("FH 4(a)\n", "FH 4(a)\n  adjustment_kwh: {july-6: {ann: much}}\n")
    assert said_of(f"{refused}  expect: {{refused: {words}}}\n", tmp_path, capsys)[0] == code


@pytest.mark.parametrize("component", ["adder", "energy"])
def test_the_order_in_which_an_example_names_its_lines_does_not_matter(component: str) -> None:
    """A row that says little does not take the only row of one that says more, whichever comes first."""
    lines = [{"enrollment_id": "ann", "component": "energy"}, {"enrollment_id": "ann", "component": "adder"}]
    little, more = {"enrollment_id": "ann"}, {"enrollment_id": "ann", "component": component}
    for wanted in ([little, more], [more, little]):
        assert differences({"lines": wanted}, {"lines": lines}, ZoneInfo("UTC")) == []
    assert differences({"lines": [more, more]}, {"lines": lines}, ZoneInfo("UTC")) == [
        f"lines: expected {{enrollment_id: ann, component: {component}}}, came component "
        f"{'energy' if component == 'adder' else 'adder'}"]


@pytest.mark.parametrize(("said", "agrees"), [
    ("2027-07-06T16:00", True), ("2027-07-06T15:59", False), ("2027-07-06T21:00+00:00", True), ("noon", False)])
def test_a_start_is_read_by_the_local_clock(said: str, agrees: bool) -> None:
    rows = [{"start": "2027-07-06T21:00:00Z"}]
    found = differences({"attribution": [{"start": said}]}, {"attribution": rows}, ZoneInfo("America/Chicago"))
    assert (found == []) is agrees


TWO = HEAD + PAID + (HEAD + PAID).replace("two hours", "an afternoon").replace('total_usd: "1.44"', 'total_usd: "2"')


@pytest.mark.parametrize(("words", "verdicts"), [
    ("", ["passes", "fails"]), ("TWO hours", ["passes"]), ("afternoon", ["fails"])])
def test_words_choose_among_the_examples(words: str, verdicts: list[str], tmp_path: Path,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    code, document = said_of(TWO, tmp_path, capsys, "--case", words)
    assert [example["verdict"] for example in document["examples"]] == verdicts
    assert code == int("fails" in verdicts)


def test_words_that_no_name_holds_are_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = said_of(TWO, tmp_path, capsys, "--case", "a morning")
    assert (code, [problem["value"] for problem in document["problems"]]) == (1, ["a morning"])


def test_what_is_kept_can_be_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept"
    for _ in range(2):  # a second run takes the place of the first
        code, document = said_of(TWO, tmp_path / "rider", capsys, "--keep", str(kept))
        assert code == 1
    folders = [example["folder"] for example in document["examples"]]
    assert folders == ["01-a-heater-waits-two-hours", "02-a-heater-waits-an-afternoon"]
    assert sorted(path.name for path in kept.iterdir()) == [*folders, "examples.json"]
    assert json.loads((kept / "examples.json").read_text(encoding="utf-8")) == document
    run = kept / folders[0]
    with (run / "out" / "lines.csv").open(newline="", encoding="utf-8") as handle:
        (line,) = csv.DictReader(handle)
    assert line["amount_usd"] == "1.44"
    assert main(["explain", line["line_id"], "--inputs", str(run / "inputs"), "--out", str(run / "out")]) == 0
    assert "1.44 USD" in capsys.readouterr().out


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    code, document = said_of(TWO, tmp_path / "rider", capsys, "--keep", str(tmp_path / "mine"))
    assert (code, [problem["file"] for problem in document["problems"]]) == (1, [str(tmp_path / "mine")])
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_examples_of_a_reconciliation_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    tariff = ROOT / "tariffs" / "dod" / "v2g-ngr" / "tariff.yaml"
    assert main(["tariff", "cases", str(tariff), "--case", "zero megawatts"]) == 0
    assert capsys.readouterr().out == (
        "not run: a reconciliation example: An award of zero megawatts makes no award hour\n"
        "1 example: 0 passed, 0 failed, 1 not run\n")


def test_several_tariffs_are_run_one_after_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (tariff_with(HEAD + PAID, tmp_path / name) for name in ("one", "other"))
    assert main(["tariff", "cases", str(one), str(other)]) == 0
    assert capsys.readouterr().out == (
        f"{tmp_path}/one/cases.yaml:\npasses  A heater waits two hours\n"
        f"{tmp_path}/other/cases.yaml:\npasses  A heater waits two hours\n2 examples: 2 passed, 0 failed\n")
