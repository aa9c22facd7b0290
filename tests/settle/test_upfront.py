"""Payments at enrollment: when they are due, of what power, what is paid back, and how the books spread them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.settlement import Settled
from tests.settle.both import by_engine, by_reference, run_engine, table
from tests.settle.folder import Folder
from tests.settle.promised import amounts, home, refused, settled, variant
from tests.settle.shapes import OWN

SettledBy = Callable[..., Settled]
both = pytest.mark.parametrize("settled_by", [by_reference, by_engine])
UPFRONT = OWN / "upfront.yaml"


def joined(**more: object) -> Folder:
    """A home that began, and had signed, on 2025-03-10, with 12 kW of four hours in a constrained area."""
    ordinary: dict[str, object] = {"starts_on": "2025-03-10", "agreement_signed_on": "2025-03-01", "nameplate_kw": "12",
                                   "duration_h": "4", "constrained_area": "true"}
    return home(Folder(), "home", "battery", **{**ordinary, **more})


# ---- what is paid -------------------------------------------------------------------------------
@both
@pytest.mark.parametrize(("more", "usd"), [
    ({}, [("adder", "1000.00"), ("upfront", "9500.00")]),
    ({"nameplate_kw": "10"}, [("adder", "1000.00"), ("upfront", "9500.00")]),
    ({"nameplate_kw": "9.999"}, [("adder", "999.90"), ("upfront", "9499.05")]),
    ({"committed_kw": "5"}, [("adder", "500.00"), ("upfront", "4750.00")]),
    ({"nameplate_kw": "5", "duration_h": "2", "constrained_area": ""}, [("upfront", "4250.00")]),
    ({"constrained_area": "false", "low_income": "true"},
     [("adder", "333.30"), ("adder", "500.00"), ("upfront", "9500.00")]),
    ({"constrained_area": "", "disadvantaged_community": "true", "low_income": "true"},
     [("adder", "333.30"), ("adder", "500.00"), ("upfront", "9500.00")]),
    ({"third_party_funded": "true"}, []), ({"prior_enrollment_id": "home-before"}, []),
    ({"agreement_signed_on": ""}, []),
    ({"starts_on": "2025-02-28", "agreement_signed_on": "2025-02-01"}, []),
    ({"starts_on": "2025-04-01"}, []), ({"ends_on": "2025-03-09"}, [])])
def test_the_power_paid_for_its_cap_and_its_adders(settled_by: SettledBy, more: dict[str, str],
                                                   usd: list[tuple[str, str]], tmp_path: Path) -> None:
    """850 and 950 USD/kW, at most 10 kW, 100 more in a constrained area: 10,500 at most (R86); not on top of what
    another fund has paid, whose conditions bind the customer (R116)."""
    lines = settled_by(UPFRONT, joined(**more).write(tmp_path / "in"), "2025-03", tmp_path / "out").lines
    assert amounts(lines, "component", "amount_usd") == usd
    assert {(line["status"], line["service"], line["event_id"]) for line in lines} <= {("final", "", "")}


@both
@pytest.mark.parametrize(("more", "due", "end"), [
    ({}, "2025-03-10", "2035-03-10"), ({"agreement_signed_on": "2025-03-10"}, "2025-03-10", "2035-03-10"),
    ({"agreement_signed_on": "2025-03-31"}, "2025-03-31", "2035-03-31"), ({"enrolled_on": "2025-03-02"}, "2025-03-02",
                                                                          "2035-03-02")])
def test_it_is_due_when_it_is_signed_and_the_vintage_day_has_come(settled_by: SettledBy, more: dict[str, str], due: str,
                                                                  end: str, tmp_path: Path) -> None:
    """Nobody is paid before the agreement is signed (R139)."""
    lines = settled_by(UPFRONT, joined(**more).write(tmp_path / "in"), "2025-03", tmp_path / "out").lines
    assert {(line["period_start"], line["period_end"]) for line in lines} == {(due, end)}


@both
def test_a_day_has_come_with_its_first_instant(settled_by: SettledBy, tmp_path: Path) -> None:
    inputs = joined().write(tmp_path / "in")
    assert len(settled_by(UPFRONT, inputs, "2025-03", tmp_path / "out", "2025-03-10T00:00:00-04:00").lines) == 2


def test_a_day_that_has_not_begun_by_as_of_pays_nothing(tmp_path: Path) -> None:
    inputs = joined().write(tmp_path / "in")
    out = settled(UPFRONT, inputs, "2025-03", tmp_path / "out", "--as-of", "2025-03-09T23:59:59-04:00")
    assert (table(out, "lines"), table(out, "ledger"), table(out, "amortization")) == ([], [], [])


@both
def test_the_rate_is_that_of_the_vintage_day_for_good(settled_by: SettledBy, tmp_path: Path) -> None:
    """Signed in July, when two hours pay 900, but taken on in June: 850 (R52)."""
    folder = joined(duration_h="2", starts_on="2025-06-30", agreement_signed_on="2025-07-02", constrained_area="")
    home(folder, "later", starts_on="2025-07-01", agreement_signed_on="2025-07-02", nameplate_kw="12")
    lines = settled_by(UPFRONT, folder.write(tmp_path / "in"), "2025-07", tmp_path / "out").lines
    assert amounts(lines, "enrollment_id", "amount_usd") == [("home", "8500.00"), ("later", "9000.00")]


def test_no_rate_for_a_duration_is_refused(tmp_path: Path) -> None:
    folder = joined(duration_h="3", constrained_area="")
    (reason,) = refused(UPFRONT, folder.write(tmp_path / "in"), "2025-03", tmp_path / "out")
    assert reason == ("no upfront rate is in force on 2025-03-10 for enrollment home among what was filed by as-of")


def test_an_unsigned_agreement_is_one_warning_and_no_payment(tmp_path: Path) -> None:
    """R139: never paid."""
    out = settled(UPFRONT, joined(agreement_signed_on="").write(tmp_path / "in"), "2025-03", tmp_path / "out")
    assert [row["reason"] for row in table(out, "problems") if "upfront" in row["reason"]] == [
        "has no agreement signed by as-of, so its upfront payment is not due"]
    assert table(out, "lines") == []


@both
def test_it_may_be_assigned(settled_by: SettledBy, tmp_path: Path) -> None:
    """Who is paid need be neither the customer nor the participant (R5, R15)."""
    inputs = joined(participant_id="agg", payee_id="lender").write(tmp_path / "in")
    made = settled_by(UPFRONT, inputs, "2025-03", tmp_path / "out")
    assert amounts(made.statements, "payee_id", "participant_id", "total_usd") == [("lender", "agg", "10500.00")]


@both
@pytest.mark.parametrize(("schedule", "first", "end"), [
    ("month", "2025-06-01", "2025-07-01"), ("season", "2025-06-01", "2025-10-01"), ("on_request", "2025-06-01",
                                                                                   "2025-10-01"),
    ("year", "2025-01-01", "2026-01-01")])
def test_it_stands_on_the_statement_of_its_payment_period(settled_by: SettledBy, schedule: str, first: str, end: str,
                                                          tmp_path: Path) -> None:
    """Statements come by the schedule of the tariff, once a year at least or when the season is over (R90, R91)."""
    tariff = variant(tmp_path, "upfront", ("{schedule: month, by", f"{{schedule: {schedule}, by"))
    inputs = joined(starts_on="2025-06-10").write(tmp_path / "in")
    made = settled_by(tariff, inputs, "2025", tmp_path / "out")
    assert amounts(made.statements, "period_start", "period_end", "total_usd") == [(first, end, "10500.00")]


# ---- what is paid back --------------------------------------------------------------------------
def left(last: str, **more: object) -> Folder:
    """The same home, after it has left."""
    return joined(ends_on=last, **more)


@both
@pytest.mark.parametrize(("last", "months_left", "usd"), [
    ("2027-03-09", "96.000000", "-8400.00"), ("2027-03-10", "95.000000", "-8312.50"), ("2025-03-10", "119.000000",
                                                                                      "-10412.50"),
    ("2035-02-10", "0.000000", "0.00"), ("2035-02-09", "1.000000", "-87.50"), ("2035-03-09", None, None)])
def test_months_left_of_the_term_are_paid_back(settled_by: SettledBy, last: str, months_left: str | None,
                                               usd: str | None, tmp_path: Path) -> None:
    """10,500 x 96 / 120 after 24 months; a month that has begun is served (R94)."""
    period = f"{last[:4]}-01-01/{int(last[:4]) + 1}-01-01"
    lines = settled_by(UPFRONT, left(last).write(tmp_path / "in"), period, tmp_path / "out").lines
    found = [(line["quantity"], line["unit"], line["amount_usd"], line["payee_id"]) for line in lines
             if line["component"] == "claw_back"]
    assert found == ([] if usd is None else [(months_left, "month", usd, "home")])


@both
@pytest.mark.parametrize(("reason", "count"), [("moved", 0), ("died", 0), ("", 1), ("sold", 1)])
def test_some_reasons_excuse(settled_by: SettledBy, reason: str, count: int, tmp_path: Path) -> None:
    folder = left("2027-03-09", end_reason=reason)
    assert len(settled_by(UPFRONT, folder.write(tmp_path / "in"), "2027", tmp_path / "out").lines) == count


@both
@pytest.mark.parametrize(("period", "as_of", "count"), [
    ("2027-02-01/2027-03-09", "", 0), ("2027-03-01/2027-03-10", "", 1), ("2027-03-09/2027-04-01", "", 1),
    ("2027-03-10/2027-04-01", "", 0), ("2027-03-01/2027-04-01", "2027-03-09T23:59:59-05:00", 0),
    ("2027-03-01/2027-04-01", "2027-03-10T00:00:00-05:00", 1)])
def test_it_is_paid_back_once_in_the_run_that_holds_the_last_day(settled_by: SettledBy, period: str, as_of: str,
                                                                 count: int, tmp_path: Path) -> None:
    lines = settled_by(UPFRONT, left("2027-03-09").write(tmp_path / "in"), period, tmp_path / "out", as_of).lines
    assert len(lines) == count


@both
def test_a_funders_money_goes_back_through_the_participant(settled_by: SettledBy, tmp_path: Path) -> None:
    """The aggregator passes it on (R94): 500 + 10 x 7.77, half of 24 months served."""
    folder = home(Folder(), rider="ev", customer_class="residential", participant_id="agg", payee_id="owner",
                  nameplate_kw="10", starts_on="2025-01-15", ends_on="2026-01-14")
    lines = settled_by(UPFRONT, folder.write(tmp_path / "in"), "2026", tmp_path / "out").lines
    assert amounts(lines, "component", "payee_id", "amount_usd") == [("claw_back", "agg", "-288.85")]


# ---- the books ----------------------------------------------------------------------------------
def balances(out: Path) -> dict[str, Decimal]:
    """Debits less credits by account."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in table(out, "ledger"):
        sums[row["account"]] += Decimal(row["debit_usd"] or 0) - Decimal(row["credit_usd"] or 0)
    return {account: amount for account, amount in sums.items() if amount}


ASSET, EXPENSE, PAYABLE = "asset:program:test/upfront", "expense:program:test/upfront", "payable:home"


def test_the_asset_is_spread_month_by_month_to_the_cent(tmp_path: Path) -> None:
    """9,500 and 1,000 over 36 months are 263.89 and 27.78, then 27.77; after three years nothing is left."""
    inputs = joined().write(tmp_path / "in")
    first = settled(UPFRONT, inputs, "2025-03", tmp_path / "0")
    assert balances(first) == {ASSET: Decimal(10500), PAYABLE: Decimal(-10500)}
    months = [(2025 + (3 + number) // 12, (3 + number) % 12 + 1) for number in range(37)]
    runs = [settled(UPFRONT, inputs, f"{year}-{month:02d}", tmp_path / f"{year}-{month}") for year, month in months[:3]]
    spent = [balances(out)[EXPENSE] for out in runs]
    assert spent == [Decimal("291.67"), Decimal("291.67"), Decimal("291.66")]
    later = settled(UPFRONT, inputs, "2025-07-01/2029-01-01", tmp_path / "later")
    assert balances(later) == {ASSET: sum(spent) - 10500, EXPENSE: 10500 - sum(spent)}
    assert {row["day"] for row in table(later, "amortization")} == {
        f"{year}-{month:02d}-01" for year, month in months[3:36]}


@pytest.mark.parametrize(("reason", "owed"), [("sold", "8400.00"), ("moved", "0.00")])
def test_who_leaves_takes_the_asset_with_him(reason: str, owed: str, tmp_path: Path) -> None:
    """After 24 of 36 months 3,500 of the asset are left; what is paid back beyond it is no expense."""
    inputs = left("2027-03-09", end_reason=reason).write(tmp_path / "in")
    paid = settled(UPFRONT, inputs, "2025-03-01/2028-01-01", tmp_path / "all")
    owed_usd = Decimal(owed)
    assert balances(paid) == {account: amount for account, amount in (
        (EXPENSE, 10500 - owed_usd), (PAYABLE, Decimal(-10500)), ("receivable:home", owed_usd)) if amount}
    leaving = settled(UPFRONT, inputs, "2027-03", tmp_path / "leaving")
    booked = amounts(table(leaving, "amortization"), "act", "amount_usd")
    # Two lines, 9,500 and 1,000: months 23 -> 24 move 263.89 + 27.77 or .78 on 2027-03-01.
    assert sum(Decimal(amount) for act, amount in booked if act in ("clawed_back", "written_off")) == Decimal(-3500)
    assert [amount for act, amount in booked if act == "clawed_back"] == ([f"-{owed}"] if owed_usd else [])


def test_a_month_settled_again_leaves_other_months_upfront_payments_alone(tmp_path: Path) -> None:
    """Nothing is paid twice, and a prior run of another month is not undone."""
    folder = joined()
    march = settled(UPFRONT, folder.write(tmp_path / "in"), "2025-03", tmp_path / "march")
    april = settled(UPFRONT, tmp_path / "in", "2025-04", tmp_path / "april", "--prior", str(march))
    assert (table(april, "lines"), table(april, "differences")) == ([], [])
    assert balances(april) == {ASSET: Decimal("-291.67"), EXPENSE: Decimal("291.67")}
    again = settled(UPFRONT, tmp_path / "in", "2025-04", tmp_path / "again", "--prior", str(april))
    assert (table(again, "ledger"), table(again, "differences")) == ([], [])


def test_a_corrected_power_posts_only_the_difference(tmp_path: Path) -> None:
    period = "2025-03-01/2025-05-01"
    first = settled(UPFRONT, joined(nameplate_kw="5").write(tmp_path / "in"), period, tmp_path / "first")
    new = settled(UPFRONT, joined(nameplate_kw="6").write(tmp_path / "new"), period, tmp_path / "out", "--prior",
                  str(first))
    assert {line["version"] for line in table(new, "lines")} == {"2"}
    # 1,050 more; a thirty-sixth of it on April 1, 29.17 (175.00 instead of 145.83).
    assert balances(new) == {ASSET: Decimal("1020.83"), EXPENSE: Decimal("29.17"), PAYABLE: Decimal(-1050)}


def test_the_report_names_payments_of_no_service(tmp_path: Path) -> None:
    inputs = joined().write(tmp_path / "in")
    assert run_engine(UPFRONT, inputs, "2025-03", tmp_path / "out", "--report") == 0
    assert "10,500.00" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

