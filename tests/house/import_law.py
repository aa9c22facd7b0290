"""The import law of ARCHITECTURE.md as a function: one module in, one sentence for each breach out."""

import ast
from collections.abc import Iterator

from tests.house.source import STAGES, Module

KERNEL = frozenset({"quantity", "money", "interval", "problem", "table", "compiled"})
BANNED_IN_STAGES = frozenset({"django", "pyspark", "ray", "dask", "pandas"})


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """The dotted name that a `from` import reads, counted from the top."""
    if node.level == 0:
        return node.module or ""
    package = ["gridrider", *filter(None, module.name.split("."))]
    if not module.is_package:
        package.pop()
    return ".".join([*package[: len(package) - (node.level - 1)], *filter(None, [node.module])])


def imported(module: Module, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports, wherever in the file it does so.

    `from ..settlement import model` names settlement.model, when `names` (all modules there are) holds it.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield node.lineno, inner if inner.removeprefix("gridrider.") in names else base


def breaches(module: Module, names: frozenset[str]) -> list[str]:
    """One sentence for each import of the module that the law forbids."""
    found = []
    for line, target in imported(module, names):
        top, _, inner = target.partition(".")
        why = why_not_ours(module, inner) if top == "gridrider" else why_not_theirs(module, top)
        if why:
            found.append(f"{module.path}:{line} imports {target}: {why}.")
    return found


def why_not_theirs(module: Module, package: str) -> str:
    """Why this module may not import somebody else's package; blank when it may."""
    if package == "numba" and module.name != "compiled":
        return "compiled.py is the one door to it"
    if module.in_stage and package in BANNED_IN_STAGES:
        return "a stage runs without it; it belongs in the rim"
    return ""


def why_not_ours(module: Module, target: str) -> str:
    """Why this module may not import our module `target`, named without the package; blank when it may."""
    here, there = module.name.split(".")[0], target.split(".")[0]
    if there in ("cli", "__main__", "web") and here not in ("", "cli", "__main__", "web", "bootstrap"):
        return f"nothing imports {there}"
    if there == "" or there in KERNEL:
        return "the kernel imports nothing of ours" if here in KERNEL and there else ""
    if here in KERNEL:
        return "the kernel imports nothing of ours"
    if here in STAGES:
        return why_not_from_stage(here, there, target)
    if here == "engine" and there != "engine":
        return "the engine is handed its kernels and imports only the kernel of words"
    if here == "adapters":
        return why_not_from_adapter(module.name, target)
    if here in ("cli", "__main__") and there not in ("app", "cli", "bootstrap"):
        return "the command line calls app only"
    if here in ("twin", "audit"):
        return why_not_from_rim(here, there, target)
    return ""


def why_not_from_stage(here: str, there: str, target: str) -> str:
    """Why a module of stage `here` may not import `target` out of `there`."""
    if here == there:
        return ""
    if there not in STAGES:
        return f"a stage imports only the kernel and models, and {there} is neither"
    if STAGES.index(there) > STAGES.index(here):
        return f"{there} lies downstream of {here}; what is needed from it is declared in {here}/model.py"
    if not is_model(target):
        return f"of an earlier stage only model.py may be imported, and app/ joins the verbs of {here} and {there}"
    return ""


def why_not_from_rim(here: str, there: str, target: str) -> str:
    """Why the twin or the checker may not import `target`: the kernel, models and its own files it may."""
    if there == here or is_model(target):
        return ""
    if there in STAGES:
        return "the rim sees models, never a stage's verbs"
    return f"{here} imports only the kernel and models, and {there} is neither"


def why_not_from_adapter(name: str, target: str) -> str:
    """Why an adapter may not import `target`: the kernel, models, the ports and its own files it may."""
    there = target.split(".")[0]
    own = ".".join(name.split(".")[:2])
    if there == "adapters":
        return "" if f"{target}.".startswith(f"{own}.") else "adapters never see each other"
    if there in STAGES:
        return "" if is_model(target) else "an adapter sees models, never a stage's verbs"
    return "" if target == "app.ports" else f"an adapter imports only the kernel, models and ports, and {there} is none"


def is_model(target: str) -> bool:
    """True for `<stage>.model` and what is inside it."""
    return target.split(".")[0] in STAGES and target.split(".")[1:2] == ["model"]
