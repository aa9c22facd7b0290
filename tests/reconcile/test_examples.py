"""The worked examples of tariffs that reconcile."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.house.source import ROOT
from tests.reconcile.world import Cells, at, from_case, run, table

EXAMPLES = [pytest.param(file.parent / "tariff.yaml", case, id=case["name"])
            for file in sorted((ROOT / "tariffs").rglob("cases.yaml"))
            for case in YAML(typ="safe").load(file.read_text(encoding="utf-8")) if "reconcile" in case]


def agree(said: object, cell: str) -> bool:
    """True when a cell is what the example says; numbers by their worth."""
    if isinstance(said, bool):
        return cell == str(said).lower()
    try:
        return Decimal(str(said)) == Decimal(cell)
    except ArithmeticError:
        return str(said) == cell


def same(said: dict[str, Any], row: Cells) -> None:
    """Hold a row against what an example says of it."""
    assert {name: row[name] for name, cell in said.items() if not agree(cell, row[name])} == {}, said


@pytest.mark.parametrize(("tariff", "case"), EXAMPLES)
def test_an_example_comes_out_as_it_says(tariff: Path, case: dict[str, Any], tmp_path: Path) -> None:
    """The examples beside the tariff (R10, R84, R98, R99, R100, R101, R102, R103, R104)."""
    world, day = from_case(case["reconcile"]), case["reconcile"]["day"]
    assert run(world, tmp_path, f"{day}/{day + timedelta(days=1)}", tariff) == 0, table(tmp_path, "problems")
    expect = case["expect"]
    for clock, said in expect.get("retail", {}).items():
        same(said, at(tmp_path, f"{day}T{clock}"))
    for name in ("demand", "wholesale"):
        for row in table(tmp_path, name):
            same(expect.get(name, {}), row)
    if "exceptions" in expect:
        told = table(tmp_path, "exceptions")
        assert len(told) == len(expect["exceptions"]), told
        for said, row in zip(expect["exceptions"], told, strict=True):
            same(said, row)
