"""A skipped test passes .ci/run only when the allow-list names its reason."""

import importlib.util
from types import ModuleType

import pytest

from tests.house.source import ROOT

REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_ran"/>
<testcase classname="tests.a" name="test_refs"><skipped message="../shared/refs is absent; set X"/></testcase>
<testcase classname="tests.b" name="test_lazy"><skipped message="flaky">b.py:1</skipped></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module")
def skips() -> ModuleType:
    spec = importlib.util.spec_from_file_location("skips", ROOT / ".ci" / "skips.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_skip_that_nobody_allowed_is_named(skips: ModuleType) -> None:
    allow_list = (ROOT / ".ci" / "allowed-skips.txt").read_text(encoding="utf-8")
    assert skips.not_allowed(REPORT, allow_list) == ["tests.b::test_lazy was skipped: flaky"]


def test_nothing_is_allowed_by_an_empty_list(skips: ModuleType) -> None:
    assert len(skips.not_allowed(REPORT, "# nothing\n")) == 2


def test_an_allowance_without_a_why_is_refused(skips: ModuleType) -> None:
    with pytest.raises(SystemExit, match="gives no why"):
        skips.allowed_reasons("flaky |\n")
