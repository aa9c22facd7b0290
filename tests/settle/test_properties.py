"""What must hold of every settlement: the same bytes from the same rows, and a ledger that adds up, now and later."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.settlement import Cells
from tests.settle.both import run_engine, table
from tests.settle.scenario import World, draw
from tests.settle.shapes import SHAPES

OUTPUTS = ("participation.csv", "performance.csv", "lines.csv", "statements.csv", "ledger.csv")
NAMES = ("elrp", "dsgs", "season-aggregation", "nominated", "committed", "upfront", "at-price")
SEED = 11


def settle(name: str, world: World, inputs: Path, out: Path, *more: str) -> Path:
    """Settle and return the folder of outputs."""
    as_of = ("--as-of", world.as_of) if world.as_of else ()
    assert run_engine(SHAPES[name].tariff, inputs, world.period, out, *as_of, *more) == 0
    return out


def bytes_of(out: Path) -> dict[str, bytes]:
    """The outputs whose bytes are promised."""
    return {name: (out / name).read_bytes() for name in OUTPUTS}


@pytest.mark.parametrize("name", NAMES)
def test_row_order_format_files_and_cores_change_no_byte(name: str, tmp_path: Path) -> None:
    world = draw(SHAPES[name], SEED, homes=6)
    told = [world.folder.write(tmp_path / "csv"),
            world.folder.write(tmp_path / "shuffled", shuffle=random.Random(SEED)),
            world.folder.write_parquet(tmp_path / "parquet"),
            world.folder.write_parquet(tmp_path / "parts", parts=3)]
    cores = ("2", "1", "2", "1")
    first, *others = [bytes_of(settle(name, world, inputs, inputs / "out", "--threads", threads))
                      for inputs, threads in zip(told, cores, strict=True)]
    assert first["lines.csv"].count(b"\n") > 1
    for inputs, other in zip(told[1:], others, strict=True):
        assert other == first, inputs.name


def usd(text: str) -> Decimal:
    """An amount, blank for none."""
    return Decimal(text or "0")


def owed_by_payee(ledger: list[Cells]) -> dict[str, Decimal]:
    """What is owed to each payee, less what they owe."""
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for posting in ledger:
        kind, _, payee = posting["account"].partition(":")
        if kind in ("payable", "receivable"):
            owed[payee] += usd(posting["credit_usd"]) - usd(posting["debit_usd"])
    return {payee: amount for payee, amount in owed.items() if amount}


def spent(ledger: list[Cells]) -> Decimal:
    """What the program has spent, also where its books spread it."""
    return sum((usd(posting["debit_usd"]) - usd(posting["credit_usd"]) for posting in ledger
                if posting["account"].startswith(("expense:", "asset:"))), Decimal(0))


def total_by(column: str, rows: list[Cells], amount: str) -> dict[str, Decimal]:
    """Sums of an amount."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        totals[row[column]] += usd(row[amount])
    return dict(totals)


def assert_balanced(ledger: list[Cells]) -> None:
    """Debits equal credits in every entry, and every posting is one of the two."""
    off: dict[str, Decimal] = defaultdict(Decimal)
    for posting in ledger:
        assert bool(posting["debit_usd"]) != bool(posting["credit_usd"]), posting
        assert usd(posting["debit_usd"]) + usd(posting["credit_usd"]) > 0, posting
        off[posting["entry_id"]] += usd(posting["debit_usd"]) - usd(posting["credit_usd"])
    assert not any(off.values())


@pytest.mark.parametrize("name", [*NAMES, "resource", "winter-nights", "winter"])
def test_lines_statements_and_ledger_say_the_same(name: str, tmp_path: Path) -> None:
    world = draw(SHAPES[name], SEED, homes=10)
    out = settle(name, world, world.folder.write(tmp_path / "in"), tmp_path / "out")
    lines, statements, ledger = table(out, "lines"), table(out, "statements"), table(out, "ledger")
    by_statement = {row["statement_id"]: usd(row["total_usd"]) for row in statements}
    assert total_by("statement_id", lines, "amount_usd") == by_statement
    assert_balanced(ledger)
    assert spent(ledger) == sum(by_statement.values())
    by_payee = {payee: sum_ for payee, sum_ in total_by("payee_id", lines, "amount_usd").items() if sum_}
    assert owed_by_payee(ledger) == by_payee


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_on_the_same_data_posts_nothing(name: str, tmp_path: Path) -> None:
    world = draw(SHAPES[name], SEED, homes=6)
    inputs = world.folder.write(tmp_path / "in")
    first = settle(name, world, inputs, tmp_path / "first")
    again = settle(name, world, inputs, tmp_path / "again", "--prior", str(first))
    assert table(again, "ledger") == []
    assert table(again, "differences") == []
    for name_ in ("participation.csv", "performance.csv", "lines.csv", "statements.csv"):
        assert (again / name_).read_bytes() == (first / name_).read_bytes()


def late(world: World) -> World:
    """The same world after new revisions of a quarter of its readings and a late opt-out."""
    chance = random.Random(SEED)
    by_reading = {(row["point_id"], row["start"]): row for row in world.folder.rows["readings"]}
    for row in by_reading.values():
        if chance.random() < 0.25:
            late_cells = {"import_kwh": "0.5", "export_kwh": "1.234567", "quality": "", "revision": "11"}
            world.folder.add("readings", **row | late_cells)
    enrollment, event = world.folder.rows["enrollments"][0], world.folder.rows["events"][-1]
    world.folder.add("opt_outs", event_id=event["event_id"], enrollment_id=enrollment["enrollment_id"],
                     at=event["start"])
    return world


@pytest.mark.parametrize("name", NAMES)
def test_late_data_changes_only_what_it_must_and_both_ledgers_make_the_new_lines(name: str, tmp_path: Path) -> None:
    """A resent reading and a late opt-out change nothing that they should not; the earlier books stand (R146)."""
    world = draw(SHAPES[name], SEED, homes=6)
    first = settle(name, world, world.folder.write(tmp_path / "in"), tmp_path / "first")
    inputs = late(world).folder.write(tmp_path / "late")
    new = settle(name, world, inputs, tmp_path / "new", "--prior", str(first))
    before = {line["line_id"]: line for line in table(first, "lines")}
    after = {line["line_id"]: line for line in table(new, "lines")}
    changed = {line_id for line_id in before.keys() | after.keys()
               if before.get(line_id, {}).get("amount_usd") != after.get(line_id, {}).get("amount_usd")}
    assert changed
    assert {row["line_id"]: (row["before_usd"], row["after_usd"]) for row in table(new, "differences")} == {
        line_id: (before.get(line_id, {}).get("amount_usd", ""), after.get(line_id, {}).get("amount_usd", ""))
        for line_id in changed}
    assert {line["version"] for line_id, line in after.items() if line_id in changed & before.keys()} <= {"2"}
    untouched = [line_id for line_id in after if {**after[line_id], "version": ""} == {
        **before.get(line_id, {}), "version": ""}]
    assert {after[line_id]["version"] for line_id in untouched} <= {"1"}
    ledger = table(new, "ledger")
    assert_balanced(ledger)
    assert {posting["line_id"] for posting in ledger} - {""} <= changed
    both = table(first, "ledger") + ledger
    assert not {row["entry_id"] for row in table(first, "ledger")} & {row["entry_id"] for row in ledger}
    assert spent(both) == sum(usd(line["amount_usd"]) for line in after.values())
    by_payee = {payee: sum_ for payee, sum_ in total_by("payee_id", list(after.values()), "amount_usd").items() if sum_}
    assert owed_by_payee(both) == by_payee
    fresh = settle(name, world, inputs, tmp_path / "fresh")
    assert [without_version(line) for line in table(fresh, "lines")] == [without_version(line)
                                                                        for line in table(new, "lines")]


def without_version(line: Cells) -> Cells:
    """A line but for its version."""
    return {column: cell for column, cell in line.items() if column != "version"}
