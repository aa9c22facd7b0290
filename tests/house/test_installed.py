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
    data = {f"gridrider/_{folder}/{path.relative_to(ROOT / folder).as_posix()}"
            for folder in ("tariffs", "seasons") for path in (ROOT / folder).rglob("*.yaml")}
    assert ours | data <= held


def test_the_installed_package_finds_its_tariffs_and_seasons(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    ask = "from gridrider.app import places; print(places.tariffs_folder(), places.seasons_folder(), sep='\\n')"
    said = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, check=True, capture_output=True, text=True,
                          env={"PYTHONPATH": str(tmp_path)})
    package = tmp_path / "gridrider"
    assert [Path(line) for line in said.stdout.splitlines()] == [package / "_tariffs", package / "_seasons"]


def test_a_checkout_reads_its_own_tariffs_and_seasons() -> None:
    from gridrider.app.places import seasons_folder, tariffs_folder

    assert (tariffs_folder(), seasons_folder()) == (ROOT / "tariffs", ROOT / "seasons")


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
