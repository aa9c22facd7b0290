"""A wheel carries what the program reads: tariffs, SQL, templates, and it finds them without the checkout."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.source import PACKAGE, ROOT

DATA_FILES = (".sql", ".typ", ".html", ".css", ".json", ".yaml", ".md", ".typed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True,
                   capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_every_data_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = {f"gridrider/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob("*")
            if path.suffix in DATA_FILES}
    tariffs = {f"gridrider/_tariffs/{path.relative_to(ROOT / 'tariffs').as_posix()}"
               for path in (ROOT / "tariffs").rglob("*.yaml")}
    assert ours | tariffs <= held


def test_the_installed_package_finds_its_tariffs(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    ask = "from gridrider.app.places import tariffs_folder as f; print(f())"
    said = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, check=True, capture_output=True, text=True,
                          env={"PYTHONPATH": str(tmp_path)})
    assert Path(said.stdout.strip()) == tmp_path / "gridrider" / "_tariffs"


def test_a_checkout_reads_its_own_tariffs() -> None:
    from gridrider.app.places import tariffs_folder

    assert tariffs_folder() == ROOT / "tariffs"


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_a_lock_holds_hashed_packages_and_nothing_else(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    joined = text.replace("\\\n", " ").splitlines()
    entry = re.compile(r"[a-z0-9.-]+==[\w.+!]+( ; [^#@]+?)?( +--hash=sha256:[0-9a-f]{64})+")
    odd = [line for line in joined if not entry.fullmatch(line)]
    assert len(joined) > 20
    assert odd == []


def test_the_developers_lock_holds_the_run_lock() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / lock).read_text(encoding="utf-8"), re.M))
    assert pins("run.txt") <= pins("dev.txt")
