"""Month-end accrual and the recovery of the program's cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridrider.app.accrual import Accrued, accrue, month_of
from gridrider.app.cost_recovery import recover
from gridrider.app.trial_balance import trial_balance
from gridrider.ledger.recovery import RecoveryMonth, RecoveryRow, recovery_rows
from gridrider.problem import DataRefused
from tests.ledger.books import Line, Statement, World, balances, owes, rows_of, write_csv

AUGUST = date(2025, 8, 1)
AFTER, WITHIN = "2025-09-15T04:00:00+00:00", "2025-09-01T04:00:00+00:00"


def august(world: World, *statements: Statement, as_of: str, gl: Path | None = None) -> Accrued:
    return accrue(world.tariff_file(), world.settled("run", *statements, as_of=as_of), AUGUST, gl,
                  world.path / "accrued")


def test_what_is_booked_and_may_change_is_moved_from_its_payee(world: World) -> None:
    """Booked by the month's end: only the provisional 30.00 is accrued, and reversed on September 1 (R149)."""
    done = august(world, owes("ann", "30.00", status="provisional", start="2025-08-01", end="2025-09-01"),
                  owes("bob", "50.00", start="2025-08-01", end="2025-09-01"), as_of=WITHIN)
    assert done.accrued_cents == 3000
    rows = rows_of(world.path / "accrued" / "accrual.csv")
    assert {(row["posted_on"], row["account"], row["debit_usd"], row["credit_usd"]) for row in rows} == {
        ("2025-08-31", "payable:ann", "30.00", ""), ("2025-08-31", "accrued:program:example/pay", "", "30.00"),
        ("2025-09-01", "payable:ann", "", "30.00"), ("2025-09-01", "accrued:program:example/pay", "30.00", "")}
    assert balances(world.path / "accrued") == {}
    assert trial_balance([world.path / "run", world.path / "accrued"]).in_order


def test_what_is_booked_later_is_earned_by_days(world: World) -> None:
    """Settled on September 15: August's 50.00 whole, of 184 days' 920.00 the 123 to August 31, September's nothing
    (R149)."""
    done = august(
        world, owes("ann", "50.00", statement="A", start="2025-08-01", end="2025-09-01"),
        owes("ann", "920.00", statement="B", start="2025-05-01", end="2025-11-01"),
        owes("ann", "70.00", statement="C", start="2025-09-01", end="2025-10-01"), as_of=AFTER)
    assert done.accrued_cents == 5000 + 61_500
    (debit,) = [row for row in rows_of(world.path / "accrued" / "accrual.csv") if row["posted_on"] == "2025-08-31"
                and row["debit_usd"]]
    assert (debit["account"], debit["debit_usd"]) == ("expense:program:example/pay", "665.00")


@pytest.mark.parametrize(("usd", "cents"), [("0.01", 1), ("-0.01", -1), ("0.03", 2), ("-0.03", -2)])
def test_half_a_cent_goes_away_from_zero(world: World, usd: str, cents: int) -> None:
    """One of two days is earned (R149)."""
    statement = Statement(statement_id="S", payee_id="ann", lines=(
        Line(line_id="L", usd=usd, start="2025-08-31", end="2025-09-02"),))
    assert august(world, statement, as_of=AFTER).accrued_cents == cents


@pytest.mark.parametrize(("as_of", "account"), [(WITHIN, "payable:ann"), ("2025-09-01T04:00:01+00:00", "expense")])
def test_the_month_ends_at_local_midnight(world: World, as_of: str, account: str) -> None:
    """R149: midnight in New York is 04:00 in UTC."""
    august(world, owes("ann", "5.00", status="provisional", start="2025-08-01", end="2025-09-01"), as_of=as_of)
    accounts = {row["account"] for row in rows_of(world.path / "accrued" / "accrual.csv")}
    assert any(held.startswith(account) for held in accounts)


def gl_accounts(world: World, **numbers: str) -> Path:
    return write_csv(world.path / "gl.csv", ("account", "gl_account"),
                     [{"account": account, "gl_account": number} for account, number in numbers.items()])


def test_accounts_are_mapped_to_the_general_ledger(world: World) -> None:
    """The longest beginning wins; an account that is left out stops the run (R149)."""
    mapping = gl_accounts(world, **{"expense:": "5000", "expense:program:": "5100", "accrued:": "2300"})
    statement = owes("ann", "5.00", start="2025-08-01", end="2025-09-01")
    august(world, statement, as_of=AFTER, gl=mapping)
    assert {row["gl_account"] for row in rows_of(world.path / "accrued" / "accrual.csv")} == {"5100", "2300"}
    with pytest.raises(DataRefused, match="belongs to no account of the general ledger"):
        august(world, statement, as_of=AFTER, gl=gl_accounts(world, **{"expense:": "5000"}))


@pytest.mark.parametrize(("usd", "over"), [("100.00", False), ("100.01", True)])
def test_the_run_is_held_against_the_budget(world: World, usd: str, over: bool) -> None:
    """R149: a cent above the budget is a warning with its clause."""
    file = world.tariff_file()
    file.write_text(file.read_text() + 'budget_usd: {value: "100.00", cite: "Order 7"}\n')
    run = world.settled("run", owes("ann", usd))
    done = accrue(file, run, AUGUST, None, world.path / "accrued")
    assert done.budget_cents == 10_000
    assert any("(Order 7)" in problem.reason for problem in done.problems) is over


def test_a_month_is_written_as_a_month() -> None:
    assert month_of("2025-08") == AUGUST
    with pytest.raises(DataRefused, match="is not a month"):
        month_of("August")


# ---- cost recovery --------------------------------------------------------------------------------
RECOVERY = ('recovery: {accounts: {value: [admin, derms, om, it, participant_payments], cite: "S3 sec. 242"}%s}')


def asked(world: World, costs: list[tuple[str, str, str]], sales: list[tuple[str, str, str]],
          settled: tuple[Path, ...] = ()) -> tuple[list[RecoveryRow], list[str]]:
    folder = world.path / "in"
    write_csv(folder / "program_costs.csv", ("month", "account", "usd"),
              [dict(zip(("month", "account", "usd"), row, strict=True)) for row in costs])
    write_csv(folder / "surcharges.csv", ("month", "forecast_kwh", "collected_usd"),
              [dict(zip(("month", "forecast_kwh", "collected_usd"), row, strict=True)) for row in sales])
    rows, problems = recover(world.tariff_file(), folder, settled, world.path / "recovered")
    return rows, [problem.reason for problem in problems]


def test_too_little_is_carried_into_the_next_month(world: World) -> None:
    """1,000 to recover over 50,000 kWh is 0.02 a kWh; 900 came in, so 100 and 6 percent a year stay (R13, R33)."""
    world.payout = RECOVERY % ', return_pct: "6"'
    rows, problems = asked(world, [("2025-08-01", "admin", "600.00"), ("2025-08-01", "it", "400.00"),
                                   ("2025-09-01", "derms", "200.00")],
                           [("2025-08-01", "50000", "900.00"), ("2025-09-01", "40000", "")])
    assert problems == []
    first, second = rows_of(world.path / "recovered" / "recovery.csv")
    assert (first["admin_usd"], first["it_usd"], first["surcharge_usd_per_kwh"], first["closing_usd"]) == (
        "600.00", "400.00", "0.020000", "100.00")
    assert (second["opening_usd"], second["return_usd"], second["to_recover_usd"], second["surcharge_usd_per_kwh"],
            second["closing_usd"]) == ("100.00", "0.50", "300.50", "0.007513", "")
    assert rows[1].closing_cents is None
    books = balances(world.path / "recovered")
    assert books["regulatory_asset:program:example/pay"] == Decimal("300.50")
    assert books["cash:retail"] == Decimal("900.00")
    assert books["expense:derms:example/pay"] == Decimal("-200.00")


def test_too_much_lowers_the_next_surcharge(world: World) -> None:
    """100 collected too much is given back (R33)."""
    world.payout = RECOVERY % ""
    rows, _ = asked(world, [("2025-08-01", "om", "100.00"), ("2025-09-01", "om", "100.00")],
                    [("2025-08-01", "1000", "200.00"), ("2025-09-01", "1000", "0.00")])
    assert [row.surcharge_micro_usd_per_kwh for row in rows] == [100_000, 0]
    assert [row.closing_cents for row in rows] == [-10_000, 0]


def test_participant_payments_come_from_the_settled_ledger(world: World) -> None:
    """Posted on Nov 1, local time, so a cost of November; the same run twice counts once (R33)."""
    world.payout = RECOVERY % ""
    run = world.settled("run", owes("ann", "120.50"), owes("bob", "-20.50"))
    rows, _ = asked(world, [], [("2025-11-01", "1000", "")], (run, run))
    assert rows[0].given.cost_cents == {"participant_payments": 10_000}
    with pytest.raises(DataRefused, match="come from the settled ledgers too"):
        asked(world, [("2025-11-01", "participant_payments", "1.00")], [("2025-11-01", "1000", "")], (run,))


def test_what_the_tariff_does_not_name_is_not_recovered(world: World) -> None:
    """It is left out with a warning; without any word of recovery nothing is computed (R33)."""
    world.payout = 'recovery: {accounts: {value: [admin], cite: "S3 sec. 242"}}'
    rows, problems = asked(world, [("2025-08-01", "admin", "1.00"), ("2025-08-01", "it", "2.00")],
                           [("2025-08-01", "100", "")])
    assert rows[0].to_recover_cents == 100
    assert problems == ["2.00 USD of 2025-08 may not be recovered (S3 sec. 242)"]
    world.payout = ""
    with pytest.raises(DataRefused, match="says nothing of cost recovery"):
        asked(world, [("2025-08-01", "admin", "1.00")], [("2025-08-01", "100", "")])


@pytest.mark.parametrize(("costs", "sales", "complaint"), [
    ([], [("2025-08-02", "1", "")], "is not the first day of a month"),
    ([], [("2025-08-01", "1", "0"), ("2025-10-01", "1", "")], "does not follow 2025-08"),
    ([], [("2025-08-01", "1", ""), ("2025-09-01", "1", "")], "comes after 2025-08, whose collection is not known"),
    ([], [("2025-08-01", "0", "")], "must be above zero"),
    ([("2025-08-01", "it", "0.001")], [("2025-08-01", "1", "")], "has a part of a cent")])
def test_what_cannot_be_computed_is_refused(world: World, costs: list[tuple[str, str, str]],
                                            sales: list[tuple[str, str, str]], complaint: str) -> None:
    world.payout = RECOVERY % ""
    with pytest.raises(DataRefused, match=complaint):
        asked(world, costs, sales)
    assert not (world.path / "recovered").exists()


def reference(months: list[RecoveryMonth]) -> list[tuple[Decimal, Decimal]]:
    """The same in Decimal dollars: what is to be recovered, and the surcharge."""
    cent, micro = Decimal("0.01"), Decimal("0.000001")
    opening, found = Decimal(0), []
    for month in months:
        earned = (opening * month.return_pct / 1200).quantize(cent, ROUND_HALF_UP)
        due = opening + Decimal(sum(month.cost_cents.values())) / 100 + earned
        found.append((due, (due / (Decimal(month.forecast_mwh) / 10**6)).quantize(micro, ROUND_HALF_UP)))
        opening = due - Decimal(month.collected_cents or 0) / 100
    return found


costs: st.SearchStrategy[Mapping[str, int]] = st.dictionaries(
    st.sampled_from(["admin", "it"]), st.integers(0, 10**9), max_size=2)


@given(st.lists(st.tuples(costs, st.integers(1, 10**13), st.integers(0, 10**9),
                          st.decimals(0, 20, places=2)), min_size=1, max_size=6))
def test_recovery_agrees_with_a_reference(given_months: list[tuple[Mapping[str, int], int, int, Decimal]]) -> None:
    """Row by row with plain Decimal (R33)."""
    months = [RecoveryMonth(month=date(2025, number, 1), cost_cents=held, forecast_mwh=mwh, collected_cents=collected,
                            return_pct=pct) for number, (held, mwh, collected, pct) in enumerate(given_months, start=1)]
    found = [(Decimal(row.to_recover_cents) / 100, Decimal(row.surcharge_micro_usd_per_kwh) / 10**6)
             for row in recovery_rows(months)]
    assert found == reference(months)
