"""Settle a folder and explain its lines, for the tests of explanations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gridrider.app.explain import explain_line
from gridrider.settlement.explain import Explanation
from gridrider.twin.example_world import cases_of
from tests.cases.test_cases import inputs_of
from tests.house.source import ROOT
from tests.reference.settlement import Cells
from tests.settle.both import run_engine, table

Steps = dict[str, list[dict[str, Any]]]


def settled(tariff: Path, inputs: Path, period: str, out: Path, as_of: str = "") -> list[Cells]:
    """The lines of a settlement that must succeed."""
    code = run_engine(tariff, inputs, period, out, *(("--as-of", as_of) if as_of else ()))
    assert code == 0, table(out, "problems")
    return table(out, "lines")


def example(tariff: str, name: str, folder: Path) -> list[Cells]:
    """Settle a worked example of a shipped tariff in `folder`; its lines."""
    file = ROOT / "tariffs" / tariff / "tariff.yaml"
    case = next(case for case in cases_of(file.with_name("cases.yaml")) if case["name"].startswith(name))
    inputs = inputs_of(case, file, folder / "inputs")
    return settled(file, inputs, str(case.get("period", "2025")), folder / "out", str(case.get("as_of", "")))


def explain(line_id: str, folder: Path) -> Explanation:
    """The explanation of a line of the folder's run."""
    return explain_line(line_id, inputs=folder / "inputs", out=folder / "out")


def by_kind(explanation: Explanation) -> Steps:
    """The values of the steps, with words and clause, under their kinds."""
    steps: Steps = {}
    for step in explanation.document()["steps"]:
        steps.setdefault(step["kind"], []).append({**step["values"], "words": step["words"], "clause": step["clause"]})
    return steps
