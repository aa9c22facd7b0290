"""The engine and the reference on the last payment rules and on energy that two could claim, world by world.

More worlds: GRIDRIDER_WORLDS=50 pytest tests/reference
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reference.numbers import cents_text
from tests.reference.settlement import Cells, Settled, settle
from tests.reference.worlds import paid_world, shared_world
from tests.settle.both import run_engine, table
from tests.settle.folder import Folder

WORLDS = int(os.environ.get("GRIDRIDER_WORLDS", "2"))
TARIFFS = Path(__file__).parent / "tariffs"
RUNS = [("shared", shared_world, "2025-07", ""),
        ("paid", paid_world, "2025-06-01/2025-10-01", ""),
        ("paid", paid_world, "2025-07", "2025-12-31T00:00:00-05:00"),
        ("paid", paid_world, "2025", "2025-08-01T09:00:00Z")]
COLUMNS = {
    "participation": ("enrollment_id", "event_id", "outcome", "counted", "average_kw"),
    "lines": ("participant_id", "aggregation_id", "payee_id", "enrollment_id", "service", "component", "event_id",
              "period_start", "period_end", "quantity", "unit", "rate", "rate_unit", "rate_effective", "amount_usd",
              "status"),
    "statements": ("payee_id", "participant_id", "period_start", "period_end", "total_usd"),
    "attribution": ("enrollment_id", "event_id", "service", "start", "delivered_kwh", "taken_kwh", "counted_kwh"),
}


def shown(rows: list[Cells], columns: tuple[str, ...]) -> Counter[tuple[str, ...]]:
    """How often each row stands there, its rate without trailing zeros."""
    return Counter(tuple(row[column].rstrip("0").rstrip(".") if column == "rate" and "." in row[column]
                         else row[column] for column in columns) for row in rows)


def differences(tariff: Path, inputs: Path, period: str, out: Path, as_of: str = "") -> list[str]:
    """Each row that only one of the two has."""
    code = run_engine(tariff, inputs, period, out, *(("--as-of", as_of) if as_of else ()))
    if code != 0:
        errors = [str(row) for row in table(out, "problems") if row["severity"] == "error"] if code == 1 else []
        return [f"the engine ended with {code}: {errors}"]
    settled, found = settle(tariff, inputs, period, as_of), []
    paid = {(row["enrollment_id"], row["event_id"]) for row in settled.participation
            if row["counted"] == "true" and row["outcome"] != "missing_readings"}
    for name, columns in COLUMNS.items():
        theirs_all = table(out, name)
        if name == "attribution":  # what is taken of a row that is not paid matters to nobody
            theirs_all = [row for row in theirs_all if (row["enrollment_id"], row["event_id"]) in paid]
        ours, theirs = shown(getattr(settled, name), columns), shown(theirs_all, columns)
        found += [f"{name}: only in the reference: {row}" for row in (ours - theirs).elements()]
        found += [f"{name}: only in the engine:    {row}" for row in (theirs - ours).elements()]
    return sorted(found, key=lambda text: (text.split(":")[0], text.split("(", 1)[1]))


@pytest.mark.parametrize("seed", range(WORLDS))
@pytest.mark.parametrize(("name", "draw", "period", "as_of"), RUNS)
def test_engine_and_reference_agree(name: str, draw: Callable[[int], Folder], period: str, as_of: str, seed: int,
                                    tmp_path: Path) -> None:
    """Stacking, claims and vintage; adders, upfront, committed, nominated and market-priced payments
    (R5, R15, R52, R53, R86, R88, R96)."""
    inputs = draw(seed).write(tmp_path / "in")
    found = differences(TARIFFS / f"{name}.yaml", inputs, period, tmp_path / "out", as_of)
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:40])


def world(tmp_path: Path, name: str, draw: Callable[[int], Folder], seed: int, period: str) -> Settled:
    """A world as the reference settles it."""
    return settle(TARIFFS / f"{name}.yaml", draw(seed).write(tmp_path / f"{name}-{seed}"), period)


def test_the_worlds_hold_every_new_sort_of_line(tmp_path: Path) -> None:
    """The random worlds reach each rule, so that agreeing on them says something."""
    paid = [world(tmp_path, "paid", paid_world, seed, "2025") for seed in range(4)]
    shared = [world(tmp_path, "shared", shared_world, seed, "2025-07") for seed in range(12)]
    lines = [line for settled in (*paid, *shared) for line in settled.lines]
    assert {line["component"] for line in lines} >= {"upfront", "adder", "claw_back", "penalty", "bonus", "capacity",
                                                     "energy"}
    assert {row["service"] for settled in shared for row in settled.attribution} == {"peak", "relief", "market",
                                                                                      "weighted"}
    acts = {move.act for settled in paid for move in settled.movements}
    assert acts == {"booked", "amortized", "clawed_back", "written_off"}


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_asset_moves_as_the_rules_say(seed: int, tmp_path: Path) -> None:
    """Upfront payments are spread over their months, and what is left goes at once on leaving (R86)."""
    inputs, out = paid_world(seed).write(tmp_path / "in"), tmp_path / "out"
    assert run_engine(TARIFFS / "paid.yaml", inputs, "2025", out) == 0
    ours = Counter((str(move.day), move.act, cents_text(move.cents))
                   for move in settle(TARIFFS / "paid.yaml", inputs, "2025").movements)
    theirs = Counter((row["day"], row["act"], row["amount_usd"]) for row in table(out, "amortization")
                     if row["amount_usd"] != "0.00")
    assert ours == theirs
