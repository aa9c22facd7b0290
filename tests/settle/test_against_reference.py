"""The engine and the reference settle the same random worlds, row by row to the same texts.

More worlds: GRIDRIDER_WORLDS=50 pytest tests/settle/test_against_reference.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.reference.settlement import settle
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


def test_the_worlds_hold_every_outcome_and_every_way_to_be_paid(tmp_path: Path) -> None:
    outcomes, paid = set(), set()
    for name, shape in SHAPES.items():
        for seed in range(2):
            world = draw(shape, seed, homes=HOMES)
            inputs = world.folder.write(tmp_path / f"{name}-{seed}")
            settled = settle(shape.tariff, inputs, world.period, world.as_of)
            outcomes |= {(row["outcome"], row["counted"]) for row in settled.participation}
            paid |= {(line["component"], line["status"]) for line in settled.lines}
    assert outcomes == {("performed", "true"), ("performed", "false"), ("missed", "true"), ("missed", "false"),
                        ("opted_out", "true"), ("opted_out", "false"), ("suspended", "true"), ("suspended", "false"),
                        ("missing_readings", "true"), ("missing_readings", "false"), ("excused", "false"),
                        ("unsigned", "false"), ("not_eligible", "false"), ("cancelled", "false")}
    assert paid >= {(component, status) for component in ("energy", "capacity", "aggregation_adjustment")
                    for status in ("final", "provisional")} | {
                        (component, "final") for component in ("bonus", "adder", "upfront", "claw_back", "energy")}
