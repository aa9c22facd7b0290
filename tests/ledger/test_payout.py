"""Paying what statements owe: whom, how much, by which form, once, and only with two signatures."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridrider.adapters.ach import read_ach
from gridrider.app.payout import payout
from gridrider.app.trial_balance import trial_balance
from gridrider.ledger.approve import Approval, why_not_approved
from gridrider.ledger.banking_days import is_banking_day, next_banking_day
from gridrider.ledger.model import Entry, Owed, Posting, Unbalanced
from gridrider.ledger.pay_rules import pay_rules
from gridrider.ledger.post_payout import _settled
from gridrider.problem import DataRefused
from gridrider.tariff.load import load
from gridrider.tariff.model import Pay
from tests.ledger.books import ANN, BOB, ORIGINATOR, SUNWARD, Line, Statement, World, balances, owes, rows_of


def held(done: object) -> dict[str, str]:
    return {each.payee_id: each.reason for each in done.batch.held}  # type: ignore[attr-defined]


def test_everybody_is_paid_by_the_form_they_chose(world: World) -> None:
    """A consumer by PPD, an aggregator directly by CCD with its statement named, another by check (R90, R95)."""
    run = world.settled("run", owes("ann", "120.50"), owes("bob", "80.00"), owes("sunward", "2291.67"))
    done = world.pay_out([run])
    out = world.path / "paid"
    assert not done.refusals
    assert done.effective_on == date(2025, 11, 21)
    file, problems = read_ach((out / "payments.ach").read_text(), "x")
    assert problems == []
    assert file is not None
    assert {batch.header.entry_class: batch.control.credit_cents for batch in file.batches} == {
        "PPD": 12_050, "CCD": 229_167}
    (check,) = rows_of(out / "checks.csv")
    assert (check["pay_to"], check["amount_usd"], check["issued_on"]) == ("Bob Example", "80.00", "2025-11-20")
    assert balances(run, out) == {"expense:program:example/pay": Decimal("2492.17"), "cash:checks": Decimal("-80.00"),
                                  "cash:ach": Decimal("-2412.17")}
    assert trial_balance([run, out]).in_order


def test_without_signatures_a_batch_is_only_proposed(world: World) -> None:
    """No payment file, no entries; batch.csv and the hash to sign (R142)."""
    run = world.settled("run", owes("ann", "120.50"))
    done = world.propose([run], "out")
    assert {refusal.reason for refusal in done.refusals} == {
        "nobody has signed this batch as preparer", "nobody has signed this batch as approver"}
    assert sorted(file.name for file in (world.path / "out").iterdir()) == [
        "batch.csv", "held.csv", "problems.csv", "run.json"]
    (row,) = rows_of(world.path / "out" / "batch.csv")
    assert (row["batch_hash"], row["destination"], row["amount_usd"]) == (done.batch.batch_hash, "****6554", "120.50")
    world.sign(done.batch.batch_hash)
    assert not payout(world.request([run], "out")).refusals
    assert (world.path / "out" / "payments.ach").is_file()


@pytest.mark.parametrize(("preparer", "approver", "paid"), [
    ("Pat Lee", "Kim Roe", True), ("Pat Lee", "Pat Lee", False), ("Pat Lee", "PAT  lee", False)])
def test_two_people_sign(world: World, preparer: str, approver: str, paid: bool) -> None:
    """The same person twice, however spelled, does not make four eyes (R142)."""
    run = world.settled("run", owes("ann", "120.50"))
    world.sign(world.propose([run]).batch.batch_hash, preparer, approver)
    assert (not payout(world.request([run], "out")).refusals) is paid
    assert (world.path / "out" / "payments.ach").exists() is paid


def test_a_signature_covers_amounts_and_accounts(world: World) -> None:
    """A cent more, or another account, and the signatures are for another batch (R142)."""
    run = world.settled("run", owes("ann", "120.50"))
    world.sign(world.propose([run]).batch.batch_hash)
    assert payout(world.request([world.settled("run2", owes("ann", "120.51"))], "out")).refusals
    world.accounts[1] = {**ANN, "account": "99887766555"}
    assert payout(world.request([run], "out")).refusals
    world.accounts[1] = ANN
    assert not payout(world.request([run], "out")).refusals


@pytest.mark.parametrize(("at", "paid"), [("2025-11-02T15:00:00+00:00", True), ("2025-11-02T14:59:59+00:00", False)])
def test_a_signature_is_not_from_the_future(world: World, at: str, paid: bool) -> None:
    """Signed at 15:00: at 15:00 it holds, a second before it does not (R142)."""
    run = world.settled("run", owes("ann", "120.50"))
    world.sign(world.propose([run]).batch.batch_hash, at="2025-11-02T15:00:00+00:00")
    assert (not payout(world.request([run], "out", at=at)).refusals) is paid


def test_a_tariff_may_lift_four_eyes() -> None:
    """With four_eyes false an approver is enough; without an approver nothing is (R142)."""
    world_hash = "ab"
    approver = Approval(batch_hash="AB", role="approver", person="Kim", at=datetime.max.replace(tzinfo=UTC))
    assert why_not_approved([approver], world_hash, four_eyes=False, clause="x") == ()
    assert why_not_approved([], world_hash, four_eyes=False, clause="x")
    assert why_not_approved([approver], world_hash, four_eyes=True, clause="x")


def test_a_retry_changes_nothing(world: World) -> None:
    """The batch is its own key: again into the same folder, the same bytes; after it, nothing left to pay (R140)."""
    run = world.settled("run", owes("ann", "120.50"), owes("bob", "80.00"))
    world.pay_out([run])
    before = {file.name: file.read_bytes() for file in (world.path / "paid").iterdir()}
    payout(world.request([run], "paid", at="2025-11-20T15:00:00+00:00"))
    assert {file.name: file.read_bytes() for file in (world.path / "paid").iterdir()} == before
    again = payout(world.request([run], "again", paid=[world.path / "paid", world.path / "paid"]))
    assert (again.batch.payments, again.refusals) == ((), ())
    assert balances(world.path / "again") == {}


def test_a_made_payout_is_not_overwritten(world: World) -> None:
    """The record of what was paid is kept (R140)."""
    world.pay_out([world.settled("run", owes("ann", "120.50"))])
    other = world.settled("other", owes("ann", "120.50"), owes("bob", "1.00"))
    with pytest.raises(DataRefused, match="is the record of what was paid"):
        payout(world.request([other], "paid"))
    assert rows_of(world.path / "paid" / "payments.csv")[0]["gross_usd"] == "120.50"


def test_only_the_difference_of_a_new_version_is_paid(world: World) -> None:
    """120.50 paid, then 150.00 owed: 29.50 leaves (R140)."""
    first, second = owes("ann", "120.50"), owes("ann", "150.00", version=2)
    run = world.settled("run", first)
    world.pay_out([run])
    corrected = world.settled("corrected", second, before=[first])
    done = world.pay_out([corrected], "more", paid=[world.path / "paid"])
    assert [payment.net_cents for payment in done.batch.payments] == [2950]
    assert balances(run, corrected, world.path / "paid", world.path / "more") == {
        "expense:program:example/pay": Decimal("150.00"), "cash:ach": Decimal("-150.00")}


def test_a_payee_is_never_debited(world: World) -> None:
    """Paid 30.00 too much: it waits, and the next statement is paid less by it (R49, R90)."""
    first, less = owes("ann", "120.50"), owes("ann", "90.50", version=2)
    run = world.settled("run", first)
    world.pay_out([run])
    corrected = world.settled("corrected", less, before=[first])
    nothing = world.pay_out([corrected], "nothing", paid=[world.path / "paid"])
    assert (nothing.batch.payments, held(nothing)) == ((), {"ann": "below_zero"})
    assert (world.path / "nothing" / "payments.ach").read_text() == ""
    later = world.settled("later", owes("ann", "50.00", statement="S2", start="2026-05-01", end="2026-11-01"),
                          as_of="2026-11-01T04:00:00+00:00", start="2026-05-01", end="2026-11-01")
    done = world.pay_out([later], "next", paid=[world.path / "paid", world.path / "nothing"],
                         at="2026-11-20T15:00:00+00:00")
    assert [payment.net_cents for payment in done.batch.payments] == [2000]
    folders = [world.path / name for name in ("run", "corrected", "later", "paid", "nothing", "next")]
    assert balances(*folders) == {"expense:program:example/pay": Decimal("140.50"), "cash:ach": Decimal("-140.50")}


def test_a_statement_below_zero_is_offset_against_its_receivable(world: World) -> None:
    """Statements of 100.00 and -30.00: 70.00 leaves, and both payable and receivable are settled (R90)."""
    run = world.settled("run", owes("ann", "100.00"), owes("ann", "-30.00", statement="S2"))
    assert balances(run)["receivable:ann"] == Decimal("30.00")
    done = world.pay_out([run])
    assert [payment.net_cents for payment in done.batch.payments] == [7000]
    assert balances(run, world.path / "paid") == {"expense:program:example/pay": Decimal("70.00"),
                                                  "cash:ach": Decimal("-70.00")}


def test_a_statement_that_a_new_run_drops_is_owed_back(world: World) -> None:
    """A run of the same period without the statement means zero; a run of another period says nothing of it (R140)."""
    first = owes("ann", "120.50")
    world.pay_out([world.settled("run", first)])
    gone = world.settled("gone", owes("bob", "1.00"), before=[first])
    assert held(world.propose([gone], paid=[world.path / "paid"])) == {"ann": "below_zero"}
    world.settled("other", owes("bob", "1.00", start="2026-05-01", end="2026-11-01"), start="2026-05-01",
                  end="2026-11-01")
    assert held(world.propose([world.path / "other"], paid=[world.path / "paid"])) == {}


@pytest.mark.parametrize(("status", "word", "count"), [
    ("final", "", 1), ("provisional", "", 0), ("provisional", "pays_provisional: true", 1)])
def test_provisional_statements_wait(world: World, status: str, word: str, count: int) -> None:
    """A statement that may still change is paid only if the tariff says so (R90)."""
    world.payout = word
    done = world.propose([world.settled("run", owes("ann", "5.00", status=status))])
    assert len(done.batch.payments) == count
    assert held(done) == ({} if count else {"ann": "provisional"})


@pytest.mark.parametrize(("usd", "count"), [("9.99", 0), ("10.00", 1)])
def test_a_small_balance_waits(world: World, usd: str, count: int) -> None:
    """Below 10.00 it waits, at 10.00 it is paid (R90)."""
    world.payout = 'carry_below_usd: "10.00"'
    done = world.propose([world.settled("run", owes("ann", usd))])
    assert len(done.batch.payments) == count
    assert held(done) == ({} if count else {"ann": "small"})


LAW = 'performance_payment_forms: {value: [check, eft], cite: "S3 sec. 241.2(f)(ix)"}'


@pytest.mark.parametrize("form", ["bill_credit", "gift_card"])
def test_a_bill_credit_is_refused_where_the_law_names_check_and_transfer(world: World, form: str) -> None:
    """New York A. 10354 names check and electronic transfer; the whole payout is refused, with the clause (R90)."""
    world.law, world.pay = LAW, "schedule: season"
    world.accounts = [ORIGINATOR, {**ANN, "form": form}]
    run = world.settled("run", owes("ann", "5.00"))
    with pytest.raises(DataRefused, match=r"asks for .*; allowed are check, eft \(S3 sec\. 241"):
        world.propose([run])
    world.accounts = [ORIGINATOR, ANN]
    assert len(world.propose([run]).batch.payments) == 1


def test_a_bill_credit_is_cleared_where_the_tariff_allows_it(world: World) -> None:
    """A tariff that credits bills: no cash leaves, the credit is cleared elsewhere (R90)."""
    world.pay = "schedule: season, by: [bill_credit]"
    world.accounts = [{**ANN, "form": "bill_credit"}]
    run = world.settled("run", owes("ann", "5.00"))
    world.pay_out([run])
    assert balances(run, world.path / "paid") == {"expense:program:example/pay": Decimal("5.00"),
                                                  "clearing:bill_credit": Decimal("-5.00")}


@pytest.mark.parametrize(("signed_on", "paid_to"), [("2025-11-20", "sunward"), ("2025-11-21", "ann"), ("", "ann")])
def test_a_payee_may_assign_its_payments(world: World, signed_on: str, paid_to: str) -> None:
    """From the day of signature the third party is paid, before it the payee itself (R15)."""
    world.accounts = [ORIGINATOR, {**ANN, "assigned_to": "sunward", "assigned_signed_on": signed_on}, SUNWARD]
    run = world.settled("run", owes("ann", "5.00"))
    done = world.pay_out([run])
    (payment,) = done.batch.payments
    assert (payment.payee_id, payment.account.payee_id) == ("ann", paid_to)
    assert balances(run, world.path / "paid") == {"expense:program:example/pay": Decimal("5.00"),
                                                  "cash:ach": Decimal("-5.00")}


@pytest.mark.parametrize(("word", "refused"), [
    ("", False), (", assignable: {value: true, cite: L5}", False), (", assignable: {value: false, cite: L5}", True)])
def test_a_tariff_may_forbid_assignment(world: World, word: str, refused: bool) -> None:
    """An assignment against the tariff stops the payout with the clause (R15)."""
    world.pay += word
    world.accounts = [ORIGINATOR, {**ANN, "assigned_to": "sunward", "assigned_signed_on": "2025-01-01"}, SUNWARD]
    run = world.settled("run", owes("ann", "5.00"))
    if refused:
        with pytest.raises(DataRefused, match=r"may not be assigned \(L5\)"):
            world.propose([run])
    else:
        assert len(world.propose([run]).batch.payments) == 1


@pytest.mark.parametrize("second", [{}, {"assigned_to": "bob", "assigned_signed_on": "2025-01-01"}])
def test_an_assignment_that_leads_nowhere_holds_the_money(world: World, second: dict[str, str]) -> None:
    """No account at the other end, or one that assigned its own on (R15)."""
    others = [{**SUNWARD, **second}, BOB] if second else [BOB]
    world.accounts = [ORIGINATOR, {**ANN, "assigned_to": "sunward", "assigned_signed_on": "2025-01-01"}, *others]
    assert held(world.propose([world.settled("run", owes("ann", "5.00"))])) == {"ann": "assignment"}


@pytest.mark.parametrize("words", [("on_request: {value: true, cite: S1}", "schedule: season"),
                                   ("", "schedule: {value: on_request, cite: S1}")])
@pytest.mark.parametrize(("requested_on", "count"), [("", 0), ("2025-11-21", 0), ("2025-11-20", 1)])
def test_paid_when_asked_for(world: World, words: tuple[str, str], requested_on: str, count: int) -> None:
    """Computed on the season, paid on request, from the day of the request on (R91, R129)."""
    world.payout, world.pay = words
    world.accounts = [ORIGINATOR, {**ANN, "pay_requested_on": requested_on}]
    done = world.propose([world.settled("run", owes("ann", "5.00"))], at="2025-11-20T15:00:00+00:00")
    assert len(done.batch.payments) == count
    assert held(done) == ({} if count else {"ann": "not_requested"})


@pytest.mark.parametrize(("requested_on", "late"), [("2025-11-14", False), ("2025-11-13", True)])
def test_money_arrives_within_the_promised_days(world: World, requested_on: str, late: bool) -> None:
    """Seven days after the request is in time, eight is late; money paid on the 20th moves on the 21st (R91)."""
    world.payout, world.pay = "on_request: true", 'schedule: season, within_days: {value: "7", cite: "S1: payment"}'
    world.accounts = [ORIGINATOR, {**ANN, "pay_requested_on": requested_on}]
    done = world.propose([world.settled("run", owes("ann", "5.00"))], at="2025-11-20T15:00:00+00:00")
    assert len(done.batch.payments) == 1
    assert any("S1: payment promises 7" in problem.reason for problem in done.problems) is late


@pytest.mark.parametrize(("at", "old"), [("2026-11-01T16:00:00+00:00", False), ("2026-11-02T16:00:00+00:00", True)])
@pytest.mark.parametrize("where", ["pay", "law"])
def test_a_year_is_the_longest_that_money_may_wait(world: World, at: str, old: bool, where: str) -> None:
    """The period ended on 2025-11-01; a year later is in time, a day more is a Problem and lifts the least (R90)."""
    word = '{value: "1", cite: "241.2(f)(ix)"}'
    world.payout = 'carry_below_usd: "10.00"'
    if where == "pay":
        world.pay += f", at_least_per_year: {word}"
    else:
        world.law = f"payments_per_year_min: {word}"
    world.accounts = [ORIGINATOR]
    run = world.settled("run", owes("ann", "5.00"))
    problems = world.propose([run], at=at).problems
    assert any("241.2(f)(ix) asks for 1 payments a year" in problem.reason for problem in problems) is old
    world.accounts = [ORIGINATOR, ANN]
    assert len(world.propose([run], "lifted", at=at).batch.payments) == int(old)


def test_prenotes_go_first_and_money_follows_after_three_banking_days(world: World) -> None:
    """A test entry on Nov 21; three banking days on is Wednesday the 26th (R142)."""
    world.payout = "prenote: true"
    run = world.settled("run", owes("ann", "5.00"))
    first = world.pay_out([run])
    assert (held(first), first.total_cents) == ({"ann": "prenote"}, 0)
    file, _ = read_ach((world.path / "paid" / "payments.ach").read_text(), "x")
    assert file is not None
    assert [entry.detail.transaction_code for batch in file.batches for entry in batch.entries] == [23]
    for at, count in (("2025-11-25T15:00:00+00:00", 0), ("2025-11-26T15:00:00+00:00", 1)):
        assert len(world.propose([run], paid=[world.path / "paid"], at=at).batch.payments) == count


@pytest.mark.parametrize("account", [{}, {"hold": "R03"}])
def test_money_without_a_usable_account_is_held_and_named(world: World, account: dict[str, str]) -> None:
    """Nothing is dropped: it stays owed and a warning says so (R90)."""
    world.accounts = [ORIGINATOR, {**ANN, **account}, BOB] if account else [ORIGINATOR, BOB]
    done = world.propose([world.settled("run", owes("ann", "5.00"), owes("bob", "1.00"))])
    assert held(done) == {"ann": "hold" if account else "no_account"}
    assert any(problem.value == "ann" for problem in done.problems)
    assert [payment.payee_id for payment in done.batch.payments] == ["bob"]


@pytest.mark.parametrize(("change", "complaint"), [
    ({"routing": "231380105"}, "is not a routing number"), ({"routing": ""}, "is not a routing number"),
    ({"account": ""}, "is not an account number"), ({"account": "1" * 18}, "is not an account number"),
    ({"tin_last4": "123456789"}, "last four digits and no more"), ({"form": "cash"}, "form"),
    ({"assigned_to": "ann"}, "names the payee itself"), ({"holder_name": ""}, "is blank, and a payment needs a name")])
def test_a_wrong_account_stops_the_payout_and_is_not_shown(world: World, change: dict[str, str],
                                                           complaint: str) -> None:
    """Every Problem names row and column and never the number."""
    world.accounts = [ORIGINATOR, {**ANN, **change}, {**BOB, "address": ""}]
    with pytest.raises(DataRefused) as refused:
        world.pay_out([world.settled("run", owes("ann", "5.00"))])
    assert complaint in str(refused.value)
    assert "a check needs a name and an address" in str(refused.value)
    assert ANN["account"] not in str(refused.value)
    assert "123456789" not in str(refused.value)
    assert not (world.path / "paid").exists()


def test_secrets_stay_in_the_payment_file(world: World) -> None:
    """The account number stands in payments.ach, which only its owner may read, and nowhere else."""
    world.pay_out([world.settled("run", owes("ann", "5.00"))])
    for file in (world.path / "paid").iterdir():
        assert (ANN["account"] in file.read_text()) is (file.name == "payments.ach")
    assert (world.path / "paid" / "payments.ach").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("rows", [[ANN], [ORIGINATOR, {**ORIGINATOR, "payee_id": "2"}, ANN]])
def test_one_row_says_who_pays(world: World, rows: list[dict[str, str]]) -> None:
    world.accounts = rows
    with pytest.raises(DataRefused, match="class originator"):
        world.pay_out([world.settled("run", owes("ann", "5.00"))])
    assert not (world.path / "paid").exists()


def test_a_statement_must_be_the_sum_of_its_lines(world: World) -> None:
    run = world.settled("run", owes("ann", "5.00"))
    file = run / "statements.csv"
    file.write_text(file.read_text().replace("5.00", "6.00"))
    with pytest.raises(DataRefused, match="is not the sum of its lines"):
        world.propose([run])


def test_two_runs_of_one_statement_are_refused(world: World) -> None:
    runs = [world.settled(name, owes("ann", "5.00")) for name in ("run", "again")]
    with pytest.raises(DataRefused, match="stands in two of the runs"):
        world.propose(runs)


def test_checks_and_traces_number_on(world: World) -> None:
    """The second payout goes on where the first ended, also in its file's letter."""
    one = owes("bob", "1.00"), owes("ann", "2.00")
    two = (owes("bob", "3.00", statement="S2", start="2026-05-01", end="2026-11-01"),
           owes("ann", "4.00", statement="S3", start="2026-05-01", end="2026-11-01"))
    world.pay_out([world.settled("run", *one)])
    world.pay_out([world.settled("run2", *two, start="2026-05-01", end="2026-11-01")], "two",
                  paid=[world.path / "paid"])
    numbers = [rows_of(world.path / name / "checks.csv")[0]["check_number"] for name in ("paid", "two")]
    assert numbers == ["1001", "1002"]
    traces = [row["trace_number"] for name in ("paid", "two") for row in rows_of(world.path / name / "payments.csv")
              if row["trace_number"]]
    assert traces == ["121042880000001", "121042880000002"]
    assert [(world.path / name / "payments.ach").read_text()[33] for name in ("paid", "two")] == ["A", "B"]


def test_the_order_of_the_rows_does_not_matter(world: World, tmp_path: Path) -> None:
    """Accounts and statements shuffled, the same bytes (R140)."""
    statements = [owes(f"p{number}", f"{number}.10") for number in range(1, 9)]
    world.accounts = [ORIGINATOR, *({**ANN, "payee_id": f"p{number}"} for number in range(1, 9))]
    world.pay_out([world.settled("run", *statements)])
    random.Random(7).shuffle(statements)
    random.Random(8).shuffle(world.accounts)
    payout(world.request([world.settled("run", *statements)], "other", at="2025-11-20T15:00:00+00:00"))
    for file in (world.path / "paid").iterdir():
        assert (world.path / "other" / file.name).read_bytes() == file.read_bytes(), file.name


amounts = st.lists(st.integers(-500, 500), min_size=1, max_size=4)


@given(versions=amounts)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_corrections_cash_is_what_was_last_owed(versions: list[int],
                                                             tmp_path_factory: pytest.TempPathFactory) -> None:
    """Version after version is paid by its difference: in the end cash is the greatest total so far, the books
    balance, and nobody was debited (R140, R90)."""
    world = World(path=tmp_path_factory.mktemp("world"))
    folders: list[Path] = []
    paid: list[Path] = []
    before: list[Statement] = []
    cash = 0
    for number, cents in enumerate(versions, start=1):
        now = [owes("ann", str(Decimal(cents) / 100), version=number)]
        folders.append(world.settled(f"run{number}", *now, before=before))
        world.pay_out([folders[-1]], f"paid{number}", paid=paid)
        paid.append(world.path / f"paid{number}")
        before, cash = now, max(cash, cents)
    books = balances(*folders, *paid)
    assert books.get("cash:ach", Decimal(0)) == -Decimal(cash) / 100
    owed = -books.get("payable:ann", Decimal(0)) - books.get("receivable:ann", Decimal(0))
    assert owed == Decimal(versions[-1] - cash) / 100


@pytest.mark.parametrize(("paid", "due", "payable", "receivable"), [
    (0, 100, 100, 0), (0, -30, 0, 30), (100, -40, -40, 0), (100, -130, -100, 30), (-30, 80, 50, -30)])
def test_what_a_payment_settles(paid: int, due: int, payable: int, receivable: int) -> None:
    """Whatever was paid before, payable and receivable move to what the statement now says (R90)."""
    owed = Owed(statement_id="S", payee_id="ann", participant_id="ann", period_start=date(2025, 5, 1),
                period_end=date(2025, 11, 1), version=1, total_cents=paid + due, paid_cents=paid, final=True,
                services=())
    assert _settled([owed]) == (payable, receivable)
    assert _settled([replace(owed, total_cents=paid)]) == (0, 0)


ELRP = Path(__file__).resolve().parents[2] / "tariffs" / "pge" / "elrp-a4" / "tariff.yaml"


def test_elrp_pays_on_request_by_transfer_within_a_week() -> None:
    """The shipped tariff: a digital payout on request, deposited within seven days (R91, R129)."""
    tariff, _ = load(ELRP)
    assert tariff is not None
    rules = pay_rules(tariff, {"emergency"}, date(2022, 11, 7))
    assert (rules.on_request, rules.forms, rules.within_days) == (True, frozenset({"eft"}), 7)


def test_several_riders_must_all_allow_a_form(world: World) -> None:
    """Of two riders of a statement one pays only by check: only a check is left; a statement of one rider is its own
    (R90)."""
    tariff, _ = load(world.tariff_file())
    assert tariff is not None
    battery = tariff.riders["battery"]
    cheque = replace(battery, services={"other": battery.services["peak"]}, pay=replace(battery.pay or Pay(), by=tuple(
        replace(held, value=frozenset({"check"})) for held in (battery.pay or Pay()).by)))
    both = replace(tariff, riders={"battery": battery, "ev": cheque})
    day = date(2025, 11, 20)
    assert pay_rules(both, {"peak", "other"}, day).forms == frozenset({"check"})
    assert pay_rules(both, {"peak"}, day).forms == frozenset({"check", "eft"})
    assert pay_rules(both, set(), day).forms == frozenset({"check"})


def test_an_entry_must_balance() -> None:
    with pytest.raises(Unbalanced, match="off by 1 cents"):
        Entry(entry_id="E", posted_at=datetime.max.replace(tzinfo=UTC), because="x",
              postings=(Posting(account="a", cents=2), Posting(account="b", cents=-1)))


@pytest.mark.parametrize(("day", "opened"), [
    ("2026-07-03", True),  # Independence Day is a Saturday: the banks do not move it to Friday
    ("2027-07-05", False),  # it is a Sunday: kept on Monday
    ("2025-11-27", False), ("2025-11-28", True), ("2021-12-31", True), ("2023-01-02", False), ("2021-06-18", True),
    ("2022-06-20", False), ("2025-10-13", False), ("2025-11-11", False), ("2025-11-22", False), ("2024-05-27", False)])
def test_banking_days(day: str, opened: bool) -> None:
    """The published holidays of the Federal Reserve Banks (R91)."""
    assert is_banking_day(date.fromisoformat(day)) is opened


@pytest.mark.parametrize(("day", "count", "next_day"), [
    ("2025-11-21", 1, "2025-11-24"), ("2025-11-26", 1, "2025-11-28"), ("2025-12-24", 1, "2025-12-26"),
    ("2025-11-21", 5, "2025-12-01"), ("2025-11-21", 0, "2025-11-21")])
def test_the_next_banking_days(day: str, count: int, next_day: str) -> None:
    """Thanksgiving week holds four (R91)."""
    assert next_banking_day(date.fromisoformat(day), count) == date.fromisoformat(next_day)


def test_lines_of_one_statement_may_go_either_way(world: World) -> None:
    statement = Statement(statement_id="S", payee_id="ann", participant_id="ann",
                          lines=(Line(line_id="L1", usd="50"), Line(line_id="L2", usd="-20", component="adder")))
    assert world.propose([world.settled("run", statement)]).total_cents == 3000
