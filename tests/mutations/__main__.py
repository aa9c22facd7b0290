"""Take each rule out once, in a copy of the project, and see that a test which names it fails.

    python -m tests.mutations              # all of them
    python -m tests.mutations R58 R60      # only these

`mutations.yaml` holds one entry for each requirement: the file, the text that is taken out, what stands in its place
and the tests to run. The exit code is 1 when a mutation survives. Run it when the suite is green: a test that fails
anyway says nothing of a rule.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("mutations.yaml")
AT_ONCE = 2
COPIED = ("src", "tests", "tariffs", "docs", "pyproject.toml", "Makefile", "README.md", "ARCHITECTURE.md",
          "CONTRIBUTING.md", "CHANGELOG.md", "changelog.d", "benchmarks", "seasons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One rule taken out: in which file, which text, and what must then fail."""

    requirement: str
    file: str
    find: str
    put: str
    tests: tuple[str, ...]


def mutations() -> list[Mutation]:
    """Every mutation of the list, in its order."""
    held = YAML(typ="safe").load(LIST.read_text(encoding="utf-8"))
    return [Mutation(requirement=name, file=entry["file"], find=entry["find"], put=entry["put"],
                     tests=tuple(entry["tests"])) for name, entry in held.items()]


def survives(mutation: Mutation) -> str:
    """Blank when the tests fail as they should; else what is wrong."""
    with tempfile.TemporaryDirectory(prefix="gridrider-mutation-") as place:
        copy = Path(place)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "_build"))
            elif (ROOT / name).is_file():
                shutil.copy2(ROOT / name, copy / name)
        file = copy / mutation.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutation.find) != 1:
            return f"{mutation.file} holds the text {text.count(mutation.find)} times, not once"
        file.write_text(text.replace(mutation.find, mutation.put), encoding="utf-8")
        ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutation.tests],
                             cwd=copy, env=_environment(copy), capture_output=True, text=True, check=False)
    if ran.returncode == 1:
        return ""
    said = (ran.stdout.strip().splitlines() or ["nothing"])[-1]
    return "its tests pass without it" if ran.returncode == 0 else f"its tests could not run: {said}"


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{copy / 'src'}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}


def main(asked: Sequence[str]) -> int:
    """Run the mutations asked for and name those that survive."""
    chosen = [mutation for mutation in mutations() if not asked or mutation.requirement in asked]
    alive = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for mutation, wrong in zip(chosen, pool.map(survives, chosen), strict=True):
            alive += bool(wrong)
            print(f"{mutation.requirement:6} {'SURVIVES: ' + wrong if wrong else 'fails without it'}", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} rules are missed when they are taken out.")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
