"""The tariff in plain words: every rule told once with its clause, and nothing in the words of the file."""

import json
import re
from pathlib import Path

import pytest

from gridrider.app.tariff_commands import check_files, check_text, explain_file_json, explain_file_text
from gridrider.problem import DataRefused
from gridrider.tariff.declared import rules
from gridrider.tariff.explain import explain
from gridrider.tariff.load import load, tariff_hash
from gridrider.tariff.words import WIDTH
from tests.tariff.written import NAMES, SHIPPED, WHOLE, changed, read, shipped


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_shipped_tariff_is_told_with_its_clause(name: str) -> None:
    tariff, _ = load(SHIPPED[NAMES.index(name)])
    assert tariff is not None
    text = explain(tariff)
    told, _, listed = text.partition("\nClauses\n-------\n")
    clauses = {" ".join(words.split()) for _, words in re.findall(
        r"^ *\[(\d+)\] (.*(?:\n {6}.*)*)", listed.partition("\nTariff ")[0], flags=re.M)}
    told_without_clause = {"otherwise", "duration_matches"}
    wanted = {dated.cite for rule in rules(tariff) if rule.name not in told_without_clause for dated in rule.history}
    assert wanted <= clauses
    numbers = [int(number) for marks in re.findall(r"\[([\d?, ]+)\]", told) for number in re.findall(r"\d+", marks)]
    assert set(numbers) == set(range(1, len(clauses) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_lines_fit_a_terminal_and_no_word_of_the_file_is_left(name: str) -> None:
    text = explain_file_text(SHIPPED[NAMES.index(name)])
    body = text.partition("\nWhat is unconfirmed\n")[0]
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", body), re.search(r"\b[a-z]+_[a-z_]+\b", body)
    assert "frozenset" not in text and "Decimal" not in text and "None of" not in body
    assert max(len(line) for line in text.splitlines() if not line.startswith("Tariff ")) <= WIDTH + 2
    assert text.endswith(f"hash {explain_file_json(SHIPPED[NAMES.index(name)])['hash']}\n")


def test_rhode_island_reads_as_its_program_does() -> None:
    text = " ".join(explain_file_text(shipped("national-grid/connected-solutions-ri")).split())
    for sentence in ("Power: at most 50 kW [2].", "Events may be called from 1 June to 30 September.",
                     "They are called from Monday to Friday [1].",
                     "They lie between 14:00 [3] and 19:00 [3], local time.",
                     "A program year has at least 30 events [5] and at most 60 events [5].",
                     "There is no discharge while a storm warning is active [6].",
                     "An event the customer opts out of counts as zero [13].",
                     "capacity 1 June 2019 $400 per kW and season [10]",
                     "capacity 1 June 2024 $225 per kW and season [11?]",
                     "The rate at enrollment holds for 5 [14] years.", "It comes by check or bank transfer [1].",
                     "[10] v16 (2019-06-25): $400 per kW and summer", "values rest on no primary text"):
        assert sentence in text


def test_an_earlier_value_is_told_beside_the_later() -> None:
    text = " ".join(explain_file_text(shipped("pge/elrp-a4")).split())
    plain = re.sub(r"\[\d+\]", "[n]", text)
    assert "at most 3 hours since 1 January 2024 [n] (earlier: 5 hours since 1 May 2021 [n])" in plain


UPFRONT = """\
    upfront:
      rate_usd_per_kw: "850"
      power_kw_max: 10
      adders:
        - {when: constrained_area, usd_per_kw: 100}
        - {when_any: [low_income, disadvantaged_community], usd: "99.5"}
      claw_back: {method: pro_rata_months, term_months: 120}
    term: {rate_lock_years: 5, vintage_of: enrollment_and_service, renewal: automatic, lapsed: no_rate,
           leave: claw_back}
    protections: {reserve_pct_min: 20, storm: {hold: true, charge_to_pct: 100}, cycles_per_year_max: 50,
                  events_per_month_max: 8, islanded: customer_in_control, medical: excluded}
    non_performance: {missed_events: 6, in_seasons: 1, opted_out: never_counts, notice_days: 30}
    pay:"""


def test_every_other_block_has_its_words() -> None:
    text = " ".join(explain(read(changed("    pay:", UPFRONT))).split())
    for sentence in ("$850 per kW [1] is paid at enrollment.", "It is paid for at most 10 [1] kW.",
                     "In addition, for constrained area: $100 per kW [1].",
                     "In addition, for low income or disadvantaged community: $99.50 [1].",
                     "Who leaves within 120 [1] months pays back a part (pro rata months [1]).",
                     "The lock belongs to each enrollment and service [1].", "After the term no rate holds [1].",
                     "At least 20% [1] of the energy stays in the battery", "charged to 100 [1]%",
                     "Events use at most 50 [1] full cycles a year.", "Customers on life support are excluded [1].",
                     "An enrollment ends after 6 [1] missed events within 1 [1] season(s), after 30 [1] days' notice"):
        assert sentence in text


def test_the_json_is_the_canonical_form_and_its_hash() -> None:
    path = shipped("pseg-li/battery")
    document = json.loads(json.dumps(explain_file_json(path)))
    tariff, _ = load(path)
    assert tariff is not None
    assert document.keys() == {"tariff", "hash"}
    assert document["hash"] == tariff_hash(tariff)
    assert document["tariff"]["riders"]["battery"]["services"]["peak"]["payments"][0]["rate_usd_per_kw_month"] == [
        {"cite": "PSEG LI battery program (through the maker), secondary source", "confirmed": False,
         "effective": "2023-05-01", "filed": "2023-03-01", "unit": "USD/kW-month", "value": "8"}]


def test_a_file_with_errors_is_refused_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "tariff.yaml"
    path.write_text(changed("point: inverter", "point: roof").replace('"2.50"', "2.50"), encoding="utf-8")
    with pytest.raises(DataRefused) as refused:
        explain_file_text(path)
    assert [problem.row for problem in refused.value.problems] == [24, 28]


def test_check_tells_the_problems_of_every_file_and_counts_them(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(WHOLE, encoding="utf-8")
    bad.write_text(changed("point: inverter", "point: roof").replace("filed: 2027-02-10", "filed: 2027-07-01"),
                   encoding="utf-8")
    problems = check_files([good, bad])
    lines = check_text([good, bad], problems).splitlines()
    assert [line.removeprefix(str(bad)).split(" ")[0:2] for line in lines[:-1]] == [
        [":24:", "error:"], [":30:", "warning:"]]
    assert lines[-1] == "2 files, 1 error, 1 warning"
    assert check_text([good], check_files([good])) == "1 file, 0 errors, 0 warnings\n"
