"""Every worked example of every tariff, by the engine and the reference: pytest tests/cases -k 'words of its name'."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridrider.app.tariff_case_files import read_examples
from gridrider.app.tariff_case_rows import Tables, differences
from gridrider.tariff.load import load
from gridrider.tariff.model import Tariff
from gridrider.twin.example_world import Case, cases_of, folder_of
from tests.house.source import ROOT
from tests.reference.numbers import Refused
from tests.reference.settlement import settle
from tests.settle.both import run_engine, table

EXAMPLES = [pytest.param(file, case, id=f"{file.parent.relative_to(ROOT / 'tariffs')}: {case['name']}")
            for file in sorted((ROOT / "tariffs").rglob("cases.yaml")) for case in cases_of(file)
            if "reconcile" not in case]  # those run in tests/reconcile
PROVEN = re.compile(r"R\d+[a-z]?")


def inputs_of(case: Case, tariff_file: Path, folder: Path) -> Path:
    """The folder of the input tables that an example stands for."""
    return folder_of(case, loaded(tariff_file)).write(folder)


def loaded(tariff_file: Path) -> Tariff:
    """A tariff that must be sound."""
    tariff, problems = load(tariff_file)
    assert tariff is not None, problems
    return tariff


def held_against(case: Case, tables: Tables, tariff_file: Path) -> list[str]:
    """In what a settlement is not what an example expects."""
    return differences(case["expect"], tables, ZoneInfo(loaded(tariff_file).timezone))


def asked(case: Case) -> tuple[str, str]:
    """Period and as-of of an example; the year 2025 unless it says otherwise."""
    return str(case.get("period", "2025")), str(case.get("as_of", ""))


@pytest.mark.parametrize(("file", "case"), EXAMPLES)
def test_the_reference_pays_as_the_example_says(file: Path, case: Case, tmp_path: Path) -> None:
    tariff = file.parent / "tariff.yaml"
    inputs = inputs_of(case, tariff, tmp_path)
    if "refused" in case["expect"]:
        with pytest.raises(Refused):
            settle(tariff, inputs, *asked(case))
        return
    settled = settle(tariff, inputs, *asked(case))
    tables = {"participation": settled.participation, "lines": settled.lines, "statements": settled.statements,
              "attribution": settled.attribution}
    assert held_against(case, tables, tariff) == []


@pytest.mark.parametrize(("file", "case"), EXAMPLES)
def test_the_engine_pays_as_the_example_says(file: Path, case: Case, tmp_path: Path) -> None:
    tariff, (period, as_of), out = file.parent / "tariff.yaml", asked(case), tmp_path / "out"
    inputs = inputs_of(case, tariff, tmp_path / "inputs")
    code = run_engine(tariff, inputs, period, out, *(("--as-of", as_of) if as_of else ()))
    if "refused" in case["expect"]:
        reasons = [row["reason"] for row in table(out, "problems") if row["severity"] == "error"]
        assert code == 1, reasons
        assert any(str(case["expect"]["refused"]) in reason for reason in reasons), reasons
        assert not (out / "lines.csv").exists()
        return
    assert code == 0, table(out, "problems")
    tables = {name: table(out, name) for name in ("participation", "lines", "statements", "attribution")}
    assert held_against(case, tables, tariff) == []


def test_every_example_names_its_clause_and_expects_something() -> None:
    files = sorted((ROOT / "tariffs").rglob("cases.yaml"))
    mistakes = [str(problem) for file in files
                for problem in read_examples(file, loaded(file.with_name("tariff.yaml")))[1]]
    assert files
    assert not mistakes


def test_what_an_example_proves_are_requirements() -> None:
    wrong = [f"{file}: {case['name']}: {said}" for file in sorted((ROOT / "tariffs").rglob("cases.yaml"))
             for case in cases_of(file) for said in case.get("proves") or () if not PROVEN.fullmatch(str(said))]
    assert not wrong
