"""Money that comes back: returns, corrections of accounts, reversals, void checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gridrider.adapters.ach import read_ach, text_of
from gridrider.adapters.ach.totals import batch_control, file_control
from gridrider.adapters.ach.wire import AchFile, Addendum, Batch, Change, Entry, EntryDetail, FileControl, Return
from gridrider.app.payout import payout
from gridrider.app.payout_back import Back, ReturnsRequest, ReversalRequest, returns, reverse
from gridrider.app.payout_year import stale_checks
from gridrider.app.trial_balance import trial_balance
from gridrider.ledger.model import Account
from gridrider.ledger.returns import corrected_account
from gridrider.problem import DataRefused
from tests.ledger.books import ANN, BOB, ORIGINATOR, World, balances, owes, rows_of, write_csv

AT = datetime(2025, 11, 25, 15, tzinfo=UTC)


def paid_world(world: World, usd: str = "120.50") -> Path:
    """Ann is paid; gives the run's folder."""
    run = world.settled("run", owes("ann", usd))
    world.pay_out([run])
    return run


def bank_file(world: World, told: Sequence[tuple[str, int, str]], *, cents: int | None = None,
              name: str = "bank.ach") -> Path:
    """A bank's answer: for each code, the number of our entry and, of a change, the corrected text."""
    sent, _ = read_ach((world.path / "paid" / "payments.ach").read_text(), "sent")
    assert sent is not None
    entries = []
    for number, (code, trace_no, corrected) in enumerate(told, start=1):
        trace, original = f"23138010{number:07d}", f"12104288{trace_no:07d}"
        addendum: Addendum = Return(code=code, original_trace=original, original_rdfi="23138010", trace=trace)
        if code.startswith("C"):
            addendum = Change(code=code, original_trace=original, original_rdfi="23138010", corrected=corrected,
                              trace=trace)
        amount = 12_050 if cents is None else cents
        detail = EntryDetail(transaction_code=21, rdfi="12104288", check_digit="2", account="x", individual_id="",
                             amount_cents=0 if code.startswith("C") else amount, name="Ann", has_addenda=1, trace=trace)
        entries.append(Entry(detail=detail, addenda=(addendum,)))
    header = replace(sent.batches[0].header, odfi="23138010", service_class=200)
    batch = Batch(header=header, entries=tuple(entries), control=batch_control(header, entries))
    blank = FileControl(batches=0, blocks=0, count=0, entry_hash=0, debit_cents=0, credit_cents=0)
    file = AchFile(header=sent.header, batches=(batch,), control=blank)
    path = world.path / name
    path.write_text(text_of(replace(file, control=file_control([batch]))), encoding="ascii")
    return path


def take_back(world: World, file: Path, out: str = "back", paid: Sequence[str] = ("paid",)) -> Back:
    return returns(ReturnsRequest(file=file, paid=tuple(world.path / name for name in paid),
                                  accounts=world.accounts_file(), at=AT, out=world.path / out))


def test_a_return_makes_the_liability_live_again(world: World) -> None:
    """Cash is back, the payee is owed, the account is on hold; paid again once it is mended (R90, R140)."""
    run = paid_world(world)
    take_back(world, bank_file(world, [("R03", 1, "")]))
    out = world.path / "back"
    assert balances(run, world.path / "paid", out) == {"expense:program:example/pay": Decimal("120.50"),
                                                       "payable:ann": Decimal("-120.50")}
    assert trial_balance([run, world.path / "paid", out]).in_order
    marked = {row["payee_id"]: row["hold"] for row in rows_of(out / "accounts.csv")}
    assert marked["ann"] == "R03"
    assert marked["bob"] == ""
    assert rows_of(out / "returns.csv")[0]["because"].startswith("no account")
    folders = [world.path / "paid", out]
    world.accounts = [{**row} for row in rows_of(out / "accounts.csv")]
    assert world.propose([run], paid=folders).batch.held[0].reason == "hold"
    world.accounts = [ORIGINATOR, {**ANN, "account": "123"}]
    done = world.pay_out([run], "second", paid=folders, at="2025-12-01T15:00:00+00:00")
    assert [payment.net_cents for payment in done.batch.payments] == [12_050]
    (year,) = rows_of(world.path / "second" / "forms_1099.csv")
    assert year["paid_usd"] == "120.50"


def test_a_change_corrects_the_account_and_the_payment_stands(world: World) -> None:
    """C01: another account number; no entry, nothing owed again (R90)."""
    run = paid_world(world)
    take_back(world, bank_file(world, [("C01", 1, "4242424242")]))
    ann = next(row for row in rows_of(world.path / "back" / "accounts.csv") if row["payee_id"] == "ann")
    assert (ann["account"], ann["hold"], ann["class"]) == ("4242424242", "", "consumer")
    assert rows_of(world.path / "back" / "ledger.csv") == []
    assert (world.path / "back" / "accounts.csv").stat().st_mode & 0o077 == 0
    assert world.propose([run], paid=[world.path / "paid", world.path / "back"]).batch.payments == ()


@pytest.mark.parametrize(("told", "cents", "complaint"), [
    ([("R03", 9, "")], None, "names a trace number of no payout"),
    ([("R03", 1, "")], 12_049, "returns 120.49 USD of a payment of 120.50 USD"),
    ([("R03", 1, ""), ("R03", 1, "")], None, "has come back before")])
def test_a_return_that_does_not_fit_is_not_posted(world: World, told: list[tuple[str, int, str]], cents: int | None,
                                                  complaint: str) -> None:
    """R140: unknown, of another amount, or twice; nothing is written."""
    paid_world(world)
    with pytest.raises(DataRefused, match=complaint):
        take_back(world, bank_file(world, told, cents=cents))
    assert not (world.path / "back").exists()


def test_a_return_posted_before_is_refused(world: World) -> None:
    """The same file into the same folder gives the same bytes; after it, it is refused (R140)."""
    paid_world(world)
    file = bank_file(world, [("R03", 1, "")])
    take_back(world, file)
    before = {each.name: each.read_bytes() for each in (world.path / "back").iterdir()}
    take_back(world, file)
    assert {each.name: each.read_bytes() for each in (world.path / "back").iterdir()} == before
    with pytest.raises(DataRefused, match="has come back before"):
        take_back(world, file, "again", ("paid", "back"))


ROUTING, ACCOUNT = "121042882", "00042"


@pytest.mark.parametrize(("code", "corrected", "routing", "account", "kind", "name"), [
    ("C01", ACCOUNT, "231380104", ACCOUNT, "checking", "Ann"),
    ("C02", ROUTING, ROUTING, "77", "checking", "Ann"),
    ("C03", f"{ROUTING}   {ACCOUNT}", ROUTING, ACCOUNT, "checking", "Ann"),
    ("C04", "Anna", "231380104", "77", "checking", "Anna"),
    ("C05", "32", "231380104", "77", "savings", "Ann"),
    ("C06", f"{ACCOUNT:17}   32", "231380104", ACCOUNT, "savings", "Ann"),
    ("C07", f"{ROUTING}{ACCOUNT:17}32", ROUTING, ACCOUNT, "savings", "Ann")])
def test_corrections(code: str, corrected: str, routing: str, account: str, kind: str, name: str) -> None:
    """Each code changes its own fields (R90)."""
    before = Account(payee_id="ann", form="eft", holder_name="Ann", routing="231380104", account="77")
    after = corrected_account(before, code, corrected)
    assert after is not None
    assert (after.routing, after.account, after.account_type, after.holder_name) == (routing, account, kind, name)


@pytest.mark.parametrize(("code", "corrected"), [("C02", "121042883"), ("C05", "99"), ("C13", "x"), ("C01", "")])
def test_a_correction_that_cannot_be_right_is_left_to_people(code: str, corrected: str) -> None:
    before = Account(payee_id="ann", form="eft", holder_name="Ann", routing="231380104", account="77")
    assert corrected_account(before, code, corrected) is None


def test_a_broken_file_of_returns_is_refused(world: World) -> None:
    paid_world(world)
    file = bank_file(world, [("R03", 1, "")])
    file.write_text(file.read_text().replace("R03", "R03 "), encoding="ascii")
    with pytest.raises(DataRefused, match="has 95 characters"):
        take_back(world, file)


def try_reverse(world: World, payment_id: str, *, at: datetime = AT, reason: str = "duplicate",
                paid: Sequence[str] = ("paid",), out: str = "reversed") -> Back:
    asked = write_csv(world.path / "reversals.csv", ("payment_id", "reason"),
                      [{"payment_id": payment_id, "reason": reason}])
    return reverse(ReversalRequest(
        tariff=world.tariff_file(), reversals=asked, paid=tuple(world.path / name for name in paid),
        accounts=world.accounts_file(), approvals=world.approvals_file(), at=at, out=world.path / out))


def test_an_error_is_taken_back_with_four_eyes(world: World) -> None:
    """A debit of the same amount, described REVERSAL, in a batch of debits; the payee is owed again (R142)."""
    run = paid_world(world)
    (payment,) = rows_of(world.path / "paid" / "payments.csv")
    proposed = try_reverse(world, payment["payment_id"])
    assert len(proposed.refusals) == 2
    assert not (world.path / "reversed").exists()
    world.sign(proposed.batch_hash)
    assert not try_reverse(world, payment["payment_id"]).refusals
    file, problems = read_ach((world.path / "reversed" / "payments.ach").read_text(), "x")
    assert problems == []
    assert file is not None
    assert (file.batches[0].header.description, file.batches[0].header.service_class) == ("REVERSAL", 225)
    assert (file.control.debit_cents, file.control.credit_cents) == (12_050, 0)
    assert balances(run, world.path / "paid", world.path / "reversed")["payable:ann"] == Decimal("-120.50")
    with pytest.raises(DataRefused, match="has come back already"):
        try_reverse(world, payment["payment_id"], paid=("paid", "reversed"), out="again")


@pytest.mark.parametrize(("day", "late"), [(28, False), (29, True)])
def test_five_banking_days_are_left_to_take_an_error_back(world: World, day: int, late: bool) -> None:
    """The money moved on Friday Nov 21. The fifth banking day after it is Monday Dec 1, Thanksgiving being none; a
    reversal sent on the 28th arrives then, and one of the 29th (a Saturday) too, but of Dec 1 no more (R142)."""
    paid_world(world)
    (payment,) = rows_of(world.path / "paid" / "payments.csv")
    at = datetime(2025, 11, 28, 15, tzinfo=UTC) if not late else datetime(2025, 12, 1, 15, tzinfo=UTC)
    if late:
        with pytest.raises(DataRefused, match="until 2025-12-01, 5 banking days"):
            try_reverse(world, payment["payment_id"], at=at)
    else:
        assert try_reverse(world, payment["payment_id"], at=at).count == 1


def test_only_an_error_is_a_ground(world: World) -> None:
    """A reason that is no error is refused, and so is a payment nobody made, or one by check (R49)."""
    world.pay_out([world.settled("run", owes("bob", "5.00"))])
    (payment,) = rows_of(world.path / "paid" / "payments.csv")
    with pytest.raises(DataRefused, match="reason"):
        try_reverse(world, payment["payment_id"], reason="left_the_program")
    for payment_id in (payment["payment_id"], "P-unknown"):
        with pytest.raises(DataRefused, match="is no electronic payment"):
            try_reverse(world, payment_id)


def cashed(world: World, *numbers: int) -> Path:
    return write_csv(world.path / "cleared.csv", ("check_number", "cleared_on"),
                     [{"check_number": number, "cleared_on": "2025-12-01"} for number in numbers])


@pytest.mark.parametrize(("at", "stale"), [("2026-05-19T16:00:00+00:00", 0), ("2026-05-20T03:59:59+00:00", 0),
                                           ("2026-05-20T04:00:00+00:00", 1)])
def test_an_uncashed_check_becomes_unclaimed_money(world: World, at: str, stale: int) -> None:
    """Written on Nov 20 and good for 180 days: on May 19 still, from local midnight on void (R90)."""
    world.payout = 'checks_stale_after_days: "180"'
    run = world.settled("run", owes("bob", "80.00"), owes("carl", "7.00"))
    world.accounts = [{**BOB, "payee_id": name} for name in ("bob", "carl")]
    world.pay_out([run])
    assert rows_of(world.path / "paid" / "checks.csv")[0]["stale_on"] == "2026-05-20"
    done = stale_checks(world.tariff_file(), [world.path / "paid"], cashed(world, 1002),
                        datetime.fromisoformat(at), world.path / "stale")
    assert done.count == stale
    register = {row["payee_id"]: row["status"] for row in rows_of(world.path / "stale" / "checks.csv")}
    assert register == {"bob": "stale" if stale else "issued", "carl": "cleared"}
    books = balances(run, world.path / "paid", world.path / "stale")
    assert books.get("liability:unclaimed:bob", Decimal(0)) == (Decimal("-80.00") if stale else 0)
    assert books["cash:checks"] == (Decimal("-7.00") if stale else Decimal("-87.00"))
    assert "payable:bob" not in books


def test_a_check_nobody_wrote_and_a_tariff_that_is_silent(world: World) -> None:
    """Both are Problems at once."""
    world.pay_out([world.settled("run", owes("bob", "80.00"))])
    with pytest.raises(DataRefused) as refused:
        stale_checks(world.tariff_file(), [world.path / "paid"], cashed(world, 7), AT, world.path / "stale")
    assert "does not say when a check is void" in str(refused.value)
    assert "is no check of the payouts" in str(refused.value)
    assert not (world.path / "stale").exists()


def test_a_returned_prenote_moves_nothing_and_holds_the_account(world: World) -> None:
    world.payout = "prenote: true"
    run = world.settled("run", owes("ann", "5.00"))
    world.pay_out([run])
    take_back(world, bank_file(world, [("R04", 1, "")], cents=0))
    assert rows_of(world.path / "back" / "ledger.csv") == []
    assert {row["hold"] for row in rows_of(world.path / "back" / "accounts.csv")} == {"", "R04"}
    assert not payout(world.request([run], "x", paid=[world.path / "paid", world.path / "back"])).batch.payments
