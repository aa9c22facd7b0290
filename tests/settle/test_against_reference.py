"""The engine and the reference settle the same random worlds, row by row to the same texts.

More worlds: GRIDRIDER_WORLDS=50 pytest tests/settle/test_against_reference.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.settle.both import compare
from tests.settle.scenario import draw
from tests.settle.shapes import SHAPES

WORLDS = int(os.environ.get("GRIDRIDER_WORLDS", "2"))
HOMES = 12


@pytest.mark.parametrize("seed", range(WORLDS))
@pytest.mark.parametrize("name", SHAPES)
def test_engine_and_reference_agree(name: str, seed: int, tmp_path: Path) -> None:
    shape = SHAPES[name]
    world = draw(shape, seed, homes=HOMES)
    inputs = world.folder.write(tmp_path / "inputs")
    found = compare(shape.tariff, inputs, world.period, tmp_path / "out", world.as_of)
    assert not found, f"{len(found)} differences (period {world.period}, as of {world.as_of or 'its end'}):\n" \
        + "\n".join(found[:40])
