"""Nouns flow downstream, verbs stay home: each module imports only what the law of ARCHITECTURE.md lets it."""

import pytest

from tests.house.import_law import breaches
from tests.house.source import Module, modules

NAMES = frozenset(module.name for module in modules()) | {
    "tariff.model", "tariff.load", "enrollment.model", "market.model", "event.model", "measurement.model",
    "settlement.model", "settlement.energy", "engine.run", "adapters.green_button.read", "adapters.meter_csv.read",
    "adapters.readings", "app.settle", "app.ports", "dispatch.model", "dispatch.allocate", "audit.model"}


def test_every_import_obeys() -> None:
    found = [sentence for module in modules() for sentence in breaches(module, NAMES)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(("name", "text", "complaint"), [
    ("money", "from .quantity import kwh_from_mwh", "the kernel imports nothing of ours"),
    ("money", "import gridrider.tariff.model", "the kernel imports nothing of ours"),
    ("tariff.load", "from ..settlement.model import LINES", "settlement lies downstream of tariff"),
    ("tariff.load", "from ..settlement import model", "settlement lies downstream of tariff"),
    ("settlement.energy", "from ..tariff.load import load_tariff", "only model.py may be imported"),
    ("settlement.energy", "from ..tariff import load", "only model.py may be imported"),
    ("settlement.energy", "from .. import tariff", "only model.py may be imported"),
    ("settlement.energy", "def pay():\n    import gridrider.app.settle", "app is neither"),
    ("settlement.energy", "import pandas as pd", "a stage runs without it"),
    ("twin.fleet.step_compiled", "def f():\n    from numba import njit", "compiled.py is the one door to it"),
    ("engine.run", "from ..measurement.model import PERFORMANCE", "the engine is handed its kernels"),
    ("adapters.green_button.read", "from ..meter_csv import read", "adapters never see each other"),
    ("adapters.readings", "from .green_button.read import read", "adapters never see each other"),
    ("adapters.green_button.read", "from ...settlement.energy import pay", "never a stage's verbs"),
    ("adapters.green_button.read", "from ...app.settle import settle", "only the kernel, models and ports"),
    ("compiled", "from .table import Column", "the kernel imports nothing of ours"),
    ("audit.judge", "from ..dispatch.allocate import allocate", "never a stage's verbs"),
    ("audit.judge", "from ..app.settle import settle", "audit imports only the kernel and models"),
    ("twin.fleet.run", "from ...dispatch import allocate", "never a stage's verbs"),
    ("twin.fleet.run", "from ...audit.model import Finding", "twin imports only the kernel and models"),
    ("dispatch.allocate", "from ..audit import model", "audit is neither"),
    ("cli", "from .tariff.load import load_tariff", "the command line calls app only"),
    ("app.settle", "from ..cli import main", "nothing imports cli"),
])
def test_a_breach_is_caught(name: str, text: str, complaint: str) -> None:
    (sentence,) = breaches(Module(name=name, path=f"{name}.py", text=text), NAMES)
    assert complaint in sentence
    assert sentence.startswith(f"{name}.py:{text.count(chr(10)) + 1} imports ")


@pytest.mark.parametrize(("name", "text"), [
    ("settlement.energy", "from ..tariff.model import Tariff\nfrom ..money import plain\nfrom .model import LINES"),
    ("settlement.energy", "from ..tariff import model\nfrom . import model as own\nimport numpy, pyarrow, duckdb"),
    ("app.settle", "from ..tariff.load import load_tariff\nfrom ..settlement.energy import pay"),
    ("adapters.green_button.read",
     "from ...telemetry.model import READINGS\nfrom . import wire\nfrom ...app import ports"),
    ("audit.judge", "from ..dispatch.model import INSTRUCTIONS\nfrom .model import Finding\nfrom ..table import Kind"),
    ("dispatch.allocate", "from ..compiled import compiled\nfrom .model import Origin"),
    ("twin.fleet.run", "from ...compiled import HAVE_NUMBA\nfrom ...tariff.model import Tariff\nfrom .homes import x"),
    ("engine.run", "from ..table import TableSchema\nimport pyspark"),
    ("cli", "from .app.settle import settle\nfrom . import __version__"),
])
def test_a_lawful_import_passes(name: str, text: str) -> None:
    names = NAMES | {"telemetry.model", "adapters.green_button.wire"}
    assert breaches(Module(name=name, path=f"{name}.py", text=text), names) == []


def test_the_package_file_of_a_stage_is_read_as_the_stage() -> None:
    package = Module(name="tariff", path="tariff/__init__.py", text="from .load import x", is_package=True)
    assert breaches(package, NAMES) == []
    package = Module(name="tariff", path="tariff/__init__.py", text="from ..settlement import model", is_package=True)
    assert "downstream" in breaches(package, NAMES)[0]
