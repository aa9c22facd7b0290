"""Tax forms by payer, payee and year of the payment date; certificates and what is withheld."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gridrider.app.payout_year import year_forms
from tests.ledger.books import ANN, ORIGINATOR, World, balances, owes, rows_of

THRESHOLDS = ('reportable_usd: [{value: "600", effective: 2020-01-01, cite: "IRC 6041(a)"}, '
              '{value: "2000", effective: 2026-01-01, filed: 2025-07-04, cite: "2025 act", confirmed: false}]')
NO_W9 = {**ANN, "w9": "missing"}


@pytest.mark.parametrize(("year", "usd", "due"), [(2025, "599.99", "false"), (2025, "600.00", "true"),
                                                  (2026, "1999.99", "false"), (2026, "2000.00", "true")])
def test_a_form_is_due_from_the_year_s_threshold(world: World, year: int, usd: str, due: str) -> None:
    """600 through 2025 and 2,000 after, by the day on which the money moves (R90)."""
    world.payout = THRESHOLDS
    world.pay_out([world.settled("run", owes("ann", usd))], at=f"{year}-06-10T15:00:00+00:00")
    (row,) = rows_of(world.path / "paid" / "forms_1099.csv")
    assert (row["payer"], row["payee_id"], row["year"], row["paid_usd"], row["form_due"]) == (
        "Example Municipal Utility", "ann", str(year), usd, due)
    assert row["clause"] == ("IRC 6041(a)" if year == 2025 else "2025 act (unconfirmed)")


def test_the_year_is_that_of_the_money_not_of_the_order(world: World) -> None:
    """Ordered on Dec 31, 2025, the money moves on Jan 2, 2026 (R90)."""
    world.payout = THRESHOLDS
    world.pay_out([world.settled("run", owes("ann", "700.00"))], at="2025-12-31T15:00:00+00:00")
    (row,) = rows_of(world.path / "paid" / "forms_1099.csv")
    assert (row["year"], row["form_due"]) == ("2026", "false")


def test_payments_of_a_year_add_up(world: World) -> None:
    """400.00 and 200.00 make a form due; the year's list comes from all payouts (R90)."""
    world.payout = THRESHOLDS
    world.pay_out([world.settled("one", owes("ann", "400.00"))])
    world.pay_out([world.settled("two", owes("ann", "200.00", statement="S2", start="2024-05-01", end="2024-11-01"),
                                 start="2024-05-01", end="2024-11-01")], "second", paid=[world.path / "paid"])
    forms, problems = year_forms(world.tariff_file(), [world.path / "paid", world.path / "second"],
                                 world.accounts_file(), 2025, datetime(2026, 1, 5, tzinfo=UTC), world.path / "f.csv")
    assert [(form.paid.gross_cents, form.form_due) for form in forms] == [(60_000, True)]
    assert not [problem for problem in problems if problem.column == "w9"]
    assert rows_of(world.path / "f.csv")[0]["tin_last4"] == "1111"


def test_a_silent_tariff_says_nobody_is_due(world: World) -> None:
    """No threshold is made up: the cell is blank and a warning says why."""
    done = world.pay_out([world.settled("run", owes("ann", "5000.00"))])
    (row,) = rows_of(world.path / "paid" / "forms_1099.csv")
    assert (row["threshold_usd"], row["form_due"]) == ("", "")
    assert any("names no payout.reportable_usd" in problem.reason for problem in done.problems)


@pytest.mark.parametrize(("usd", "w9", "flagged"), [("600.00", "missing", True), ("599.99", "missing", False),
                                                    ("600.00", "refused", True), ("600.00", "received", False)])
def test_a_missing_certificate_is_flagged(world: World, usd: str, w9: str, flagged: bool) -> None:
    """By default nothing is withheld, and a Problem names the payee (R90)."""
    world.payout = THRESHOLDS + ', backup_withholding_pct: "24"'
    world.accounts = [ORIGINATOR, {**ANN, "w9": w9}]
    run = world.settled("run", owes("ann", usd))
    done = world.pay_out([run], at="2025-06-10T15:00:00+00:00")
    assert done.total_cents == int(Decimal(usd) * 100)
    assert any("backup withholding of 24% is due" in problem.reason for problem in done.problems) is flagged
    (row,) = rows_of(world.path / "paid" / "forms_1099.csv")
    assert row["backup_withholding"] == str(flagged).lower()


@pytest.mark.parametrize(("usd", "net", "kept"), [("599.99", "599.99", "0.00"), ("600.00", "456.00", "144.00"),
                                                  ("1000.02", "760.02", "240.00"), ("1000.03", "760.02", "240.01")])
def test_a_tariff_may_withhold(world: World, usd: str, net: str, kept: str) -> None:
    """24 percent, rounded once to cents, owed to the tax authority (R90)."""
    world.payout = THRESHOLDS + ', backup_withholding_pct: "24", withhold_backup: true'
    world.accounts = [ORIGINATOR, NO_W9]
    run = world.settled("run", owes("ann", usd))
    world.pay_out([run], at="2025-06-10T15:00:00+00:00")
    (row,) = rows_of(world.path / "paid" / "payments.csv")
    assert (row["gross_usd"], row["net_usd"], row["withheld_usd"]) == (usd, net, kept)
    books = balances(run, world.path / "paid")
    assert books["cash:ach"] == -Decimal(net)
    assert books.get("payable:irs", Decimal(0)) == -Decimal(kept)
    assert "payable:ann" not in books
