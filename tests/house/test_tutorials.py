"""The commands in the documentation run, and print what the page shows."""

from pathlib import Path

import pytest

from tests.house.console import Command, complaints, steps
from tests.house.source import ROOT

PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in path.parts
         and any(isinstance(step, Command) for step in steps(path.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT / "docs").as_posix())
def test_a_page_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    found = complaints(page.read_text(encoding="utf-8"), tmp_path)
    assert not found, "\n\n".join(found)


def test_the_first_settlement_is_among_them() -> None:
    assert ROOT / "docs" / "tutorials" / "first-settlement.md" in PAGES


EXAMPLE = """
```{code-block} text
:caption: in/names.txt
:linenos:

Ann
Bob
```

```console
$ cat \\
    in/names.txt
Ann
...
$ ls missing
ls:...missing...
$ echo $?
2
```
"""


def test_a_true_page_passes(tmp_path: Path) -> None:
    assert complaints(EXAMPLE, tmp_path) == []


@pytest.mark.parametrize(("true", "false", "complaint"), [
    ("Ann\n...", "Bob\n...", "It prints:\nAnn\nBob"),
    ("$ echo $?\n2\n", "", "ended with 2"),
    ("$ echo $?\n2\n", "$ echo $?\n0\n", "The page shows:\n0"),
    ("$ echo $?\n2\n", "$ cat in/names.txt\n...\n", "ended with 2"),
])
def test_an_untrue_page_is_caught(true: str, false: str, complaint: str, tmp_path: Path) -> None:
    (text,) = complaints(EXAMPLE.replace(true, false), tmp_path)
    assert complaint in text
