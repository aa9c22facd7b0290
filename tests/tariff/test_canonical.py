"""The hash stands for the rules: the same for another layout, another one for any other value."""

import json
import random
import re

import pytest
from ruamel.yaml import YAML

from gridrider.tariff.load import canonical, canonical_json, parse_text, tariff_hash
from tests.tariff.written import NAMES, SHIPPED, WHOLE, changed, quoted_numbers, read


def hash_of(text: str) -> str:
    tariff, problems = parse_text(text)
    assert tariff is not None, "\n".join(map(str, problems))
    return tariff_hash(tariff)


def shuffled(node: object, chance: random.Random) -> object:
    """The same document with the keys of every block in another order."""
    if isinstance(node, dict):
        keys = list(node)
        chance.shuffle(keys)
        return {str(key): shuffled(node[key], chance) for key in keys}
    if isinstance(node, list):
        return [shuffled(item, chance) for item in node]
    return node if isinstance(node, (bool, type(None))) else str(node)


@pytest.mark.parametrize("name", NAMES)
def test_comments_order_of_keys_and_layout_do_not_matter(name: str) -> None:
    text = SHIPPED[NAMES.index(name)].read_text(encoding="utf-8")
    document = YAML(typ="safe", pure=True).load(text)
    other = json.dumps(shuffled(document, random.Random(name)), indent=2, ensure_ascii=False)
    commented = "# first\n" + re.sub(r"\n(?=[a-z])", "\n\n# between\n", text) + "# last\n"
    assert other != text
    assert hash_of(other) == hash_of(text) == hash_of(commented)


@pytest.mark.parametrize("name", NAMES)
def test_the_canonical_form_is_a_tariff_of_the_same_hash(name: str) -> None:
    text = SHIPPED[NAMES.index(name)].read_text(encoding="utf-8")
    tariff, _ = parse_text(text)
    again, problems = parse_text(json.dumps(canonical(tariff), indent=1, ensure_ascii=False))
    assert again is not None and tariff is not None, problems
    assert canonical_json(again) == canonical_json(tariff)


@pytest.mark.parametrize("name", NAMES)
def test_any_number_that_changes_changes_the_hash(name: str) -> None:
    text = SHIPPED[NAMES.index(name)].read_text(encoding="utf-8")
    first, tried = hash_of(text), 0
    for number in quoted_numbers(text):
        more = f"{number[1]}1" if "." in number[1] else str(int(number[1]) + 1)
        tariff, _ = parse_text(f'{text[: number.start()]}"{more}"{text[number.end():]}')
        if tariff is not None:  # a bound, say, may not be above the other
            tried += 1
            assert tariff_hash(tariff) != first, number
    assert tried >= 3


@pytest.mark.parametrize(("old", "new"), [
    ("2027-06-01", "2027-05-31"), ("filed: 2027-02-10", "filed: 2027-02-11"), ("Leaf 12", "Leaf 13"),
    ("title: Home battery\n", "title: Home Battery\n"), ("counts: true", "counts: true, note: x"),
    ("[mon, tue, wed, thu, fri]", "[mon, tue, wed, thu]"), ('"20:00"', '"24:00"'), ('"09-30"', '"10-01"'),
    ("method: direct", "method: export_from_storage"), ("missed: measured", "missed: counts_as_zero"),
    ("  summer:", "  sommer:"), ("by: [check]", "by: [check, eft]"),
    ("kinds: {peak:", "kinds: {test: {counts: false}, peak:"),
])
def test_any_word_that_changes_changes_the_hash(old: str, new: str) -> None:
    text = changed(old, new)
    assert hash_of(text.replace("season: summer", "season: sommer") if "sommer" in new else text) != hash_of(WHOLE)


@pytest.mark.parametrize(("old", "new"), [
    ('"2.50"', '"2.5"'), ('max: "3"', "max: 3"), ("[mon, tue, wed, thu, fri]", "[fri, mon, tue, wed, thu]"),
    ('rate_usd_per_kwh: "2.50"', 'rate_usd_per_kwh: {value: "2.50", unit: USD/kWh, cite: "Leaf 12"}'),
    ("method: direct", "method: {value: direct, confirmed: true}"),
])
def test_the_same_rule_written_otherwise_has_the_same_hash(old: str, new: str) -> None:
    assert hash_of(changed(old, new)) == hash_of(WHOLE)


def test_the_order_of_a_history_says_nothing() -> None:
    one, two = '{value: "2"}', '{value: "3", effective: 2028-06-01}'
    rate = 'rate_usd_per_kwh: "2.50"'
    assert hash_of(changed(rate, f"rate_usd_per_kwh: [{one}, {two}]")) == hash_of(
        changed(rate, f"rate_usd_per_kwh: [{two}, {one}]"))


def test_the_hash_of_a_published_tariff_stays() -> None:
    assert tariff_hash(read(WHOLE)) == "5040c61c5239d8341f640f4e6d0740c1250d9aced05dbad1bf6dd1c1b73ec31a"
