"""The table of products, and what an operator may not change."""

from __future__ import annotations

import pytest

from gridrider.event.storm_products import DEFAULT_PRODUCTS, MINIMUM, products_of

LOCK = ["SV.W", "TO.W", "EW.W", "SQ.W", "HU.W", "TR.W", "TY.W", "SS.W", "WS.W", "BZ.W", "IS.W", "LE.W", "HW.W"]
PRE_ARM = ["HU.A", "TR.A", "SS.A", "TO.A", "SV.A", "WS.A", "HW.A", "BZ.A"]


def test_the_default_table_is_the_one_that_was_decided() -> None:
    assert {code for code, product in DEFAULT_PRODUCTS.items() if product.response == "lock"} == set(LOCK)
    assert {code for code, product in DEFAULT_PRODUCTS.items() if product.response == "pre_arm"} == set(PRE_ARM)
    assert {"FF.W", "FL.W", "FA.W", "CF.W", "DS.W", "FW.W"} < {
        code for code, product in DEFAULT_PRODUCTS.items() if product.response == "ignore"}
    assert all(product.code == code for code, product in DEFAULT_PRODUCTS.items())
    assert {"SV.W", "TO.W", "HU.W", "WS.W"} == MINIMUM


@pytest.mark.parametrize("code", ["SV.W", "TO.W", "HU.W", "WS.W"])
@pytest.mark.parametrize("response", ["ignore", "pre_arm"])
def test_an_operator_cannot_go_below_the_minimum(code: str, response: str) -> None:
    table, (problem,) = products_of({code: response}, "storm.yaml")
    assert table[code].response == "lock"
    assert "below the least" in str(problem) and problem.column == code and problem.severity == "error"


@pytest.mark.parametrize(("code", "response"), [("FW.W", "lock"), ("HW.W", "pre_arm"), ("LE.W", "ignore"),
                                                ("WI.Y", "pre_arm"), ("SV.W", "lock")])
def test_an_operator_may_choose_the_rest(code: str, response: str) -> None:
    table, problems = products_of({code: response}, "storm.yaml")
    assert (table[code].response, problems) == (response, [])
    assert {each: table[each] for each in DEFAULT_PRODUCTS if each != code} == {
        each: DEFAULT_PRODUCTS[each] for each in DEFAULT_PRODUCTS if each != code}


def test_all_mistakes_are_told_at_once() -> None:
    table, problems = products_of({"TOW": "lock", "BZ.W": "maybe", "TO.W": "ignore", "FF.W": "lock"}, "storm.yaml")
    assert [problem.column for problem in problems] == ["TOW", "BZ.W", "TO.W"]
    assert table["FF.W"].response == "lock" and table["BZ.W"].response == "lock"
