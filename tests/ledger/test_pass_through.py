"""A funder's claw-back is the aggregator's debt, never the customer's; and no more may be recouped than is owed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridrider.app.payout_year import pass_through
from gridrider.ledger.pass_through import FunderClaim, why_not_recouped
from tests.ledger.books import Line, Statement, World, balances, rows_of, write_csv

UPFRONT = ('{rate_usd_per_kw: "850", claw_back: {method: pro_rata_months, term_months: "120", '
           'owed_to: {value: %s, cite: "S3 sec. 241.3(a)"}}}')


def left_early(payee: str = "ann", *, earned: str = "100.00", back: str = "-340.00", version: int = 1) -> Statement:
    """A customer of Sunward who left: a performance payment, and part of the grant to be paid back."""
    return Statement(statement_id="S", payee_id=payee, participant_id="sunward", version=version, lines=(
        Line(line_id="L1", usd=earned), Line(line_id="L2", usd=back, component="claw_back", enrollment_id="E-ann")))


def test_a_funder_s_claw_back_is_the_aggregator_s_debt(world: World) -> None:
    """The customer gets her 100.00 in full; Sunward owes 340.00, and the funder is owed it (R49, R94)."""
    world.upfront = UPFRONT % "funder"
    run = world.settled("run", left_early())
    assert balances(run)["receivable:ann"] == Decimal("240.00")
    done = world.pay_out([run])
    assert [(payment.payee_id, payment.net_cents) for payment in done.batch.payments] == [("ann", 10_000)]
    assert balances(run, world.path / "paid") == {
        "expense:program:example/pay": Decimal("100.00"), "cash:ach": Decimal("-100.00"),
        "receivable:sunward": Decimal("340.00"), "payable:funder": Decimal("-340.00")}


def test_an_aggregator_s_own_statement_bears_the_claim_too(world: World) -> None:
    """The claw-back on Sunward's own statement: its payment goes out whole, its debt stands by itself (R94, R95)."""
    world.upfront = UPFRONT % "funder"
    run = world.settled("run", left_early("sunward"))
    world.pay_out([run])
    assert balances(run, world.path / "paid") == {
        "expense:program:example/pay": Decimal("100.00"), "cash:ach": Decimal("-100.00"),
        "receivable:sunward": Decimal("340.00"), "payable:funder": Decimal("-340.00")}


def test_the_utility_s_own_claw_back_is_offset(world: World) -> None:
    """Owed to the utility, it stands against what the payee earns, and the rest waits; nobody is debited (R49)."""
    world.upfront = UPFRONT % "utility"
    run = world.settled("run", left_early())
    done = world.pay_out([run])
    assert (done.batch.payments, done.batch.held[0].cents) == ((), -24_000)
    assert balances(run, world.path / "paid")["receivable:ann"] == Decimal("240.00")


def test_a_claim_is_booked_once_and_corrected_by_its_difference(world: World) -> None:
    """340.00 booked, then 300.00: the second payout takes 40.00 back (R94, R140)."""
    world.upfront = UPFRONT % "funder"
    first = left_early()
    run = world.settled("run", first)
    world.pay_out([run])
    again = world.pay_out([run], "again", paid=[world.path / "paid"])
    assert again.batch.payments == ()
    assert rows_of(world.path / "again" / "ledger.csv") == []
    second = left_early(back="-300.00", version=2)
    corrected = world.settled("corrected", second, before=[first])
    world.pay_out([corrected], "third", paid=[world.path / "paid"])
    books = balances(run, world.path / "paid", corrected, world.path / "third")
    assert books == {"expense:program:example/pay": Decimal("100.00"), "cash:ach": Decimal("-100.00"),
                     "receivable:sunward": Decimal("300.00"), "payable:funder": Decimal("-300.00")}


@pytest.mark.parametrize(("earned", "back"), [("100.00", "-340.00"), ("400.00", "-340.00"), ("400.00", "-20.00"),
                                              ("0.00", "-340.00"), ("500.00", "0.00")])
def test_after_any_correction_nothing_is_left_between_utility_and_customer(world: World, earned: str,
                                                                           back: str) -> None:
    """From 100.00 and -340.00 to these: what she earned is paid, what Sunward owes is booked (R94, R140)."""
    world.upfront = UPFRONT % "funder"
    first, second = left_early(), left_early(earned=earned, back=back, version=2)
    run, paid = world.settled("run", first), world.path / "paid"
    world.pay_out([run])
    corrected = world.settled("corrected", second, before=[first])
    world.pay_out([corrected], "more", paid=[paid])
    owed = Decimal(earned) - Decimal("100.00")
    expected = {"expense:program:example/pay": Decimal(earned), "cash:ach": -max(Decimal(earned), Decimal(100)),
                "receivable:sunward": -Decimal(back), "payable:funder": Decimal(back),
                "payable:ann": -min(owed, Decimal(0))}
    assert balances(run, paid, corrected, world.path / "more") == {name: usd for name, usd in expected.items() if usd}


@pytest.mark.parametrize(("asked", "refused"), [("340.00", False), ("340.01", True), ("0", False)])
def test_an_aggregator_recoups_only_what_it_owes(world: World, asked: str, refused: bool) -> None:
    """To the cent it may, a cent more is refused with the clause (R49, R94)."""
    world.upfront = UPFRONT % "funder"
    run = world.settled("run", left_early())
    recouped = write_csv(world.path / "recouped.csv", ("participant_id", "enrollment_id", "recouped_usd"),
                         [{"participant_id": "sunward", "enrollment_id": "E-ann", "recouped_usd": asked}])
    done = pass_through(world.tariff_file(), [run], recouped, world.path / "through.csv")
    assert [refusal.clause for refusal in done.refusals] == (["S3 sec. 241.3(a)"] if refused else [])
    (row,) = rows_of(world.path / "through.csv")
    assert (row["owed_usd"], Decimal(row["recouped_usd"])) == ("340.00", Decimal(asked))


@pytest.mark.parametrize("key", [("sunward", "E-bob"), ("moonward", "E-ann")])
def test_another_s_breach_gives_no_right(key: tuple[str, str]) -> None:
    """What is owed for one customer may not be asked of another, nor by another aggregator (R94)."""
    claim = FunderClaim(line_id="L", statement_id="S", participant_id="sunward", enrollment_id="E-ann", payee_id="ann",
                        clause="S3", cents=100, booked_cents=0, version=1, statement_total_cents=-100,
                        booked_total_cents=0, program="p")
    assert why_not_recouped([claim], {("sunward", "E-ann"): 100}) == ()
    (refusal,) = why_not_recouped([claim], {key: 1})
    assert "owes the funder 0.00 USD for it" in refusal.reason


def test_leaving_without_a_funder_s_claim_costs_nothing() -> None:
    """Where nothing is owed to a funder, nothing may be asked back (R49)."""
    (refusal,) = why_not_recouped([], {("sunward", "E-ann"): 1})
    assert refusal.clause == "no clause lets an aggregator recoup anything"
