"""The house rules of CONTRIBUTING.md that a program can check, each breach reported in a sentence."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.house.source import ROOT, Definition, Module, committed_files, definitions, modules

MODULE_LINES, FUNCTION_LINES, FILE_BYTES = 400, 70, 1_000_000

LONGER_WITH_REASON: dict[str, str] = {}
"""A module's path, or path::function, that may be longer, and why."""

VAGUE = frozenset({"value", "amount", "data", "info", "power"})
VAGUE_WITH_REASON: dict[str, str] = {}
"""path::function whose parameter may bear a vague name, and why."""


def without_docstring(module: Module) -> Iterator[str]:
    """A sentence for the module and each public function or class that does not say what it is.

    A body of nothing but `...` is a shape, of which the Protocol around it speaks.
    """
    if module.text.strip() and not ast.get_docstring(module.tree):
        yield f"{module.path}:1 begins without a docstring."
    hidden = {name for name, node in definitions(module) if not isinstance(node, ast.ClassDef)}
    for name, node in definitions(module):
        parts = name.split(".")
        inside_function = any(".".join(parts[:depth]) in hidden for depth in range(1, len(parts)))
        if inside_function or any(part.startswith("_") for part in parts) or ast.get_docstring(node) or is_shape(node):
            continue
        yield f"{module.path}:{node.lineno} {name} is public and has no docstring."


def is_shape(node: Definition) -> bool:
    """True for a definition whose body is `...`."""
    return [ast.unparse(statement) for statement in node.body] == ["..."]


def too_long(module: Module) -> Iterator[str]:
    """A sentence for a module or function above the house limit that gives no reason."""
    lines = len(module.text.splitlines())
    if lines > MODULE_LINES and module.path not in LONGER_WITH_REASON:
        yield f"{module.path} has {lines} lines; above {MODULE_LINES} it needs a seam, or a reason in this test."
    for name, node in definitions(module):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if isinstance(node, ast.ClassDef) or lines <= FUNCTION_LINES or f"{module.path}::{name}" in LONGER_WITH_REASON:
            continue
        yield f"{module.path}:{node.lineno} {name} has {lines} lines; above {FUNCTION_LINES} it needs a reason."


def careless(module: Module) -> Iterator[str]:
    """A sentence for each bare except, and each assert that python -O would drop."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{module.path}:{node.lineno} catches everything; name the exception."
        if isinstance(node, ast.Assert):
            yield f"{module.path}:{node.lineno} asserts; return a Problem, or raise."


def vague(module: Module) -> Iterator[str]:
    """A sentence for each parameter of a stage's function whose name says nothing."""
    for name, node in definitions(module):
        if not module.in_stage or isinstance(node, ast.ClassDef) or f"{module.path}::{name}" in VAGUE_WITH_REASON:
            continue
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        yield from (f"{module.path}:{node.lineno} {name} takes `{argument.arg}`; say what it is and its unit."
                    for argument in given if argument.arg in VAGUE)


CHECKS = (without_docstring, too_long, careless, vague)


@pytest.mark.parametrize("check", CHECKS)
def test_every_module_keeps_the_rule(check: Callable[[Module], Iterator[str]]) -> None:
    found = [sentence for module in modules() for sentence in check(module)]
    assert not found, "\n" + "\n".join(found)


LONG_FUNCTION = "def f():\n    '''Too long.'''\n" + "    x = 1\n" * FUNCTION_LINES


@pytest.mark.parametrize(("check", "text", "sentence"), [
    (without_docstring, "x = 1", "settlement/bad.py:1 begins without a docstring."),
    (without_docstring, "'''M.'''\ndef f():\n    def g(): return 1",
     "settlement/bad.py:2 f is public and has no docstring."),
    (without_docstring, "'''M.'''\nclass C:\n    '''C.'''\n    def f(self): return 1\n    def _g(self): return 1",
     "settlement/bad.py:4 C.f is public and has no docstring."),
    (too_long, "x = 1\n" * (MODULE_LINES + 1),
     "settlement/bad.py has 401 lines; above 400 it needs a seam, or a reason in this test."),
    (too_long, LONG_FUNCTION, "settlement/bad.py:1 f has 72 lines; above 70 it needs a reason."),
    (careless, "try:\n    f()\nexcept:\n    pass", "settlement/bad.py:3 catches everything; name the exception."),
    (careless, "assert x", "settlement/bad.py:1 asserts; return a Problem, or raise."),
    (vague, "def f(*, data): ...", "settlement/bad.py:1 f takes `data`; say what it is and its unit."),
])
def test_a_breach_is_caught(check: Callable[[Module], Iterator[str]], text: str, sentence: str) -> None:
    assert list(check(Module(name="settlement.bad", path="settlement/bad.py", text=text))) == [sentence]


# The needles are put together here so that this file does not hold them.
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + "X|raise Not" + r"ImplementedError)\b")
HOST = re.compile(r"pypi\." + "org|python" + r"hosted\.org|registry\.npm" + "js|--(extra-)?index-" + "url")
MACHINE_PATH = re.compile(r"(?<![\w.~/<>*-])/" + r"(work|root|tmp|home/\w+|Users/\w+|opt/pypi)" + r"(/|$|(?=['\"\s]))")
NEEDLES = {UNFINISHED: "leaves work unfinished", HOST: "names a package registry",
           MACHINE_PATH: "names a path of one machine"}


def forbidden(path: str, text: str) -> Iterator[str]:
    """A sentence for each line that holds what no committed file may hold."""
    for number, line in enumerate(text.splitlines(), start=1):
        yield from (f"{path}:{number} {what}: {found.group(0)}" for needle, what in NEEDLES.items()
                    if (found := needle.search(line)))


def test_committed_files_hold_nothing_forbidden() -> None:
    found: list[str] = []
    for path in committed_files():
        name = path.relative_to(ROOT).as_posix()
        if path.stat().st_size > FILE_BYTES:
            found.append(f"{name} is larger than {FILE_BYTES} bytes; generate it, or fetch it.")
            continue
        try:
            found.extend(forbidden(name, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("line", ["# TO" + "DO later", "see https://pypi." + "org/x", "--index-" + "url x",
                                  "open('/wo" + "rk/main/x')", "cd /ro" + "ot", "in /ho" + "me/ann/x"])
def test_a_forbidden_line_is_caught(line: str) -> None:
    assert len(list(forbidden("x", "fine\n" + line))) == 1


@pytest.mark.parametrize("line", ["docs/tmp/x and https://example.org/root/x", "~/work/x", "../work/x", "a/root b",
                                  "</root>"])
def test_an_innocent_line_passes(line: str) -> None:
    assert list(forbidden("x", line)) == []


SKIP = re.compile(r"pytest\.(mark\.)?(skip|xfail|importorskip)")


def test_only_absent_reference_data_skips_a_test() -> None:
    """The fixture `refs` is the one place that may skip."""
    found = [f"{path.relative_to(ROOT)}:{at} skips; ask for the fixture refs instead."
             for path in sorted((ROOT / "tests").rglob("*.py")) if path != ROOT / "tests" / "conftest.py"
             for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
             if SKIP.search(line) and "SKIP = " not in line]
    assert not found, "\n" + "\n".join(found)


def test_every_tariff_has_its_cases_and_its_source() -> None:
    tariffs = ROOT / "tariffs"
    folders = [tariffs / "_template", *(path for path in tariffs.glob("[!_]*/*") if path.is_dir())]
    found = [f"{folder.relative_to(ROOT)} has no {name}." for folder in sorted(folders)
             for name in ("tariff.yaml", "cases.yaml", "SOURCE.md") if not (folder / name).is_file()]
    assert len(folders) > 1
    assert not found, "\n" + "\n".join(found)
