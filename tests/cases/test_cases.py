"""Every worked example of every tariff, by the engine and the reference: pytest tests/cases -k 'words of its name'."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cases.world import Case, cases_of, folder_of
from tests.house.source import ROOT
from tests.reference.settlement import Cells, settle
from tests.settle.both import run_engine, table

EXAMPLES = [pytest.param(file, case, id=f"{file.parent.relative_to(ROOT / 'tariffs')}: {case['name']}")
            for file in sorted((ROOT / "tariffs").rglob("cases.yaml")) for case in cases_of(file)]
KNOWN_KEYS = frozenset({"outcomes", "counted", "lines", "total_usd"})


def agree(said: object, cell: str) -> bool:
    """True when a cell is what the example says; numbers by their worth."""
    try:
        return Decimal(str(said)) == Decimal(cell)
    except ArithmeticError:
        return str(said) == cell


def check(case: Case, participation: list[Cells], lines: list[Cells]) -> None:
    """Hold two tables against an example's expectations."""
    expect: Mapping[str, Any] = case["expect"]
    assert set(expect) <= KNOWN_KEYS, set(expect) - KNOWN_KEYS
    for column in ("outcomes", "counted"):
        cell = "outcome" if column == "outcomes" else "counted"
        for event_id, said in expect.get(column, {}).items():
            taken = {row["enrollment_id"]: row[cell] for row in participation if row["event_id"] == str(event_id)}
            wanted = said if isinstance(said, Mapping) else dict.fromkeys(taken, said)
            assert taken == {home: str(word).lower() for home, word in wanted.items()}, (event_id, taken)
    if "lines" in expect:
        left = list(lines)
        for said in expect["lines"]:
            match = [line for line in left if all(agree(cell, line[column]) for column, cell in said.items())]
            assert match, f"no line is {said}; there are {left}"
            left.remove(match[0])
        assert not left, f"lines that the example does not expect: {left}"
    if "total_usd" in expect:
        assert sum(Decimal(line["amount_usd"]) for line in lines) == Decimal(str(expect["total_usd"]))


def asked(case: Case) -> tuple[str, str]:
    """Period and as-of of an example; the year 2025 unless it says otherwise."""
    return str(case.get("period", "2025")), str(case.get("as_of", ""))


@pytest.mark.parametrize(("file", "case"), EXAMPLES)
def test_the_reference_pays_as_the_example_says(file: Path, case: Case, tmp_path: Path) -> None:
    tariff = file.parent / "tariff.yaml"
    settled = settle(tariff, folder_of(case, tariff).write(tmp_path), *asked(case))
    check(case, settled.participation, settled.lines)


@pytest.mark.parametrize(("file", "case"), EXAMPLES)
def test_the_engine_pays_as_the_example_says(file: Path, case: Case, tmp_path: Path) -> None:
    tariff, (period, as_of) = file.parent / "tariff.yaml", asked(case)
    inputs = folder_of(case, tariff).write(tmp_path / "inputs")
    code = run_engine(tariff, inputs, period, tmp_path / "out", *(("--as-of", as_of) if as_of else ()))
    assert code == 0, table(tmp_path / "out", "problems")
    check(case, table(tmp_path / "out", "participation"), table(tmp_path / "out", "lines"))


def test_every_example_names_its_clause_and_expects_something() -> None:
    files = sorted((ROOT / "tariffs").rglob("cases.yaml"))
    lacking = [f"{file}: {case['name']}" for file in files for case in cases_of(file)
               if not case.get("cite") or not case.get("expect")]
    assert files
    assert not lacking
