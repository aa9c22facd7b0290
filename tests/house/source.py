"""Read the project's own source for the house rules: modules by dotted name, parsed, with nothing imported."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
PACKAGE = SRC / "gridrider"

STAGES = ("tariff", "enrollment", "market", "event", "dispatch", "telemetry", "measurement", "settlement", "ledger",
          "reconcile", "report")
"""The stages in the order in which a program flows; a stage may read the model of those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file: its dotted name below the package ('' is the package itself), its text and its tree."""

    name: str
    path: str
    text: str
    is_package: bool = False

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def in_stage(self) -> bool:
        return self.name.split(".")[0] in STAGES


def module_at(path: Path) -> Module:
    """The module that a file below the package is."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(name=".".join(parts[:-1] if is_package else parts), path=path.relative_to(ROOT).as_posix(),
                  text=path.read_text(encoding="utf-8"), is_package=is_package)


def modules() -> list[Module]:
    """Every module of the package."""
    return [module_at(path) for path in sorted(PACKAGE.rglob("*.py"))]


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(module: Module) -> Iterator[tuple[str, Definition]]:
    """Every function and class with its dotted name, those inside functions included."""
    def inside(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield prefix + child.name, child
                yield from inside(child, prefix + child.name + ".")
            else:
                yield from inside(child, prefix)
    return inside(module.tree, "")


def committed_files() -> list[Path]:
    """Every file git knows or would add, so that a new file obeys before it is committed; all files without git."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, check=False)
    if listing.returncode != 0:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
