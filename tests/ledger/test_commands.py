"""The commands say what they did, with exit codes that scripts can rely on."""

from __future__ import annotations

import json

import pytest

from gridrider.cli import main
from tests.ledger.books import World, owes, rows_of, write_csv
from tests.ledger.test_back import bank_file


def arguments(world: World, out: str) -> list[str]:
    return ["payout", str(world.tariff_file()), "--statements", str(world.path / "run"), "--accounts",
            str(world.accounts_file()), "--approvals", str(world.approvals_file()), "--out", str(world.path / out)]


def test_propose_sign_pay(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 with the hash, then 0; nothing but JSON on standard output (R142)."""
    world.settled("run", owes("ann", "120.50"))
    assert main([*arguments(world, "paid"), "--json"]) == 1
    said = capsys.readouterr()
    proposal = json.loads(said.out)
    assert (proposal["paid"], proposal["total_usd"]) == (False, "120.50")
    assert "refused: nobody has signed this batch as preparer" in said.err
    world.sign(proposal["batch_hash"])
    assert main(arguments(world, "paid")) == 0
    assert "Paid 120.50 USD in 1 payment, money moves on 2025-11-03" in capsys.readouterr().out
    assert main(["ledger", "balance", str(world.path / "run"), str(world.path / "paid")]) == 0


def test_an_error_leaves_only_problems(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 and problems.csv; a payout that was made stays as it is (R140)."""
    world.settled("run", owes("ann", "120.50"))
    world.accounts[1] = {**world.accounts[1], "routing": "1"}
    assert main(arguments(world, "out")) == 1
    assert [file.name for file in (world.path / "out").iterdir()] == ["problems.csv"]
    assert "is not a routing number" in rows_of(world.path / "out" / "problems.csv")[0]["reason"]
    assert "99887766554" not in capsys.readouterr().err


def test_a_return_by_command(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.pay_out([world.settled("run", owes("ann", "120.50"))])
    given = ["ledger", "returns", str(bank_file(world, [("R02", 1, "")])), "--paid", str(world.path / "paid"),
             "--accounts", str(world.accounts_file()), "--at", "2025-11-25T10:00:00-05:00"]
    assert main([*given, "--out", str(world.path / "back")]) == 0
    assert "120.50 USD came back, 1 rows" in capsys.readouterr().out
    assert main([*given, "--paid", str(world.path / "back"), "--out", str(world.path / "x")]) == 1
    assert "has come back before" in capsys.readouterr().err


def test_no_folder_and_no_file_are_problems_not_faults(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong paths end with 1 and a sentence."""
    world.settled("run", owes("ann", "120.50"))
    tariff, accounts = str(world.tariff_file()), str(world.accounts_file())
    out = str(world.path / "out")
    missing = str(world.path / "missing")
    at = ["--at", "2025-11-25T10:00:00-05:00"]
    run = str(world.path / "run")
    for given in (["payout", tariff, "--statements", missing, "--accounts", accounts],
                  ["payout", tariff, "--statements", run, "--accounts", missing],
                  ["payout", tariff, "--statements", run, "--accounts", accounts, "--paid", missing],
                  ["ledger", "returns", missing, "--paid", missing, "--accounts", accounts, *at],
                  ["ledger", "stale-checks", tariff, "--paid", missing, "--cleared", missing, *at],
                  ["ledger", "recovery", tariff, "--inputs", missing],
                  ["ledger", "accrue", tariff, "--statements", missing, "--month", "2025-08"]):
        assert main([*given, "--out", out]) == 1, given
        assert "error" in capsys.readouterr().err


def test_pass_through_exits_with_one_when_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """R94: asking anything back without a funder's claim."""
    run = world.settled("run", owes("ann", "1.00"))
    asked = write_csv(world.path / "recouped.csv", ("participant_id", "enrollment_id", "recouped_usd"),
                      [{"participant_id": "sunward", "enrollment_id": "E", "recouped_usd": "5.00"}])
    assert main(["ledger", "pass-through", str(world.tariff_file()), "--statements", str(run), "--recouped",
                 str(asked), "--out", str(world.path / "x.csv")]) == 1
    assert "sunward asks 5.00 USD back for E and owes the funder 0.00 USD" in capsys.readouterr().err
