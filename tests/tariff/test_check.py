"""Each mistake is found, said in a sentence, and placed on its line; what is right passes in silence."""

import pytest

from gridrider.tariff.load import load
from tests.tariff.written import NAMES, SHIPPED, WHOLE, changed, line_of, problems_of, said

RATE = 'rate_usd_per_kwh: "2.50"'
KINDS = "kinds: {peak: {title: Peak event, counts: true}}"
SEASON_RATE = "- family: capacity_average\n            rate_usd_per_kw_season:"
UPFRONT = '    upfront: {rate_usd_per_kw: "850"'


def test_the_whole_tariff_passes() -> None:
    assert problems_of(WHOLE) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_tariff_is_without_error(name: str) -> None:
    tariff, problems = load(SHIPPED[NAMES.index(name)])
    assert tariff is not None
    missing_length = ["no rate for a duration of 3 h: such an enrollment cannot be settled"]
    assert [problem.reason for problem in problems] == (missing_length if name == "cec/dsgs-option-3" else [])


@pytest.mark.parametrize(("old", "new", "expected"), [
    # names
    ("tariff: lakeside/home-battery", "tariff: Lake Side", "1 error: is not a tariff's name"),
    ("America/New_York", "America/Newyork", "4 error: is not a time zone"),
    ("America/New_York", "../../etc/passwd", "4 error: is not a time zone"),
    ("season: summer", "season: winter", "18 error: is not a season of this tariff"),
    ("currency: USD", "currency: EUR", "5 error: is not in the closed set"),
    ("title: Home battery\n", "titel: Home battery\n", "13 error: is not a name that this block knows"),
    ("  battery:\n", "  any:\n", "12 error: is a reserved word"),
    ("  battery:\n", "  a;b:\n", "12 error: cannot be a name"),
    ("{peak: {title", "{value: {title", "22 error: is a reserved word"),
    ("  summer:", "  2 halves:", "10 error: cannot be a name"),
    (KINDS, KINDS + "\n          default_kind: test", "23 error: is not a kind of this service"),
    (KINDS, KINDS + "\n          triggers: [{kind: operator, event_kind: test}]",
     "23 error: is not a kind of this service"),
    ("- family: energy", "- family: energy\n            kinds: [test]", "28 error: is not a kind of this service"),
    (KINDS, "kinds: {a-b: {counts: true}, A_B: {counts: true}}",
     "22 error: cannot be told from a-b in a table of events"),
    # dates of the season, hours
    ('from: "06-01"', 'from: "02-30"', "10 error: is not a day of the year"),
    ('to: "09-30"', 'to: "2027-09-30"', "10 error: is not a day of the year"),
    ('from: "15:00"', 'from: "20:00"', "20 error: the window ends at 20:00, before it begins"),
    ('{from: "15:00", to: "20:00"}', '{from: "15:00"}', "20 error: a window needs both from: and to:"),
    ('{from: "15:00", to: "20:00"}', '{to: "15:00"}', "20 error: a window needs both from: and to:"),
    # histories
    (RATE, 'rate_usd_per_kwh:\n              - {value: "1"}\n              - {value: "2"}',
     "30 error: holds from 2027-06-01 for the same case as line 29"),
    (RATE, 'rate_usd_per_kwh:\n              - {value: "1", months: [jun, jul, aug]}\n'
           '              - {value: "2", duration_h: "2"}',
     "30 error: holds from 2027-06-01 for the same case as line 29"),
    (RATE, 'rate_usd_per_kwh: {value: "1", effective: 2027-01-01}',
     "28 warning: takes effect on 2027-01-01 but was filed on 2027-02-10: a run as of an earlier day does not know it, "
     "and a later run corrects what was paid"),
    (RATE, 'rate_usd_per_kwh: {value: "1", confirmed: false}',
     "28 warning: is unconfirmed, and no assumption says so to the reader"),
    ("missed: measured", "missed: {value: measured, months: [jun]}",
     "29 error: is limited to some months, lengths or classes, and only rates, amounts and multipliers can be"),
    # numbers
    ('min: "1"', 'min: "4"', "21 error: from 2027-06-01 the least (4) is above the most (3)"),
    ('min: "1"', 'min: "-1"', "21 error: must not be below zero"),
    ("    services:", '    protections: {reserve_pct_min: "101"}\n    services:',
     "15 error: is more than 100 percent"),
    (RATE, 'rate_usd_per_kwh: "0.0000001"', "28 error: is finer than a micro-dollar and cannot be paid exactly"),
    # what must be there
    (", counts: true", "", "22 error: does not say whether its hours count toward payment"),
    ("counts: true", "counts: false",
     "27 warning: no kind of event counts, and the payment names none: it never pays"),
    ("          method: direct\n", "", "23 error: no method is named"),
    ("method: direct", "method: prescriptive", "23 error: a prescriptive baseline needs its share of nameplate power"),
    ("method: direct", "method: day_matching", "23 error: a day-matching baseline needs a choice of days"),
    ("- family: energy", "- family: capacity_average", "27 error: the family capacity_average needs exactly one rate"),
    ("- family: energy", "- family: capacity_price_weighted",
     "1 error: a price-weighted average needs zones with a price series"),
    ("authority: Lakeside Municipal Light\n", "", "1 error: is missing: who runs it"),
    ("          point: inverter\n", "", "23 error: is missing: where"),
    (KINDS, KINDS + "\n          triggers: [{kind: price, event_kind: peak}]",
     "23 error: a trigger of kind price never acts without above_usd_per_mwh"),
    # leaving and payments at enrollment
    ("    pay:", UPFRONT + ', claw_back: {method: pro_rata_months}}\n    pay:',
     "30 error: a claw-back without term_months cannot be computed"),
    ("    pay:", "    term: {leave: claw_back}\n    pay:", "30 error: nothing says what is paid back"),
    # law
    ("seasons:", "law: {performance_payment_forms: [eft]}\nseasons:",
     "31 error: is a form of payment that the tariff's law does not allow"),
    # eligibility
    ("    services:", '    eligibility: [{at_most: "5"}]\n    services:',
     "15 error: a condition either requires or refuses one thing"),
    ("    services:", '    eligibility:\n      - {require: power_kw, at_least: "5", at_most: "4"}\n    services:',
     "16 error: from 2027-06-01 the least (5) is above the most (4)"),
    # rates that are not there when they are due
    (RATE, "rate_usd_per_kwh: {by_month: {jun: 1, jul: 1, aug: 1}}", "28 warning: no rate in september"),
    (RATE, "rate_usd_per_kwh: {by_duration_h: {1: 1, 3: 1}}",
     "28 warning: no rate for a duration of 2 h: such an enrollment cannot be settled"),
    (RATE, "rate_usd_per_kwh: {by_customer_class: {residential: 1, other: 1}}",
     "28 warning: no rate for the customer class small_commercial"),
    (RATE, "rate_usd_per_kwh: {value: 1, effective: 2028-06-01}",
     "28 warning: events count from 2027-06-01, and the first rate holds from 2028-06-01: nothing is paid before"),
])
def test_a_mistake_is_found_on_its_line(old: str, new: str, expected: str) -> None:
    assert expected in said(changed(old, new))


def test_a_negative_rate_is_refused_only_where_the_law_forbids_penalties() -> None:
    negative = changed(RATE, 'rate_usd_per_kwh: "-0.50"')
    assert problems_of(negative) == []
    lifted = negative.replace("missed: measured", "missed: counts_as_zero")
    forbidden = lifted.replace("seasons:", "law: {penalties_on_participants: forbidden}\nseasons:")
    assert said(forbidden) == ["29 error: a negative rate is a penalty, and the tariff's law forbids penalties"]
    allowed = negative.replace("seasons:", "law: {penalties_on_participants: allowed}\nseasons:")
    assert problems_of(allowed) == []


def test_a_rate_per_season_wants_a_season() -> None:
    text = changed("- family: energy\n            rate_usd_per_kwh:", SEASON_RATE)
    assert problems_of(text) == []
    found = said(text.replace("          season: summer\n", ""))
    assert found == ["27 warning: a rate per season, and the service names no season: the calendar year is taken"]


def test_a_season_over_new_year_asks_for_its_months_and_no_others() -> None:
    text = changed('{from: "06-01", to: "09-30"}', '{from: "11-15", to: "02-10"}').replace(
        RATE, "rate_usd_per_kwh: {by_month: {nov: 1, dec: 1, jan: 1}}")
    assert said(text) == ["28 warning: no rate in february"]
    assert problems_of(text.replace("jan: 1", "jan: 1, feb: 1")) == []


def test_a_bound_is_checked_on_every_day_and_not_only_on_the_first() -> None:
    bounds = 'duration_h: {min: [{value: "1"}, {value: "4", effective: 2028-06-01, filed: 2028-01-01}], max: "3"}'
    assert said(changed('duration_h: {min: "1", max: "3"}', bounds)) == [
        "21 error: from 2028-06-01 the least (4) is above the most (3)"]


def test_a_later_filing_for_the_same_day_is_a_correction_and_no_mistake() -> None:
    corrected = 'rate_usd_per_kwh: [{value: "1"}, {value: "2", filed: 2027-03-01}]'
    assert problems_of(changed(RATE, corrected)) == []


def test_dates_that_are_inherited_by_many_rules_warn_once() -> None:
    (problem,) = problems_of(changed("filed: 2027-02-10", "filed: 2027-07-01"))
    assert "(and 10 more)" in problem.reason


def test_a_revision_that_leaves_out_months_says_which() -> None:
    table = """rate_usd_per_kwh:
              - {by_month: {jun: 1, jul: 2, aug: 3, sep: 4}}
              - {effective: 2028-06-01, filed: 2028-01-01, by_month: {jun: 5, jul: 6, sep: 8}}"""
    assert said(changed(RATE, table)) == [
        "30 warning: the rates from 2028-06-01 leave out august, which go on with an earlier rate"]
    assert problems_of(changed(RATE, table.replace("jul: 6,", "jul: 6, aug: 7,"))) == []
    assert problems_of(changed(RATE, table.replace("by_month: {jun: 5, jul: 6, sep: 8}", "value: 9"))) == []


def test_everything_is_found_at_once_and_in_the_order_of_the_lines() -> None:
    text = changed("America/New_York", "Nowhere").replace("point: inverter", "point: roof").replace(
        "by: [check]", "by: [gold]").replace('"09-30"', '"09-31"')
    assert said(text) == ["4 error: is not a time zone", "10 error: is not a day of the year",
                          "24 error: is not in the closed set",
                          f"{line_of(text, 'gold')} error: is not in the closed set"]


def test_a_block_that_cannot_be_read_brings_no_mistakes_after_it() -> None:
    assert said(changed(KINDS, "kinds: peak")) == ["22 error: needs named blocks"]
    assert said(changed("seasons:\n  summer", "seasons:\n  any")) == ["10 error: is a reserved word"]


def test_a_problem_says_place_reason_and_advice_in_one_line() -> None:
    (problem,) = problems_of(changed("point: inverter", "point: roof"))
    assert str(problem) == ("tariff.yaml:24: error: riders.battery.services.peak.measurement.point 'roof' is not in "
                            "the closed set. Choose one of inverter, device, premise.")
