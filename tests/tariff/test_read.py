"""What stands in the file arrives in the model: each type of field, inherited provenance, tables over conditions."""

from datetime import date, time
from decimal import Decimal
from fractions import Fraction

import pytest

from gridrider.tariff.cells import BadCell, parse
from gridrider.tariff.document import Bare, read_document
from gridrider.tariff.model import Case, in_force
from tests.tariff.written import WHOLE, changed, only_rider, only_service, problems_of, read, said

RATE = 'rate_usd_per_kwh: "2.50"'


def test_each_type_of_field_is_read() -> None:
    tariff = read(WHOLE)
    calls = only_service(tariff).calls
    assert tariff.timezone == "America/New_York"
    assert calls.hours is not None and calls.duration_h is not None
    assert [dated.value for dated in calls.hours.to] == [time(20)]
    assert [dated.value for dated in calls.duration_h.max] == [Decimal(3)]
    assert [dated.value for dated in calls.days] == [frozenset({"mon", "tue", "wed", "thu", "fri"})]
    assert [dated.value for dated in calls.kinds["peak"].counts] == [True]
    assert only_rider(tariff).technologies == ("battery",)


def test_any_means_every_choice_and_24_00_is_midnight() -> None:
    calls = only_service(read(changed("[mon, tue, wed, thu, fri]", "any").replace('to: "20:00"', 'to: "24:00"'))).calls
    assert len(calls.days[0].value) == 7
    assert calls.hours is not None
    assert calls.hours.to[0].value == time(0)


@pytest.mark.parametrize(("kind", "text", "expected"), [
    (Decimal, "2.00", Decimal("2.00")), (Decimal, "-3", Decimal(-3)), (Decimal, "+0.107899", Decimal("0.107899")),
    (Fraction, "5/7", Fraction(5, 7)), (Fraction, "0.6", Fraction(3, 5)), (date, "2024-02-29", date(2024, 2, 29)),
    (time, "00:00", time(0)), (bool, False, False), (str, "2024", "2024"),
])
def test_a_cell_is_read(kind: type, text: object, expected: object) -> None:
    assert parse(kind, text) == expected


@pytest.mark.parametrize(("kind", "node", "reason"), [
    (Decimal, Bare("2.5"), "without quotes"), (Decimal, "1e3", "not a number"), (Decimal, "1,000", "not a number"),
    (Decimal, "NaN", "not a number"), (Decimal, True, "not a number"), (Decimal, "9" * 16, "not a number"),
    (Decimal, "١", "not a number"), (Decimal, None, "is empty"), (Fraction, "5/0", "not a fraction"),
    (Fraction, Bare("0.6"), "without quotes"), (date, "2023-02-29", "calendar"), (date, "20240601", "not a date"),
    (date, "2024-06-01T00:00:00", "not a date"), (time, "25:00", "not a time"), (time, "7:00", "not a time"),
    (time, "17:00+02:00", "not a time"), (time, "24:30", "not a time"), (bool, "yes", "neither true nor false"),
    (str, False, "not a text"), (str, "  ", "is empty"), (str, "a\x1b[2Jb", "control character"),
])
def test_a_cell_that_cannot_be_read_says_why(kind: type, node: object, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        parse(kind, node)


def test_bare_scalars_are_those_of_yaml_1_2() -> None:
    document, problems = read_document("{a: 17:00, b: yes, c: true, d: 2.5, e: 010, f: ~, g: '2.5', h: 1e3}", "x")
    assert problems == []
    assert document == {"a": "17:00", "b": "yes", "c": True, "d": "2.5", "e": "010", "f": None, "g": "2.5", "h": "1e3"}
    assert [key for key, node in document.items() if isinstance(node, Bare)] == ["d", "h"]


def test_provenance_comes_from_the_nearest_block_around_the_rule() -> None:
    text = changed("        measurement:\n", "        measurement:\n          cite: Leaf 13\n").replace(
        "method: direct", "method: {value: direct, filed: 2027-01-05, confirmed: false, note: read twice}").replace(
        "seasons:", "assumptions: [one]\nseasons:")
    tariff = read(text)
    method, rate = only_service(tariff).measurement.method[0], only_service(tariff).payments[0].rate_usd_per_kwh[0]
    assert (method.cite, method.effective, method.filed, method.confirmed, method.note) == (
        "Leaf 13", date(2027, 6, 1), date(2027, 1, 5), False, "read twice")
    assert (rate.cite, rate.filed, rate.confirmed, rate.note) == ("Leaf 12", date(2027, 2, 10), True, "")


def test_named_blocks_hand_provenance_down_as_well() -> None:
    text = changed("  battery:\n", "  cite: Leaf 20\n  battery:\n")
    assert only_service(read(text)).measurement.method[0].cite == "Leaf 20"
    assert list(read(text).riders) == ["battery"]


@pytest.mark.parametrize("missing", ["effective: 2027-06-01\n", "filed: 2027-02-10\n", 'cite: "Leaf 12"\n'])
def test_rules_without_provenance_are_an_error_on_the_first_one_s_line(missing: str) -> None:
    """Eleven rules lack what stood once at the top, and it is said once."""
    assert said(changed(missing, "")) == [f"18 error: lacks {missing.partition(':')[0]}, as do 10 more rules"]


def test_few_rules_without_provenance_are_errors_on_their_own_lines() -> None:
    """Three that lack it are told one by one, each with its line."""
    given = changed('cite: "Leaf 12"\n', "").replace("        calls:\n", "        calls:\n          cite: Leaf 13\n")
    assert said(given.replace("pay: {", "pay: {cite: Leaf 14, ")) == [
        "25 error: lacks cite", "28 error: lacks cite", "29 error: lacks cite"]


def test_a_single_block_may_stand_without_its_dash() -> None:
    text = changed("          - family: energy\n            rate", "          family: energy\n          rate")
    assert only_service(read(text)).payments == only_service(read(WHOLE)).payments


def test_tables_give_one_value_for_each_case() -> None:
    table = """rate_usd_per_kwh:
              by_duration_h:
                "2": {jun: "1", july: "2", "8": "3", 9: "4"}
                4: {confirmed: false, cite: Leaf 14, by_month: {jun: 5, jul: 6, aug: 7, sep: 8}}"""
    text = changed(RATE, table).replace("seasons:", "assumptions: [one]\nseasons:").replace('max: "3"', 'max: "2"')
    tariff, problems = read(text.replace('4: {confirmed', '"3": "9"\n                4: {confirmed')), problems_of(text)
    assert ["no rate for a duration of 3 h" in problem.reason for problem in problems] == [True]
    rates, day = only_service(tariff).payments[0].rate_usd_per_kwh, date(2027, 8, 1)
    for case, expected in ((Case(month=8, duration_h=Decimal(2)), 3), (Case(month=9, duration_h=Decimal("2.0")), 4),
                           (Case(month=8, duration_h=Decimal(4)), 7), (Case(month=1, duration_h=Decimal(3)), 9)):
        dated = in_force(rates, day, day, case)
        assert dated is not None and dated.value == expected
    assert in_force(rates, day, day, Case(month=5, duration_h=Decimal(2))) is None
    assert {dated.cite for dated in rates if dated.duration_h == 4} == {"Leaf 14"}


def test_values_may_be_limited_to_customer_classes() -> None:
    text = changed(RATE, 'rate_usd_per_kwh: [{value: "2"}, {value: "3", customer_classes: [other, residential]}]')
    rates, day = only_service(read(text)).payments[0].rate_usd_per_kwh, date(2027, 8, 1)
    found = [in_force(rates, day, day, Case(customer_class=name)) for name in ("other", "small_commercial")]
    assert [dated and dated.value for dated in found] == [3, 2]


@pytest.mark.parametrize(("rate", "reason"), [
    ("rate_usd_per_kwh: 2.50", "is written without quotes, and a bare decimal would be read as a float"),
    ("rate_usd_per_kwh: {by_month: {mayor: 2}}", "is not a month"),
    ("rate_usd_per_kwh: {by_month: {13: 2}}", "is not a month"),
    ("rate_usd_per_kwh: {by_customer_class: {rich: 2}}", "is not a customer class"),
    ("rate_usd_per_kwh: {by_duration_h: {0: 2}}", "is not a length of time"),
    ("rate_usd_per_kwh: {by_duration_h: {2.5: 2}}",
     "is written without quotes, and a bare decimal would be read as a float"),
    ("rate_usd_per_kwh: {by_month: {may: {by_month: {jun: 2}}}}", "the table around it already states this condition"),
    ("rate_usd_per_kwh: {value: 2, months: []}", "is an empty list"),
    ("rate_usd_per_kwh: {value: 2, unit: EUR/kWh}", "this value is in USD/kWh"),
    ("rate_usd_per_kwh: {valu: 2}", "holds no value"),
    ("rate_usd_per_kwh: {value: 2, efective: 2027-01-01}", "is not a name that this block knows"),
    ("rate_usd_per_kwh:", "is empty"),
    ("rate_usd_per_kwh: []", "is not a number"),
    ("rate_usd_per_kwh: {by_month: {}}", "needs one line per case"),
])
def test_a_rule_that_cannot_be_read_says_why_on_its_line(rate: str, reason: str) -> None:
    assert f"28 error: {reason}" in said(changed(RATE, rate))
