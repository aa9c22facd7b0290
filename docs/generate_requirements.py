"""Write docs/reference/requirements.md: every rule of the source texts, where it lives and the example that proves it.

    python docs/generate_requirements.py            # write it
    python docs/generate_requirements.py --check    # exit 1 if it is out of date
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

REFERENCE = Path(__file__).resolve().parent / "reference"
sys.path.insert(0, str(REFERENCE.parents[1]))

from tests.house.proofs import proofs, requirements  # noqa: E402

NOTE = "<!-- Written by docs/generate_requirements.py from docs/requirements.yaml and the tests; change it there. -->"
INTRO = """\
Every testable rule of the five source texts has a number. This page is made from the tests: a rule is proven when a
test or a tariff's worked example names it, and fails when the rule is taken out (`make mutate` takes each of them out
once and sees it fail). A rule without a proof says why. S0 is the municipal policy, S1 the ELRP program page,
S2 Virginia S487, S3 New York A10354 (the GREAT Act), S4 the vehicle-to-grid pilot; a number after the colon is the
line."""
PROOFS_SHOWN = 3


def page() -> str:
    """The reference page of all requirements."""
    proven, known = proofs(), requirements()
    rows = [_row(name, entry, proven.get(name, [])) for name, entry in known.items()]
    count = sum(1 for name in known if proven.get(name))
    return "\n\n".join([
        NOTE, "# Requirements and their proofs", INTRO, f"Proven: {count} of {len(known)}.",
        "\n".join(["| id | rule | where it lives | proven by |", "|---|---|---|---|", *rows])]) + "\n"


def _row(name: str, entry: dict[str, str], held: Sequence[str]) -> str:
    shown = [_in_words(proof) for proof in held[:PROOFS_SHOWN]]
    more = [f"and {len(held) - PROOFS_SHOWN} more"] if len(held) > PROOFS_SHOWN else []
    proof = "<br>".join([*shown, *more]) or f"not yet: {entry.get('not_yet', 'no reason given')}"
    return f"| {name} | {_cell(entry['rule'])} | {_cell(entry['where'])} | {proof} |"


def _in_words(proof: str) -> str:
    """A proof as a sentence and its file: text that a narrow column can break."""
    file, _, test = proof.partition("::")
    if test:
        return _cell(f"{test.removeprefix('test_').replace('_', ' ')} ({file})")
    file, _, example = proof.partition(": ")
    return _cell(f"{example} ({file})")


def _cell(text: str) -> str:
    """Text safe inside a table; a path may break after a slash or underscore, but not inside a code span."""
    safe = re.sub(r"\s+", " ", text).replace("|", r"\|").replace("<", "&lt;")
    parts = safe.split("`")
    return "`".join(part if place % 2 else re.sub(r"(?<=\w)([/_])(?=\w)", r"\1<wbr>", part)
                    for place, part in enumerate(parts))


def main(check: bool) -> int:
    """Write the page, or only say that it is out of date."""
    path, text = REFERENCE / "requirements.md", page()
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print("docs/reference/requirements.md is out of date: run make docs", file=sys.stderr)
        return 1
    path.write_text(text, encoding="utf-8")
    print("docs/reference: requirements.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
