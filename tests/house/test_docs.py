"""What the program can do stands in the documentation, and the pages made from code are up to date."""

import argparse
import importlib.util
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.house.source import ROOT

REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["tables.md", "store-tables.md", "cli.md"])
def test_a_generated_page_is_up_to_date(generate: ModuleType, page: str) -> None:
    committed = (REFERENCE / page).read_text(encoding="utf-8")
    assert committed == generate.PAGES[page](), f"docs/reference/{page} is out of date: run make docs"


def test_every_table_and_column_is_on_the_page(generate: ModuleType) -> None:
    page = (REFERENCE / "tables.md").read_text(encoding="utf-8")
    schemas = [schema for tables in generate.schemas().values() for schema in tables]
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", page, flags=re.M | re.S))
    assert sections.keys() == {schema.name for schema in schemas}
    missing = [f"{schema.name}.{name}" for schema in schemas for name in schema.names
               if f"| `{name}` |" not in sections[schema.name]]
    assert not missing


def spoken(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Each command with each of its options, and with a blank for itself."""
    subparsers = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not subparsers:
        yield name, ""
        yield from ((name, option) for action in parser._actions for option in action.option_strings
                    if option not in ("-h", "--help") and action.help != argparse.SUPPRESS)
    for action in subparsers:
        for child, child_parser in action.choices.items():
            yield from spoken(f"{name} {child}", child_parser)


def test_every_command_and_option_is_on_the_page() -> None:
    from gridrider.cli import build_parser

    page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `([\w -]+)`\n(.*?)(?=^## |\Z)", page, flags=re.M | re.S))
    said = list(spoken("gridrider", build_parser()))
    missing = [f"{name} {option}" for name, option in said
               if name not in sections or not re.search(rf"`{option}[` ]" if option else "", sections[name])]
    assert said
    assert not missing


def test_the_readme_names_only_commands_that_exist() -> None:
    from gridrider.cli import build_parser

    known = {name for name, _ in spoken("gridrider", build_parser())}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(gridrider(?: [a-z]+)+)", readme, flags=re.M)
    assert named
    assert [name for name in named if name not in known] == []


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_top_pages_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def small_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gridrider")
    commands = parser.add_subparsers(required=True)
    tariff = commands.add_parser("tariff", help="about tariffs").add_subparsers(required=True)
    check = tariff.add_parser("check", help="find what is wrong")
    check.add_argument("files", nargs="+", metavar="FILE", help="a tariff | or several")
    check.add_argument("--out", required=True, help="where to")
    check.add_argument("--engine", choices=("local", "spark"), default="local", help="at most %(default)s")
    check.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    return parser


def test_a_command_page_shows_arguments_choices_and_defaults(generate: ModuleType) -> None:
    assert list(generate.command_sections("gridrider", small_parser())) == [
        "## `gridrider tariff check`\n\nfind what is wrong\n\n"
        "| argument | | meaning |\n|---|---|---|\n"
        "| `FILE…` | must | a tariff \\| or several |\n"
        "| `--out OUT` | must | where to |\n"
        "| `--engine ENGINE` |  | at most local. One of `local`, `spark`. Default `local` |"]
    assert set(spoken("gridrider", small_parser())) == {
        ("gridrider tariff check", ""), ("gridrider tariff check", "--out"), ("gridrider tariff check", "--engine")}
