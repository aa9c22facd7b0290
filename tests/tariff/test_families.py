"""What payment families, floors, stacking and names need: the whole passes, and what lacks something does not."""

import pytest

from tests.tariff.written import WHOLE, changed, line_of, problems_of, said

RATE = '          - family: energy\n            rate_usd_per_kwh: "2.50"\n'
NOMINATED = """\
          - family: capacity_nominated
            rate_usd_per_kw_month: "12"
            steps:
              - {ratio_at_least: "1.05", of_nominated: "1.05"}
              - {ratio_at_least: "0.75", of_delivered: "1"}
              - {ratio_at_least: "0.6", of_nominated: "0.5"}
              - {ratio_at_least: "0", of_nominated: "-1"}
"""
COMMITTED = """\
          - family: capacity_committed
            performance_factor: {low: "0", high: "1", decimals: "2"}
            export_credit: {retail_usd_per_kwh: "0.40", export_usd_per_kwh: "0.15", share: "0.7", hours_per_day: "2",
                            days_per_month: "30"}
"""
PRICED = "          - family: energy_at_price\n"
ZONES = "zones:\n  north: {price_series: \"MARKET:NORTH\"}\nseasons:"


def with_payment(payment: str) -> str:
    return changed(RATE, payment)


@pytest.mark.parametrize("text", [
    with_payment(NOMINATED), with_payment(COMMITTED), with_payment(PRICED).replace("seasons:", ZONES)])
def test_a_whole_payment_passes(text: str) -> None:
    """Nominated power by steps, committed power with factor and export credit, energy at the market's price (R130)."""
    assert problems_of(text) == []


@pytest.mark.parametrize(("payment", "old", "new", "needle", "reason"), [
    (NOMINATED, '              - {ratio_at_least: "0", of_nominated: "-1"}\n', "", "steps:",
     "say nothing of ratios below 0.6"),
    (NOMINATED, '"0.75"', '"1.05"', '{ratio_at_least: "1.05", of_del', "does not lie below the step before it (1.05)"),
    (NOMINATED, 'ratio_at_least: "0.6", ', "", '{of_nominated: "0.5"', "says no ratio from which it holds"),
    (NOMINATED, '"0.6", of_nominated: "0.5"', '"0.6"', '{ratio_at_least: "0.6"', "pays a share of nothing"),
    (NOMINATED, "family: capacity_nominated", "family: capacity_average", "steps:",
     "belong to capacity_nominated, and this pays by capacity_average"),
    (NOMINATED, NOMINATED[NOMINATED.index("            steps"):], "", "- family",
     "capacity_nominated needs a schedule over delivered by nominated power"),
    (NOMINATED, '            rate_usd_per_kw_month: "12"\n', "", "- family",
     "the family capacity_nominated needs exactly one rate"),
    (COMMITTED, '            export_credit', '            rate_usd_per_kw_month: "5"\n            '
                                             'export_credit', "- family",
     "the payment's rate is made of other values, so it takes no rate of its own"),
    (COMMITTED, ', share: "0.7"', "", "export_credit", "cannot be computed without share"),
    (COMMITTED, "capacity_committed", "capacity_average", "performance_factor",
     "belongs to capacity_committed, and this pays by capacity_average"),
    (PRICED, "price\n", 'price\n            rate_usd_per_kwh: "1"\n', "- family",
     "the payment's rate is made of other values, so it takes no rate of its own"),
    (PRICED, PRICED, PRICED, "- family", "pays the market price, and a zone has no price series"),
])
def test_a_payment_that_lacks_something_is_refused(payment: str, old: str, new: str, needle: str, reason: str) -> None:
    """Each family says what it needs (R130)."""
    assert old in payment
    text = with_payment(payment.replace(old, new, 1))
    assert f"{line_of(text, needle)} error: {reason}" in said(text)


@pytest.mark.parametrize(("family", "floor", "refused"), [
    ("capacity_average", "{at: \"0\", per: hour, over: aggregation}", True),
    ("capacity_average", "{at: \"0\", per: event, over: aggregation}", True),
    ("capacity_average", "{at: \"0\", per: season, over: aggregation}", False),
    ("capacity_average", "{at: \"0\", per: event, over: site}", False),
    ("energy", "{at: \"0\", per: hour, over: aggregation}", False),
])
def test_an_average_cannot_be_lifted_hour_by_hour_over_an_aggregation(family: str, floor: str, refused: bool) -> None:
    text = changed("          method: direct\n", f"          method: direct\n          floor: {floor}\n")
    if family != "energy":
        text = text.replace(RATE, '          - {family: capacity_average, rate_usd_per_kw_season: "5"}\n')
    found = [each for each in said(text) if "lifts the sums of an aggregation" in each]
    assert bool(found) is refused


TWO = WHOLE.replace("    pay: {sch", """\
      relief:
        calls: {kinds: {peak: {counts: true}}}
        measurement: {point: inverter, method: direct}
        payments: [{family: energy, rate_usd_per_kwh: "1"}]
    stacking: [{services: [relief, peak], rule: incremental_only}]
    pay: {sch""")


@pytest.mark.parametrize(("old", "new", "reason"), [
    ("[relief, peak]", "[relief, peek]", "is not a service of this rider"),
    ("[relief, peak]", "[peak, peak]", "needs two different services at least"),
    (", rule: incremental_only", "", "says no rule"),
])
def test_stacking_names_services_of_the_rider_and_a_rule(old: str, new: str, reason: str) -> None:
    """Which of two services is paid first must be clear (R53)."""
    assert problems_of(TWO) == []
    text = TWO.replace(old, new, 1)
    assert f"{line_of(text, 'stacking:')} error: {reason}" in said(text)


@pytest.mark.parametrize(("name", "refused"), [
    ("low_income", False), ("low_incom", True), ("disadvantaged_comunity", True), ("fast_charger", False)])
def test_a_near_miss_of_an_attribute_is_a_mistake_and_a_new_one_is_none(name: str, refused: bool) -> None:
    text = changed("            rate_usd_per_kwh", f"            when_any: [{name}]\n            rate_usd_per_kwh")
    found = [each for each in said(text) if "almost the name of an attribute" in each]
    assert bool(found) is refused
