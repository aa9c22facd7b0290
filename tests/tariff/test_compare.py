"""The redline: nothing for the same tariff; for any single change that change, by name, for whom and from when."""

import json
import random
from datetime import date
from pathlib import Path

import pytest

from gridrider.app.tariff_commands import compare_files_json, compare_files_text
from gridrider.problem import DataRefused
from gridrider.tariff.compare import Change, What, compare
from gridrider.tariff.load import parse_text, tariff_hash
from gridrider.tariff.redline import compare_text
from tests.tariff.written import NAMES, SHIPPED, WHOLE, changed, quoted_numbers, read

RATE = 'rate_usd_per_kwh: "2.50"'


def changes(old: str, new: str) -> list[Change]:
    return compare(read(old), read(new))


@pytest.mark.parametrize("name", NAMES)
def test_a_tariff_is_the_same_as_itself(name: str) -> None:
    text = SHIPPED[NAMES.index(name)].read_text(encoding="utf-8")
    (old, _), (new, _) = parse_text(text), parse_text("# another comment\n" + text)
    assert old is not None and new is not None
    assert compare(old, new) == []
    assert compare_text(old, new).startswith(f"{new.tariff}: unchanged.")


@pytest.mark.parametrize("name", NAMES)
def test_one_number_that_changes_is_found_and_named(name: str) -> None:
    text = SHIPPED[NAMES.index(name)].read_text(encoding="utf-8")
    old, _ = parse_text(text)
    numbers, tried = quoted_numbers(text), 0
    random.Random(name).shuffle(numbers)
    for number in numbers[:12]:
        more = f"{number[1]}1" if "." in number[1] else str(int(number[1]) + 1)
        new, _ = parse_text(f'{text[: number.start()]}"{more}"{text[number.end():]}')
        if old is None or new is None:
            continue
        tried += 1
        found = [change for change in compare(old, new) if change.what is not What.PROVENANCE]
        assert found and tariff_hash(old) != tariff_hash(new)
        assert len({change.path for change in found}) == 1, number
        back = compare(new, old)
        assert [(change.path, change.old, change.new) for change in back if change.what is What.CORRECTED] == [
            (change.path, change.new, change.old) for change in found if change.what is What.CORRECTED]
    assert tried >= 2


def test_a_further_value_is_one_new_entry_of_a_history_for_whom_and_from_when() -> None:
    new = changed(RATE, "rate_usd_per_kwh:\n              - {value: 2.50}\n              - "
                        "{value: 3.00, effective: 2028-06-01, filed: 2028-02-11, cite: Leaf 12 rev 1}"
                  .replace("2.50", '"2.50"').replace("3.00", '"3.00"'))
    (change,) = changes(WHOLE, new)
    assert change == Change(
        what=What.NEW_VALUE, path="riders.battery.services.peak.payments.energy.rate_usd_per_kwh",
        meaning="per kWh delivered", old="$2.50 per kWh", new="$3 per kWh", old_cite="Leaf 12",
        new_cite="Leaf 12 rev 1", effective=date(2028, 6, 1), filed=date(2028, 2, 11), rider="battery",
        service="peak", technologies=("battery",))
    (withdrawn,) = changes(new, WHOLE)
    assert (withdrawn.what, withdrawn.old, withdrawn.new) == (What.REMOVED, "$3 per kWh", "")


@pytest.mark.parametrize(("old", "new", "what", "path", "texts"), [
    ('"2.50"', '"2.75"', What.CORRECTED, "rate_usd_per_kwh", ("$2.50 per kWh", "$2.75 per kWh")),
    ('"20:00"', '"21:00"', What.CORRECTED, "hours.to", ("20:00", "21:00")),
    ("thu, fri]", "thu]", What.CORRECTED, "calls.days", ("mon, tue, wed, thu, fri", "mon, tue, wed, thu")),
    ("          duration_h: {min: \"1\", max: \"3\"}\n", "", What.REMOVED, "duration_h.min", ("1", "")),
    ("    pay: {schedule", "    term: {rate_lock_years: 5}\n    pay: {schedule", What.ADDED, "term.rate_lock_years",
     ("", "5 years")),
    ("counts: true}}", "counts: true}, test: {counts: false}}", What.ADDED, "kinds.test.counts", ("", "no")),
    ("[battery]", "[battery, ev]", What.CORRECTED, "technologies", ("battery", "battery, ev")),
    ('"09-30"', '"10-15"', What.CORRECTED, "seasons.summer.to", ("09-30", "10-15")),
    ("title: Home Battery Rewards", "title: Rewards", What.CORRECTED, "title", ("Home Battery Rewards", "Rewards")),
    (RATE, 'rate_usd_per_kwh: {value: "2.50", effective: 2027-07-01}', What.DATES, "rate_usd_per_kwh",
     ("$2.50 per kWh; effective 2027-06-01, filed 2027-02-10",
      "$2.50 per kWh; effective 2027-07-01, filed 2027-02-10")),
    (RATE, 'rate_usd_per_kwh: {value: "2.50", cite: Leaf 13}', What.PROVENANCE, "rate_usd_per_kwh",
     ("$2.50 per kWh; confirmed", "$2.50 per kWh; confirmed")),
])
def test_each_kind_of_change_is_named(old: str, new: str, what: What, path: str, texts: tuple[str, str]) -> None:
    before, after = parse_text(WHOLE)[0], parse_text(changed(old, new))[0]
    assert before is not None and after is not None
    change = compare(before, after)[0]
    assert (change.what, (change.old, change.new)) == (what, texts)
    assert change.path.endswith(path)


def test_an_inserted_condition_is_not_a_change_of_those_that_follow() -> None:
    first = changed("    services:", "    eligibility: [{refuse: medical_baseline}]\n    services:")
    second = changed("    services:",
                     "    eligibility: [{require: agreement_signed}, {refuse: medical_baseline}]\n    services:")
    assert [(change.what, change.path) for change in changes(first, second)] == [
        (What.ADDED, "riders.battery.eligibility.require-agreement_signed.require"),
        (What.ADDED, "riders.battery.eligibility.require-agreement_signed.holds")]


def test_a_change_names_the_class_of_customer_it_is_for() -> None:
    some = changed(RATE, 'rate_usd_per_kwh: [{value: "2"}, {value: "7", customer_classes: other}]')
    (change,) = changes(some, some.replace('"7"', '"8"'))
    assert (change.customer_classes, change.case) == (("other",), "customer class other")
    asked = changed("    services:", "    eligibility: [{require: customer_class, of: residential}]\n    services:")
    (change,) = changes(asked, asked.replace('"2.50"', '"2.75"'))
    assert change.customer_classes == ("residential",)


def test_a_new_clause_for_the_whole_file_is_told_once_and_as_provenance() -> None:
    after = changed('cite: "Leaf 12"', 'cite: "Leaf 14"')
    found = changes(WHOLE, after)
    assert len(found) == 11
    assert {change.what for change in found} == {What.PROVENANCE}
    text = compare_text(read(WHOLE), read(after))
    assert "0 changes of rules, 0 of dates only and 11 of provenance only" in text
    assert text.count('the clause "Leaf 12" becomes "Leaf 14"') == 1


def test_the_words_say_what_for_whom_from_when_old_and_new(tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(WHOLE, encoding="utf-8")
    new.write_text(changed(RATE, 'rate_usd_per_kwh: [{value: "2.50"}, {value: "3", effective: 2028-06-01}]'),
                   encoding="utf-8")
    text = compare_files_text(old, new)
    for words in ("1 change of rules", "* New value from 1 June 2028, filed 10 February 2027:",
                  "rider battery, service peak, technology battery, customer class any", "old  $2.50 per kWh [Leaf 12]",
                  "new  $3 per kWh [Leaf 12]"):
        assert words in text
    document = json.loads(json.dumps(compare_files_json(old, new)))
    assert document["unchanged"] is False
    assert [(change["what"], change["effective"], change["new"]) for change in document["changes"]] == [
        ("new value", "2028-06-01", "$3 per kWh")]
    assert compare_files_json(old, old) == {"old": "lakeside/home-battery", "new": "lakeside/home-battery",
                                            "unchanged": True, "changes": []}


def test_two_files_with_errors_give_the_problems_of_both(tmp_path: Path) -> None:
    for name in ("old.yaml", "new.yaml"):
        (tmp_path / name).write_text(changed("point: inverter", "point: roof"), encoding="utf-8")
    with pytest.raises(DataRefused) as refused:
        compare_files_text(tmp_path / "old.yaml", tmp_path / "new.yaml")
    assert [Path(problem.file).name for problem in refused.value.problems] == ["old.yaml", "new.yaml"]
