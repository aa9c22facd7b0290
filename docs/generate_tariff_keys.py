"""Write docs/reference/tariff-keys.md and tariff.schema.json from the declarations of the tariff's model.

    python docs/generate_tariff_keys.py            # write them
    python docs/generate_tariff_keys.py --check    # only say which are out of date; exit 1 if any is
"""

import json
import sys
import typing
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

REFERENCE = Path(__file__).resolve().parent / "reference"
sys.path.insert(0, str(REFERENCE.parents[1] / "src"))

from gridrider.tariff.declared import Declared, Shape, declared  # noqa: E402
from gridrider.tariff.model import Tariff  # noqa: E402
from gridrider.tariff.schema import PROVENANCE_TYPES, json_schema  # noqa: E402

NOTE = "<!-- Written by docs/generate_tariff_keys.py from the code; change it there. -->"
INTRO = """\
Everything that a `tariff.yaml` may say, block by block, written from the declarations that the loader reads. A JSON
Schema of the same stands in `tariff.schema.json` beside this page; [the how-to page](../how-to/write-a-tariff.md) shows
how to use both. **must** means that the block cannot do without the key.

A **rule** is a value with a history: each value has a clause, the day it takes effect and the day it was filed. It can
be written in four ways.

```yaml
hours_before: "3"                                            # only the value; the rest from the block around it
low: {value: "5/7", cite: "Leaf 3", confirmed: false}        # with words of its own
rate_usd_per_kwh:                                            # a history: one line for each filing
  - {value: "1.00"}
  - {value: "2.00", effective: 2022-05-01, filed: 2021-12-06, cite: "Leaf 3, revision 1"}
rate_usd_per_kw_month:                                       # a table over months, lengths or customer classes
  by_duration_h:
    "2": {may: "6.75", jun: "6.98"}
    "4": {confirmed: false, by_month: {may: "9.00", jun: "9.30"}}
```

A single value may also be limited with `months:`, `duration_h:` or `customer_classes:` beside it. Where several values
hold on a day, the latest effective wins, then the one with most conditions, then the latest filed. A value that was
filed after the day as of which a run is made does not exist for that run. Before the first value a rule is absent, not
zero."""
PROVENANCE_INTRO = """\
These may stand in every block. They hold for all rules inside it, unless a rule or a block further in says
otherwise."""
KINDS = {Decimal: "number", date: "day", Fraction: "number or fraction", time: "time of day",
         bool: "true or false", str: "text"}


def keys_page() -> str:
    """The reference page of every block and key."""
    parts = [NOTE, "# What a tariff may say", INTRO, "## In every block", PROVENANCE_INTRO, provenance_table()]
    parts += [section for block in blocks(Tariff) for section in block_section(block)]
    return "\n\n".join(parts) + "\n"


def provenance_table() -> str:
    """The keys of provenance."""
    meanings = {key: schema.get("description", "") for key, schema in PROVENANCE_TYPES.items()}
    rows = [f"| `{key}` | {meaning} |" for key, meaning in meanings.items()]
    return "\n".join(["| key | meaning |", "|---|---|", *rows])


def blocks(block: type, seen: set[type] | None = None) -> Iterator[type]:
    """Each block once, from the file down, in the order in which it is first named."""
    seen = set() if seen is None else seen
    if block in seen:
        return
    seen.add(block)
    yield block
    for entry in declared(block):
        if entry.shape in (Shape.BLOCK, Shape.NAMED, Shape.BLOCKS):
            yield from blocks(entry.kind, seen)


def block_section(block: type) -> Iterator[str]:
    """One block: what it is, and its keys."""
    yield f"## {'The file' if block is Tariff else block.__name__}"
    yield " ".join((block.__doc__ or "").split())
    rows = [f"| `{entry.key}` | {shape_text(entry)} | {'must' if entry.required else ''} | {meaning_text(entry)} |"
            for entry in declared(block)]
    yield "\n".join(["| key | holds | | meaning |", "|---|---|---|---|", *rows])


def shape_text(entry: Declared) -> str:
    """What stands at the key."""
    if entry.shape in (Shape.BLOCK, Shape.NAMED, Shape.BLOCKS):
        link = f"[{entry.kind.__name__}](#{entry.kind.__name__.lower()})"
        return {Shape.BLOCK: link, Shape.NAMED: f"{link} by name", Shape.BLOCKS: f"list of {link}"}[entry.shape]
    if entry.shape is Shape.WORDS:
        return "list of words" if entry.choices else "list of texts"
    if entry.shape is Shape.WORD:
        return "word" if entry.choices else "text"
    origin, inner = typing.get_origin(entry.kind), typing.get_args(entry.kind)
    if origin is not None:
        return f"rule: list of {'words' if inner[0] is str else KINDS[inner[0]] + 's'}"
    return f"rule: {'word' if entry.choices else KINDS[entry.kind]}"


def meaning_text(entry: Declared) -> str:
    """Meaning, unit and choices."""
    unit = f" [{entry.unit}]" if entry.unit else ""
    choices = f". One of {', '.join(f'`{choice}`' for choice in entry.choices)}" if entry.choices else ""
    several = "; `any` = all of them" if choices and typing.get_origin(entry.kind) is frozenset else ""
    return f"{entry.meaning}{unit}{choices}{several}".replace("|", r"\|").replace("<", "&lt;")


def schema_text() -> str:
    """The JSON Schema as it is written."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


PAGES = {"tariff-keys.md": keys_page, "tariff.schema.json": schema_text}


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
