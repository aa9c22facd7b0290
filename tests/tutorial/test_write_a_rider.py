"""The rider of docs/tutorials/write-a-rider.md is the one that is kept here, and its examples pay what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridrider.tariff.load import load
from gridrider.twin.example_world import Case, cases_of
from tests.cases.test_cases import test_the_engine_pays_as_the_example_says as by_the_engine
from tests.cases.test_cases import test_the_reference_pays_as_the_example_says as by_the_reference
from tests.house.console import complaints
from tests.house.source import ROOT

PAGE = ROOT / "docs" / "tutorials" / "write-a-rider.md"
KEPT = ROOT / "tests" / "tutorial"
CASES = KEPT / "flexible-home" / "cases.yaml"
EXAMPLES = [pytest.param(case, id=case["name"]) for case in cases_of(CASES)]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reader who has done all that the page says."""
    folder = tmp_path_factory.mktemp("reader")
    found = complaints(PAGE.read_text(encoding="utf-8"), folder)
    assert not found, "\n\n".join(found)
    return folder


def test_who_follows_the_page_holds_the_files_that_are_kept(walked: Path) -> None:
    """Nothing is kept that the page does not make, and nothing that reads otherwise."""
    kept = sorted(path.relative_to(KEPT) for path in KEPT.rglob("*")
                  if path.suffix in (".yaml", ".csv", ".md") and path.is_file())
    assert Path("flexible-home/tariff.yaml") in kept
    differing = [str(name) for name in kept
                 if (walked / name).read_text(encoding="utf-8") != (KEPT / name).read_text(encoding="utf-8")]
    assert differing == []
    made = {path.relative_to(walked) for path in (walked / "flexible-home").iterdir()}
    assert made == {name for name in kept if name.parts[0] == "flexible-home"}


def test_both_of_its_tariffs_are_sound() -> None:
    """The rider and its revision load without an error or a warning."""
    for name in ("flexible-home/tariff.yaml", "revised.yaml"):
        tariff, problems = load(KEPT / name)
        assert (tariff is not None, problems) == (True, []), name


@pytest.mark.parametrize("case", EXAMPLES)
def test_the_reference_pays_as_the_readers_example_says(case: Case, tmp_path: Path) -> None:
    by_the_reference(CASES, case, tmp_path)


@pytest.mark.parametrize("case", EXAMPLES)
def test_the_engine_pays_as_the_readers_example_says(case: Case, tmp_path: Path) -> None:
    by_the_engine(CASES, case, tmp_path)
