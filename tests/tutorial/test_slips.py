"""What somebody who writes the first rider gets wrong, and the one message that leads on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridrider.tariff.load import load, parse_text
from tests.house.source import ROOT

TARIFF = (ROOT / "tests" / "tutorial" / "flexible-home" / "tariff.yaml").read_text(encoding="utf-8")


def told(text: str) -> list[str]:
    """All that is said of a tariff, without its file."""
    return [str(problem).partition(":")[2] for problem in parse_text(text)[1]]


def slipped(old: str, new: str) -> tuple[list[str], int]:
    """All that is said once a word of the tutorial's tariff is another, and the line where it stands."""
    assert old in TARIFF
    return told(TARIFF.replace(old, new)), TARIFF[:TARIFF.index(old)].count("\n") + 1


NUMBER = 'is not a number. Write digits in quotes, for example "2.00": no unit, no exponent, no thousands sign.'


@pytest.mark.parametrize(("old", "new", "said"), [
    ('deemed_share: "0.2"', 'deemed_share: "20%"',
     f"error: riders.water.services.wait.measurement.deemed_share '20%' {NUMBER}"),
    ('{value: "25.00", cite', '{value: "$25", cite', f"error: riders.water.upfront.adders.usd '$25' {NUMBER}"),
    ('term_months: "24"', 'term_months: 24 months',
     f"error: riders.water.upfront.claw_back.term_months '24 months' {NUMBER}"),
    ('require: power_kw, at_least: "3", at_most: "6"', "require: power_kw >= 3",
     "error: riders.water.eligibility[2] 'power_kw >= 3' is a formula, and a condition is the name of one thing. Write "
     "one word, such as power_kw, and its bound beside it: at_least: or at_most:."),
    ("owed_to: funder", "owed_to: utility",
     "error: riders.water.upfront.claw_back is owed to the utility, and the law forbids penalties: only what a funder "
     "takes back may be passed through (Board policy 7). Write owed_to: funder where one asks its money back, else "
     "take claw_back: away."),
    ("effective: 2027-05-01", "effective: 5/1/2027", "error: effective '5/1/2027' is not a date. Write YYYY-MM-DD."),
    ("filed: 2027-02-10", "filed: soon", "error: filed 'soon' is not a date. Write YYYY-MM-DD."),
])
def test_a_slip_is_told_once_and_nothing_that_follows_from_it(old: str, new: str, said: str) -> None:
    found, line = slipped(old, new)
    assert found == [f"{line}: {said}"]


def test_a_word_that_many_rules_lack_is_one_finding() -> None:
    """A cite that is missing at the top is told once, with the number of rules; three rules are told one by one."""
    top = 'cite: "Rate schedule FH"\n'
    found, _ = slipped(top, "")
    assert found == [
        "12: error: holidays 'us_federal' lacks cite, as do 4 more rules. Write cite: once at the top of the file, or "
        "in a block around them: since when, filed when, by which clause."]
    some = TARIFF.replace(top, "").replace("pay: {schedule: month,", 'pay: {cite: "FH", schedule: month,', 1)
    assert [each.partition(" lacks")[0] for each in told(some)] == [
        "12: error: holidays 'us_federal'", "109: error: riders.ev.pay.by 'a list'",
        "109: error: riders.ev.pay.schedule 'month'"]


def test_the_beginning_of_a_key_names_those_that_begin_so() -> None:
    found, line = slipped('rate_usd_per_kwh: {value: "0.20"', 'rate: {value: "0.20"')
    assert found[0] == (f"{line}: error: riders.water.services.wait.payments[1].rate is not a name that this block "
                        "knows. Did you mean rate_usd_per_kwh or rate_usd_per_kw_month or rate_usd_per_kw_season?")


def test_a_clause_that_cannot_be_read_hides_nothing_outside_of_its_block() -> None:
    """Below the protections, whose day is wrong, nothing more is told; a slip beside them is."""
    protections = '    protections:\n      cite: "FH 2"\n'
    broken = TARIFF.replace(protections, f"{protections}      effective: May\n", 1).replace(
        'term_months: "24"', 'term_months: "many"')
    assert [each.partition(" is not")[0] for each in told(broken)] == [
        "28: error: riders.water.protections.effective 'May'",
        "36: error: riders.water.upfront.claw_back.term_months 'many'"]


@pytest.mark.parametrize(("days", "warned"), [
    ("[mon, tue, wed, thu, fri]", []),
    ("[mon, tue, wed, thu, fri, sat]", ["no day type holds sat. Events on these days have no baseline; add them to a "
                                        "type."]),
])
def test_day_types_need_only_the_days_of_the_calls(days: str, warned: list[str]) -> None:
    before, _, cars = TARIFF.partition("  ev:\n")
    text = f"{before}  ev:\n{cars.replace('days: [mon, tue, wed, thu, fri]', f'days: {days}', 1)}"
    assert [each.partition("day_types ")[2] for each in told(text)] == warned


@pytest.mark.parametrize(("owed_to", "allowed", "warned"), [
    ("funder", "forbidden", False), ("funder", "allowed", False), ("utility", "allowed", True)])
def test_a_claw_back_does_not_go_with_leaving_without_penalty(owed_to: str, allowed: str, warned: bool) -> None:
    """What a funder takes back is no penalty of the utility's; what the utility takes back is."""
    text = TARIFF.replace("leave: claw_back", "leave: without_penalty").replace(
        "owed_to: funder", f"owed_to: {owed_to}").replace("value: forbidden", f"value: {allowed}")
    assert [each.partition("'without_penalty' ")[2] for each in told(text)] == [
        "says that leaving costs nothing, and upfront.claw_back takes money back. Write leave: claw_back, or take "
        "claw_back: away."] * warned


@pytest.mark.parametrize("form", ["no meter of its own", "compared with earlier days"])
def test_each_other_measurement_in_the_template_is_sound(form: str, tmp_path: Path) -> None:
    """Who takes the remark sign away has a tariff that loads without a warning."""
    template = (ROOT / "tariffs" / "_template" / "tariff.yaml").read_text(encoding="utf-8")
    start, rest = template.split("        measurement:\n          point: inverter", 1)
    remarks = rest[rest.index(form):].splitlines()[1:]
    block: list[str] = []
    for remark in remarks:
        if not remark.startswith("        #   "):
            break
        block.append(f"        {remark.removeprefix('        #   ')}\n")
    file = tmp_path / "tariff.yaml"
    file.write_text(start + "".join(block) + rest[rest.index("        payments:"):], encoding="utf-8")
    tariff, problems = load(file)
    assert (tariff is not None, problems, len(block) > 0) == (True, [], True)
