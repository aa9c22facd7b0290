"""Write the pages of docs/reference that follow from the code: the tables and the command line.

    python docs/generate.py            # write them
    python docs/generate.py --check    # only say which are out of date; exit 1 if any is
"""

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

REFERENCE = Path(__file__).resolve().parent / "reference"
PACKAGE = REFERENCE.parents[1] / "src" / "gridrider"
sys.path.insert(0, str(PACKAGE.parent))

from gridrider.table import Column, TableSchema  # noqa: E402

FLOW = ("tariff", "enrollment", "market", "event", "dispatch", "telemetry", "measurement", "settlement", "ledger",
        "reconcile", "report")
NOTE = "<!-- Written by docs/generate.py from the code; change it there. -->"


RIM = {"operation": "app.operate.pre_charge", "audit": "audit.model"}
"""Files that no stage declares: heading and module."""
STORE = "app.operate.words"


def declared(module: str) -> list[TableSchema]:
    """The tables that a module of ours declares or hands on."""
    return [held for held in vars(importlib.import_module(f"gridrider.{module}")).values()
            if isinstance(held, TableSchema)]


def schemas() -> dict[str, list[TableSchema]]:
    """The files by heading: those of each stage, in the order in which a program flows, then those of the rim."""
    stages = {stage: f"{stage}.model" for stage in FLOW if (PACKAGE / stage / "model.py").is_file()}
    return {heading: declared(module) for heading, module in {**stages, **RIM}.items()}


def tables_page() -> str:
    """The reference page of every file: its columns with kind, duty and meaning."""
    parts = [NOTE, "# Tables", TABLES_INTRO]
    for heading, tables in schemas().items():
        if tables:
            parts.append(f"## {heading.capitalize()}")
            parts.extend(table_section(schema) for schema in tables)
    return "\n\n".join(parts) + "\n"


def store_page() -> str:
    """The reference page of what only the live store keeps."""
    return "\n\n".join([NOTE, "# Tables of the live store", STORE_INTRO, "## Kept as changes",
                        *(table_section(schema) for schema in declared(STORE))]) + "\n"


STORE_INTRO = """\
The store of a program at work holds one stream, `operation`, of commits. Most of its tables are those of
[the files](tables.md): `instructions`, `answers`, `telemetry`, `opt_outs`, `acts`, `protections`, `skipped`,
`withheld`, `fleet_steps`, `feeder_steps`, `storm_charges`, `pre_charges`. The ones below are kept as
changes, each with its instant; a replay turns them into files of spans with the same name (`site_storms`, `stops`) or
into `events`."""


TABLES_INTRO = """\
Every table has one declaration in the code, in the stage that owns it; this page is written from them. A file may be
`.csv`, `.parquet` or a folder of Parquet files; the order of columns and rows is free. **must** means that the column
has to be there, **filled** that no cell of it may be blank. Inside, energy is whole milliwatt-hours and money whole
micro-dollars; the last column names a column's inside name where that differs."""


COLUMN_HEAD = "| column | kind | | meaning | inside |\n|---|---|---|---|---|"


def table_section(schema: TableSchema) -> str:
    """One table of the page."""
    facts = [schema.meaning]
    if schema.required:
        facts.append("A run cannot do without it.")
    if schema.key:
        facts.append(f"Key: {', '.join(f'`{name}`' for name in schema.key)}.")
    if schema.open:
        facts.append("Any further column is an attribute that a tariff may name.")
    rows = "\n".join(column_row(column) for column in schema.columns)
    return f"### `{schema.name}`\n\n{' '.join(facts)}\n\n{COLUMN_HEAD}\n{rows}"


def column_row(column: Column) -> str:
    """One column's row."""
    duty = ", ".join(["must"] * column.required + ["filled"] * column.filled)
    choices = f". One of {', '.join(f'`{choice}`' for choice in column.choices)}" if column.choices else ""
    inside = f"`{column.inside_name}`" if column.inside_name != column.name else ""
    return f"| `{column.name}` | {column.kind.value} | {duty} | {cell(column.meaning + choices)} | {inside} |"


def cell(text: str) -> str:
    """Text safe inside a Markdown table: no bar ends the cell, no angle bracket begins a tag."""
    return re.sub(r"\s+", " ", text).replace("|", r"\|").replace("<", "&lt;")


def cli_page() -> str:
    """The reference page of every command with its arguments and options."""
    from gridrider.cli import build_parser

    return "\n\n".join([NOTE, "# Commands", CLI_INTRO, *command_sections("gridrider", build_parser())]) + "\n"


CLI_INTRO = """\
`gridrider` and `python -m gridrider` are the same. Exit codes: 0 done, 1 the tariff or the data says no, 2 wrong usage,
3 an internal fault. Progress and messages go to standard error; with `--json` standard output holds one JSON document
and nothing else. `gridrider --version` prints the version."""


def command_sections(name: str, parser: argparse.ArgumentParser, about: str = "") -> Iterator[str]:
    """The section of a command, or those of its subcommands."""
    children = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not children:
        intro = cell(parser.description or about)
        yield f"## `{name}`\n\n{intro}\n\n{argument_table(parser)}".rstrip()
    for action in children:
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for child, child_parser in action.choices.items():
            yield from command_sections(f"{name} {child}", child_parser, helps.get(child, ""))


def argument_table(parser: argparse.ArgumentParser) -> str:
    """The arguments and options of one command, the help option left out."""
    rows = [f"| {argument_name(action)} | {'must' if action.required else ''} | {argument_help(parser, action)} |"
            for action in parser._actions
            if not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))
            and action.help != argparse.SUPPRESS]
    return "\n".join(["| argument | | meaning |", "|---|---|---|", *rows]) if rows else ""


def argument_name(action: argparse.Action) -> str:
    """How an argument is written on the command line."""
    held = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return f"`{held}{'…' if action.nargs in ('*', '+') else ''}`"
    takes = "" if action.nargs == 0 else f" {held}{'…' if action.nargs in ('*', '+') else ''}"
    return ", ".join(f"`{option}{takes}`" for option in action.option_strings)


def argument_help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """What an argument means, its choices and its default."""
    text = cell(parser._get_formatter()._expand_help(action)) if action.help else ""
    choices = f". One of {', '.join(f'`{choice}`' for choice in action.choices)}" if action.choices else ""
    default = f". Default `{action.default}`" if action.choices and action.default else ""
    return f"{text}{choices}{default}"


PAGES = {"tables.md": tables_page, "store-tables.md": store_page, "cli.md": cli_page}


def main(check: bool) -> int:
    """Write the pages, or only name those that are out of date."""
    stale = []
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"docs/reference: {', '.join(stale)} {'out of date; run make docs' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
