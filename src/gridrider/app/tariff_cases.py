"""`gridrider tariff cases`: run the worked examples beside a tariff through the settlement, and compare."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ..interval import date_span
from ..problem import DataRefused, Problem, error, errors
from ..tariff.load import load
from ..tariff.model import Tariff
from ..twin.example_world import ExampleMistake, folder_of
from .outputs import write_problems
from .settle import Progress, SettleRequest, settle
from .tariff_case_files import PERIOD, Example, instant, read_examples
from .tariff_case_rows import differences

MARK = "examples.json"
"""The file that tells a folder of kept examples from another's."""
COMPARED = ("participation", "lines", "statements", "attribution")
WORDS_MAX = 60
"""So much of an example's name is in the name of its folder."""


class Verdict(StrEnum):
    """What came of an example."""

    PASSES = "passes"
    FAILS = "fails"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An example, what came of it and why."""

    example: Example
    verdict: Verdict
    why: tuple[str, ...] = ()
    folder: str = ""
    """Name of its folder below the one that is kept."""


def run_cases(tariffs: Sequence[Path], *, words: str = "", keep: Path | None = None,
              progress: Progress) -> list[Outcome]:
    """Run the examples of each tariff's cases.yaml whose names hold the words, in the order of the files.

    Raises DataRefused with every mistake of every file before anything is run. `keep` is a folder for the inputs and
    outputs of each example; it appears whole or not at all.
    """
    chosen = _chosen(tariffs, words)
    outcomes = []
    with _folder(keep) as root:
        for number, (tariff_file, tariff, example) in enumerate(chosen, start=1):
            progress("Running examples", number - 1, len(chosen))
            outcomes.append(_run(tariff_file, tariff, example, root, _folder_name(number, example.name)))
        if keep is not None:
            (root / MARK).write_text(json.dumps(cases_json(outcomes), indent=1, ensure_ascii=False) + "\n",
                                     encoding="utf-8")
    return outcomes


def _chosen(tariffs: Sequence[Path], words: str) -> list[tuple[Path, Tariff, Example]]:
    """The examples to be run; raises DataRefused with every mistake there is."""
    chosen: list[tuple[Path, Tariff, Example]] = []
    problems: list[Problem] = []
    for tariff_file in tariffs:
        tariff, found = load(tariff_file)
        problems += errors(found)
        if tariff is None:
            continue
        examples, found = read_examples(tariff_file.with_name("cases.yaml"), tariff)
        problems += found
        chosen += [(tariff_file, tariff, example) for example in examples]
    problems = problems or [found for _, tariff, example in chosen for found in _senseless(example, tariff)]
    if problems:
        raise DataRefused(problems)
    held = [one for one in chosen if words.lower() in one[2].name.lower()]
    if not held:
        raise DataRefused([error(", ".join(str(file.with_name("cases.yaml")) for file in tariffs),
                                 "holds no example whose name holds these words", "Give words of its name.",
                                 value=words)])
    return held


def _senseless(example: Example, tariff: Tariff) -> list[Problem]:
    """What an example says in the right shape and without sense."""
    if example.reconciles:
        return []
    try:
        folder_of(example.case, tariff)
    except ExampleMistake as mistake:
        return [error(str(example.file), str(mistake), "See docs/reference/cases.md.", row=example.line)]
    return []


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A folder to work in, which becomes `keep` when the block ends well."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="gridrider-") as work:
            yield Path(work)
        return
    if keep.exists() and not (keep.is_dir() and ((keep / MARK).is_file() or not any(keep.iterdir()))):
        raise DataRefused([error(str(keep), "holds something that is no run of examples",
                                 "Name another folder, or empty it.")])
    keep.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{keep.name}-", dir=keep.parent) as work:
        root = Path(work) / keep.name
        root.mkdir()
        yield root
        if keep.exists():
            shutil.rmtree(keep)
        root.rename(keep)


def _folder_name(number: int, name: str) -> str:
    """A number and the first words of the example's name.

    >>> _folder_name(3, "Who opts out, at the end, is paid")
    '03-who-opts-out-at-the-end-is-paid'
    """
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:WORDS_MAX].strip("-")
    return f"{number:02d}-{words}".rstrip("-")


def _run(tariff_file: Path, tariff: Tariff, example: Example, root: Path, folder: str) -> Outcome:
    if example.reconciles:
        return Outcome(example=example, verdict=Verdict.NOT_RUN, why=("a reconciliation example",))
    case, out = example.case, root / folder / "out"
    inputs = folder_of(case, tariff).write(root / folder / "inputs")
    why: list[str] = []
    try:
        settle(SettleRequest(tariff=tariff_file, inputs=inputs, period=date_span(str(case.get("period", PERIOD))),
                             out=out, as_of=instant(str(case["as_of"])) if "as_of" in case else None))
    except DataRefused as refused:
        out.mkdir(parents=True, exist_ok=True)
        write_problems(out / "problems.csv", refused.problems)
        why = _refused(case["expect"].get("refused"), refused.problems)
    else:
        if "refused" in case["expect"]:
            why = [f"refused: expected an error that says {case['expect']['refused']!r}, and it was settled"]
        else:
            tables = {name: _table(out / f"{name}.csv") for name in COMPARED}
            why = differences(case["expect"], tables, ZoneInfo(tariff.timezone))
    return Outcome(example=example, verdict=Verdict.FAILS if why else Verdict.PASSES, why=tuple(why), folder=folder)


def _refused(words: object, problems: Sequence[Problem]) -> list[str]:
    """Why a refused settlement is not what was expected; empty when it is."""
    wrong = errors(problems)
    if words is not None and any(str(words) in problem.reason for problem in wrong):
        return []
    wanted = "lines" if words is None else f"an error that says {str(words)!r}"
    return [f"expected {wanted}, came {problem}" for problem in wrong]


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def failed(outcomes: Sequence[Outcome]) -> bool:
    """True when an example fails."""
    return any(outcome.verdict is Verdict.FAILS for outcome in outcomes)


def cases_text(outcomes: Sequence[Outcome]) -> str:
    """A line for each example, below it why it fails, and a last line with the counts."""
    files = {outcome.example.file for outcome in outcomes}
    lines: list[str] = []
    last: Path | None = None
    for outcome in outcomes:
        example = outcome.example
        if len(files) > 1 and example.file != last:
            lines.append(f"{example.file}:")
        last = example.file
        if outcome.verdict is Verdict.NOT_RUN:
            lines.append(f"{outcome.verdict}: {', '.join(outcome.why)}: {example.name}")
            continue
        lines.append(f"{outcome.verdict:<6}  {example.name}")
        lines += [f"        {example.file}:{example.line}: {why}" for why in outcome.why]
    counts = _counts(outcomes)
    said = f"{len(outcomes)} example{'' if len(outcomes) == 1 else 's'}: " + \
        ", ".join(f"{count} {word}" for word, count in counts.items() if count or word != Verdict.NOT_RUN)
    return "\n".join([*lines, said]) + "\n"


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many of each."""
    words = {Verdict.PASSES: "passed", Verdict.FAILS: "failed", Verdict.NOT_RUN: "not run"}
    return {word: sum(outcome.verdict is verdict for outcome in outcomes) for verdict, word in words.items()}


def cases_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The same as one JSON document."""
    return {"examples": [{"file": str(outcome.example.file), "line": outcome.example.line,
                          "name": outcome.example.name, "cite": outcome.example.case["cite"],
                          "verdict": outcome.verdict.value, "why": list(outcome.why), "folder": outcome.folder}
                         for outcome in outcomes], "counts": _counts(outcomes)}
