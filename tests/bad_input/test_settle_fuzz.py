"""Broken inputs of every kind: a Problem or a clean refusal, never a traceback, and nothing half-written."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gridrider.cli import main
from tests.settle.scenario import draw
from tests.settle.shapes import SHAPES

ROUNDS = 24
NOISE = (b"", b"\x00", b"\xff\xfe", b'"', b",", b"\n", b"\r", b";", b"-", b"1e9999", b"NaN", b"\xf0\x9f\x94\x8b",
         b"2025-02-30", b"=1+1", b"' or 1=1 --", b"../../x", b"9" * 40)


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of inputs that settles well: every table a CSV but the readings."""
    folder = tmp_path_factory.mktemp("season") / "inputs"
    world = draw(SHAPES["dsgs"], 2, homes=12).folder
    world.write(folder)
    (folder / "readings.csv").unlink()
    readings = world.write_parquet(folder.with_name("parquet")) / "readings.parquet"
    pq.write_table(pq.read_table(readings).slice(0, 400), folder / "readings.parquet")
    return folder


def broken(content: bytes, rng: random.Random) -> bytes:
    """The same bytes with one to three places cut out, doubled, or overwritten."""
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randrange(len(content) + 1), rng.randint(0, 12)
        how = rng.choice(("cut", "double", "noise", "stop"))
        if how == "cut":
            content = content[:at] + content[at + length:]
        elif how == "double":
            content = content[:at] + content[at:at + length] * 2 + content[at + length:]
        elif how == "noise":
            content = content[:at] + rng.choice(NOISE) + content[at + rng.choice((0, length)):]
        else:
            content = content[:at]
        content = content or b"x"
    return content


@pytest.mark.parametrize("name", ["enrollments.csv", "events.csv", "prices.csv", "opt_outs.csv", "unavailable.csv",
                                  "readings.parquet", "tariff.yaml"])
def test_broken_inputs_are_refused_in_words_or_settled(name: str, season: Path, tariffs: Path, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(name)
    codes = set()
    for attempt in range(ROUNDS // 4 if name == "readings.parquet" else ROUNDS):
        inputs, out = tmp_path / f"in{attempt}", tmp_path / f"out{attempt}"
        shutil.copytree(season, inputs)
        tariff = inputs / "tariff.yaml"
        shutil.copy(tariffs / "cec/dsgs-option-3/tariff.yaml", tariff)
        (inputs / name).write_bytes(broken((inputs / name).read_bytes(), rng))
        code = main(["settle", str(tariff), "--inputs", str(inputs), "--period", "2025", "--out", str(out)])
        said = capsys.readouterr().err
        assert code in (0, 1), said
        assert "Traceback" not in said
        left = sorted(file.name for file in out.iterdir())
        assert left == ["problems.csv"] if code == 1 else "statements.csv" in left
        assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
        codes.add(code)
        shutil.rmtree(inputs)
        shutil.rmtree(out)
    assert 1 in codes


def test_a_refused_run_leaves_an_earlier_result_as_it_was(season: Path, tariffs: Path, tmp_path: Path) -> None:
    tariff, out, inputs = tariffs / "cec/dsgs-option-3/tariff.yaml", tmp_path / "out", tmp_path / "in"
    shutil.copytree(season, inputs)
    arguments = ["settle", str(tariff), "--inputs", str(inputs), "--period", "2025", "--out", str(out)]
    assert main(arguments) == 0
    before = {file.name: file.read_bytes() for file in out.iterdir() if file.name != "problems.csv"}
    (inputs / "events.csv").write_text("event_id\n", encoding="utf-8")
    assert main(arguments) == 1
    assert {file.name: file.read_bytes() for file in out.iterdir() if file.name != "problems.csv"} == before


def test_a_folder_of_somebody_else_is_never_replaced(season: Path, tariffs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "letters.txt").write_text("mine", encoding="utf-8")
    code = main(["settle", str(tariffs / "cec/dsgs-option-3/tariff.yaml"), "--inputs", str(season), "--period", "2025",
                 "--out", str(out)])
    assert code == 1
    assert (out / "letters.txt").read_text(encoding="utf-8") == "mine"


def test_wrong_usage_is_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle"]) == 2
    assert main(["settle", "x.yaml", "--inputs", ".", "--period", "yesterday", "--out", "o"]) == 2
    assert main(["import", "nonsense", "x", "--out", "o"]) == 2
    capsys.readouterr()


