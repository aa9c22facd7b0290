"""The schema for editors accepts what the loader accepts, refuses plain mistakes; the generated pages are current."""

import importlib.util
import json
from datetime import date
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from gridrider.tariff.declared import declared
from gridrider.tariff.load import parse_text
from gridrider.tariff.schema import json_schema
from tests.house.source import ROOT
from tests.tariff.written import NAMES, SHIPPED, WHOLE, changed

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
RATE = 'rate_usd_per_kwh: "2.50"'


def as_an_editor_sees_it(node: Any) -> Any:
    """Keys as text and dates as they are written; numbers stay numbers."""
    if isinstance(node, dict):
        return {str(key): as_an_editor_sees_it(child) for key, child in node.items()}
    if isinstance(node, list):
        return [as_an_editor_sees_it(item) for item in node]
    return str(node) if isinstance(node, date) else node


def valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(as_an_editor_sees_it(YAML(typ="safe", pure=True).load(text))))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_tariff_is_valid(name: str) -> None:
    assert valid(SHIPPED[NAMES.index(name)].read_text(encoding="utf-8"))


@pytest.mark.parametrize(("old", "new"), [
    (RATE, "rate_usd_per_kwh: 2"), (RATE, 'rate_usd_per_kwh: {value: "2", months: [jun, 7], customer_classes: other}'),
    (RATE, "rate_usd_per_kwh: {by_customer_class: {other: {by_month: {may: 1, 6: 2}}, residential: {jul: 3}}}"),
    (RATE, "rate_usd_per_kwh: {by_duration_h: {2: 1, 4: {confirmed: false, by_month: {may: 1}}}}"),
    (RATE, 'rate_usd_per_kwh: [{value: "2"}, {value: "3", effective: 2028-06-01, filed: 2028-01-01}]'),
    ("[mon, tue, wed, thu, fri]", "any"), ("days: [mon, tue, wed, thu, fri]", "days: mon"),
    ("kinds: {peak: {", "kinds: {cite: x, peak: {"),
])
def test_what_the_loader_reads_is_valid(old: str, new: str) -> None:
    assert parse_text(changed(old, new))[0] is not None
    assert valid(changed(old, new))


@pytest.mark.parametrize(("old", "new"), [
    ('"2.50"', "2.50"), ('"2.50"', '"two"'), ("titel", "titel"), ("point: inverter", "point: roof"),
    ("title: Home battery\n", "titel: Home battery\n"), ("          point: inverter\n", ""),
    ("counts: true", "counts: yes"), ("counts: true", 'counts: "true"'), ('"20:00"', "25:00"),
    ("thu, fri]", "thu, frei]"),
    ("authority: Lakeside Municipal Light\n", ""), ("effective: 2027-06-01", "effective: June"),
    ("  battery:\n", "  any:\n"), (RATE, "rate_usd_per_kwh: {cite: x}"),
    (RATE, "rate_usd_per_kwh: {by_month: {mayor: 1}}"),
    (RATE, "rate_usd_per_kwh: {by_customer_class: {rich: 1}}"), (RATE, "rate_usd_per_kwh: []"),
])
def test_what_the_loader_refuses_for_its_shape_is_not_valid(old: str, new: str) -> None:
    text = WHOLE.replace("title: Home battery\n", "titel: Home battery\n") if old == "titel" else changed(old, new)
    assert parse_text(text)[0] is None
    assert not valid(text)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_tariff_keys", ROOT / "docs" / "generate_tariff_keys.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["tariff-keys.md", "tariff.schema.json"])
def test_a_generated_page_is_up_to_date(generator: ModuleType, page: str) -> None:
    committed = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    assert committed == generator.PAGES[page](), f"docs/reference/{page} is out of date: run make docs"


def test_every_key_of_every_block_is_on_the_page_and_in_the_schema(generator: ModuleType) -> None:
    page = (ROOT / "docs" / "reference" / "tariff-keys.md").read_text(encoding="utf-8")
    blocks = list(generator.blocks(generator.Tariff))
    definitions = json_schema()["$defs"]
    assert len(blocks) > 25
    for block in blocks:
        title = "The file" if block is generator.Tariff else block.__name__
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for entry in declared(block):
            assert f"| `{entry.key}` |" in section, f"{title}: {entry.key}"
            assert entry.key in definitions[block.__name__]["properties"]


def test_the_templates_first_line_leads_an_editor_from_a_copy_to_the_schema() -> None:
    first = (ROOT / "tariffs" / "_template" / "tariff.yaml").read_text(encoding="utf-8").partition("\n")[0]
    relative = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((ROOT / "tariffs" / "pge" / "elrp-a4" / relative).read_text(encoding="utf-8"))
    assert schema["title"] == "gridrider tariff"
