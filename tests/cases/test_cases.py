"""Every worked example of every tariff, by the engine and the reference: pytest tests/cases -k 'words of its name'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gridrider.tariff.load import load
from tests.cases.world import Case, cases_of, folder_of
from tests.house.source import ROOT
from tests.reference.numbers import Refused
from tests.reference.settlement import Cells, settle
from tests.settle.both import run_engine, table

EXAMPLES = [pytest.param(file, case, id=f"{file.parent.relative_to(ROOT / 'tariffs')}: {case['name']}")
            for file in sorted((ROOT / "tariffs").rglob("cases.yaml")) for case in cases_of(file)
            if "reconcile" not in case]  # those run in tests/reconcile
KNOWN_KEYS = frozenset({"outcomes", "counted", "lines", "total_usd", "statements", "attribution", "refused"})
PROVEN = re.compile(r"R\d+[a-z]?")
Tables = Mapping[str, list[Cells]]


def agree(said: object, cell: str) -> bool:
    """True when a cell is what the example says; numbers by their worth."""
    if isinstance(said, bool):
        return str(said).lower() == cell
    try:
        return Decimal(str(said)) == Decimal(cell)
    except ArithmeticError:
        return ("" if said is None else str(said)) == cell


def same_row(said: Mapping[str, Any], row: Cells, zone: ZoneInfo) -> bool:
    """True when a row is what the example says of it; its start by the local clock."""
    return all(datetime.fromisoformat(str(cell)).replace(tzinfo=zone) == datetime.fromisoformat(row[column])
               if column == "start" else agree(cell, row[column]) for column, cell in said.items())


def check_rows(wanted: list[Mapping[str, Any]], rows: list[Cells], zone: ZoneInfo) -> None:
    """Hold a table against the rows that an example expects: each once, and no other."""
    left = list(rows)
    for said in wanted:
        match = [row for row in left if same_row(said, row, zone)]
        assert match, f"no row is {said}; there are {left}"
        left.remove(match[0])
    assert not left, f"rows that the example does not expect: {left}"


def check(case: Case, tables: Tables, zone: ZoneInfo) -> None:
    """Hold the tables of a settlement against an example's expectations."""
    expect: Mapping[str, Any] = case["expect"]
    assert set(expect) <= KNOWN_KEYS, set(expect) - KNOWN_KEYS
    for column in ("outcomes", "counted"):
        cell = "outcome" if column == "outcomes" else "counted"
        for event_id, said in expect.get(column, {}).items():
            taken = {row["enrollment_id"]: row[cell] for row in tables["participation"]
                     if row["event_id"] == str(event_id)}
            wanted = said if isinstance(said, Mapping) else dict.fromkeys(taken, said)
            assert taken == {str(home): str(word).lower() for home, word in wanted.items()}, (event_id, taken)
    for name in ("lines", "statements", "attribution"):
        if name in expect:
            check_rows(expect[name], tables[name], zone)
    if "total_usd" in expect:
        assert sum(Decimal(line["amount_usd"]) for line in tables["lines"]) == Decimal(str(expect["total_usd"]))


def zone_of(tariff_file: Path) -> ZoneInfo:
    """The zone of a tariff's local clock."""
    tariff, problems = load(tariff_file)
    assert tariff is not None, problems
    return ZoneInfo(tariff.timezone)


def asked(case: Case) -> tuple[str, str]:
    """Period and as-of of an example; the year 2025 unless it says otherwise."""
    return str(case.get("period", "2025")), str(case.get("as_of", ""))


@pytest.mark.parametrize(("file", "case"), EXAMPLES)
def test_the_reference_pays_as_the_example_says(file: Path, case: Case, tmp_path: Path) -> None:
    tariff = file.parent / "tariff.yaml"
    inputs = folder_of(case, tariff).write(tmp_path)
    if "refused" in case["expect"]:
        with pytest.raises(Refused):
            settle(tariff, inputs, *asked(case))
        return
    settled = settle(tariff, inputs, *asked(case))
    check(case, {"participation": settled.participation, "lines": settled.lines, "statements": settled.statements,
                 "attribution": settled.attribution}, zone_of(tariff))


@pytest.mark.parametrize(("file", "case"), EXAMPLES)
def test_the_engine_pays_as_the_example_says(file: Path, case: Case, tmp_path: Path) -> None:
    tariff, (period, as_of), out = file.parent / "tariff.yaml", asked(case), tmp_path / "out"
    inputs = folder_of(case, tariff).write(tmp_path / "inputs")
    code = run_engine(tariff, inputs, period, out, *(("--as-of", as_of) if as_of else ()))
    if "refused" in case["expect"]:
        reasons = [row["reason"] for row in table(out, "problems") if row["severity"] == "error"]
        assert code == 1, reasons
        assert any(str(case["expect"]["refused"]) in reason for reason in reasons), reasons
        assert not (out / "lines.csv").exists()
        return
    assert code == 0, table(out, "problems")
    names = {"participation", "lines", "statements"} | ({"attribution"} & set(case["expect"]))
    check(case, {name: table(out, name) for name in names}, zone_of(tariff))


def test_every_example_names_its_clause_and_expects_something() -> None:
    files = sorted((ROOT / "tariffs").rglob("cases.yaml"))
    lacking = [f"{file}: {case['name']}" for file in files for case in cases_of(file)
               if not case.get("cite") or not case.get("expect")]
    assert files
    assert not lacking


def test_what_an_example_proves_are_requirements() -> None:
    wrong = [f"{file}: {case['name']}: {said}" for file in sorted((ROOT / "tariffs").rglob("cases.yaml"))
             for case in cases_of(file) for said in case.get("proves") or () if not PROVEN.fullmatch(str(said))]
    assert not wrong
