"""One settlement, many ways to run it: threads, buckets and Spark give the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridrider.app import outputs
from gridrider.app.settle import SettleRequest, settle
from gridrider.cli.shared import parse_period
from tests.settle.scenario import draw
from tests.settle.shapes import SHAPES

TABLES = ("performance", "participation", "lines", "statements", "ledger", "problems")


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random world with everything that goes wrong in readings."""
    world = draw(SHAPES["elrp"], 3, homes=60)
    return world.folder.write_parquet(tmp_path_factory.mktemp("season") / "inputs", parts=3)


@pytest.fixture(scope="module")
def expected(season: Path, tariffs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The season settled in one bucket on all cores."""
    out = tmp_path_factory.mktemp("expected") / "out"
    settle(request_for(tariffs, season, out))
    return out


def request_for(tariffs: Path, inputs: Path, out: Path, **how: object) -> SettleRequest:
    """A settlement of the season."""
    return SettleRequest(tariff=tariffs / "pge/elrp-a4/tariff.yaml", inputs=inputs, out=out,
                         period=parse_period("2022"), **how)  # type: ignore[arg-type]


def assert_same_tables(one: Path, other: Path) -> None:
    """Every table of the contract is the same, byte by byte."""
    different = [name for name in TABLES
                 if (one / f"{name}.csv").read_bytes() != (other / f"{name}.csv").read_bytes()]
    assert different == []


@pytest.mark.parametrize("how", [{"threads": 1}, {"points_per_bucket": 7}, {"threads": 3, "points_per_bucket": 1},
                                 {"memory_limit_mb": 200}])
def test_threads_buckets_and_memory_change_no_byte(how: dict[str, object], season: Path, tariffs: Path,
                                                   expected: Path, tmp_path: Path) -> None:
    settle(request_for(tariffs, season, tmp_path / "out", **how))
    assert_same_tables(expected, tmp_path / "out")


@pytest.mark.parametrize(("rows", "few"), [(7, 64), (7, 0), (100, 2)])
def test_tables_written_in_pieces_are_the_same(rows: int, few: int, season: Path, tariffs: Path, expected: Path,
                                               tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large to sort at once is written by ranges of its key, and no byte of it may differ."""
    monkeypatch.setattr(outputs, "ROWS_AT_A_TIME", rows)
    monkeypatch.setattr(outputs, "STATEMENTS_FEW", few)
    settle(request_for(tariffs, season, tmp_path / "out"))
    assert_same_tables(expected, tmp_path / "out")


def test_spark_changes_no_byte(season: Path, tariffs: Path, expected: Path, tmp_path: Path) -> None:
    """In a process of its own, as a user runs it, and with no Java but the packaged one."""
    command = [sys.executable, "-m", "gridrider", "settle", str(tariffs / "pge/elrp-a4/tariff.yaml"), "--inputs",
               str(season), "--period", "2022", "--out", str(tmp_path / "out"), "--engine", "spark"]
    environment = {name: setting for name, setting in os.environ.items() if name != "JAVA_HOME"}
    environment["PATH"] = os.pathsep.join(
        folder for folder in environment["PATH"].split(os.pathsep) if not (Path(folder) / "java").exists())
    environment["PATH"] += os.pathsep + str(_tools_without_java(tmp_path))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert_same_tables(expected, tmp_path / "out")


def _tools_without_java(folder: Path) -> Path:
    """The shell tools that Spark's start script calls, from folders that also hold a java."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "env", "dirname", "basename", "ps", "cat", "uname", "nice", "readlink", "ls", "grep",
                 "sed", "awk", "tr", "hostname", "rm", "mkdir", "sleep", "chmod", "id", "which"):
        for place in (Path("/usr/bin") / name, Path("/bin") / name):
            if place.exists():
                (tools / name).symlink_to(place)
                break
    return tools
