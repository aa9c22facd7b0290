"""Who is paid now, how much and to which account; and what waits, and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from ..money import usd_from_cents
from ..problem import Problem, Refusal, warning
from ..tariff.model import Tariff
from .banking_days import next_banking_day
from .model import Account, Owed, Payment, id_of
from .pay_rules import HouseRules, PayRules, house_rules, pay_rules, withheld_cents
from .tax_forms import Threshold

_FILE = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a payee is not paid this time; it stays owed."""

    payee_id: str
    cents: int
    reason: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What a batch is made from."""

    tariff: Tariff
    tariff_hash: str
    day: date
    """Local day on which the batch is made."""
    accounts: Mapping[str, Account]
    paid_this_year_cents: Mapping[str, int]
    threshold: Threshold | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Payments in the order of their payees, accounts that are only tested, and what waits."""

    payments: tuple[Payment, ...]
    prenotes: tuple[Account, ...]
    held: tuple[Held, ...]
    batch_hash: str
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...]


@dataclass(slots=True)
class _Making:
    """A batch while it is made."""

    request: BatchRequest
    house: HouseRules
    payments: list[Payment] = field(default_factory=list)
    prenotes: dict[str, Account] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    rules: dict[frozenset[str], PayRules] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def rules_of(self, statements: Sequence[Owed]) -> PayRules:
        services = frozenset(name for each in statements for name in each.services)
        if services not in self.rules:
            self.rules[services] = pay_rules(self.request.tariff, services, self.request.day)
        return self.rules[services]

    def hold(self, payee_id: str, cents: int, reason: str, because: str) -> None:
        self.held.append(Held(payee_id=payee_id, cents=cents, reason=reason, because=because))

    def warn(self, payee_id: str, reason: str, what_to_do: str, account: Account | None = None) -> None:
        self.problems.append(warning(_FILE, reason, what_to_do, row=account.row if account else None,
                                     column="payee_id", value=payee_id))


def make_batch(request: BatchRequest, owed: Sequence[Owed]) -> Batch:
    """Pay every payee what its statements still owe, if the tariff and its account let us; the rest is held.

    A payee's statements are netted; a balance below zero waits to be offset, for a payee is never debited.
    """
    making = _Making(request=request, house=house_rules(request.tariff, request.day))
    due = sorted((each for each in owed if each.due_cents), key=lambda each: (each.payee_id, each.statement_id))
    for payee_id, statements in groupby(due, key=lambda each: each.payee_id):
        _payee(making, payee_id, tuple(statements))
    payments, prenotes = tuple(making.payments), tuple(making.prenotes[name] for name in sorted(making.prenotes))
    return Batch(payments=payments, prenotes=prenotes, held=tuple(making.held),
                 batch_hash=hash_of(request.tariff_hash, payments, prenotes), problems=tuple(making.problems),
                 refusals=tuple(making.refusals))


def _payee(making: _Making, payee_id: str, statements: tuple[Owed, ...]) -> None:
    rules = making.rules_of(statements)
    ready = tuple(each for each in statements if each.final or making.house.pays_provisional)
    if len(ready) < len(statements):
        waits = sum(each.due_cents for each in statements if each not in ready)
        making.hold(payee_id, waits, "provisional", "lines of these statements may still change")
    cents = sum(each.due_cents for each in ready)
    account = making.request.accounts.get(payee_id)
    if ready and _may_be_paid(making, payee_id, ready, cents, rules, account) and account is not None:
        _pay(making, account, ready, rules)
    paid = bool(making.payments) and making.payments[-1].payee_id == payee_id
    _warn_when_old(making, payee_id, [each for each in statements if not paid or each not in ready], rules)


def _may_be_paid(making: _Making, payee_id: str, ready: Sequence[Owed], cents: int, rules: PayRules,
                 account: Account | None) -> bool:
    """Whether the balance and the payee's own wish let money leave; otherwise it is held."""
    overdue = any(_is_old(each, rules, making.request.day) for each in ready)
    if cents <= 0:
        making.hold(payee_id, cents, "below_zero", "the balance is not above zero; it is offset against later payments")
    elif cents < making.house.carry_below_cents and not overdue:
        least = usd_from_cents(making.house.carry_below_cents)
        making.hold(payee_id, cents, "small", f"the balance is below {least} USD and waits for the next payment")
    elif account is None:
        making.hold(payee_id, cents, "no_account", "nobody has told us how to pay it")
        making.warn(payee_id, "is owed money and has no account", "Add a row for the payee.")
    elif rules.on_request and (account.pay_requested_on is None or account.pay_requested_on > making.request.day):
        making.hold(payee_id, cents, "not_requested", f"paid when the payee asks for it ({rules.request_clause})")
    else:
        return True
    return False


def _pay(making: _Making, own: Account, ready: tuple[Owed, ...], rules: PayRules) -> None:
    account = _destination(making, own, rules)
    cents = sum(each.due_cents for each in ready)
    if account is None:
        making.hold(own.payee_id, cents, "assignment", "the assignment cannot be followed")
        return
    if rules.forms is not None and account.form not in rules.forms:
        reason = (f"{account.payee_id} (row {account.row} of accounts) asks for {account.form}; allowed are "
                  f"{', '.join(sorted(rules.forms)) or 'none'}")
        making.refusals.append(Refusal(clause=rules.forms_clause, reason=reason))
        making.hold(own.payee_id, cents, "form", reason)
        return
    if account.form == "eft" and not _account_is_ready(making, own.payee_id, cents, account):
        return
    _warn_when_late(making, own, rules)
    key = [(each.statement_id, each.version, each.paid_cents, each.due_cents) for each in ready]
    making.payments.append(Payment(payment_id=id_of("P", own.payee_id, json.dumps(key)), payee_id=own.payee_id,
                                   account=account, owed=ready, withheld_cents=_withheld(making, own, cents)))


def _destination(making: _Making, own: Account, rules: PayRules) -> Account | None:
    """The account that is paid: the payee's own, or since the day of signature the one it assigned to."""
    if not own.assigned_to:
        return own
    if rules.assignable is False:
        making.refusals.append(Refusal(clause=rules.assignable_clause,
                                       reason=f"{own.payee_id} assigned its payments, which may not be assigned"))
        return None
    if own.assigned_signed_on is None or own.assigned_signed_on > making.request.day:
        making.warn(own.payee_id, "has assigned its payments without a signature that holds today; it is paid itself",
                    "Give assigned_signed_on, or remove assigned_to.", own)
        return own
    other = making.request.accounts.get(own.assigned_to)
    if other is None or other.assigned_to:
        making.warn(own.payee_id, f"assigned its payments to {own.assigned_to}, " +
                    ("which assigned its own on" if other else "which has no account"),
                    "Name as assigned_to the payee whose account is to be paid.", own)
        return None
    return other


def _account_is_ready(making: _Making, payee_id: str, cents: int, account: Account) -> bool:
    """False while the bank has sent a payment back, or while a prenote runs or is yet to be sent."""
    house, day = making.house, making.request.day
    if account.hold:
        making.hold(payee_id, cents, "hold", f"the account is on hold: {account.hold}")
        making.warn(payee_id, f"is owed money and its account is on hold: {account.hold}",
                    "Correct the account and clear hold.", account)
        return False
    if house.prenote and account.prenote_on is None:
        making.prenotes[account.payee_id] = account
        making.hold(payee_id, cents, "prenote", "a test entry goes first")
        return False
    if house.prenote and account.prenote_on is not None:
        ready_on = next_banking_day(account.prenote_on, house.prenote_wait_days)
        if day < ready_on:
            making.hold(payee_id, cents, "prenote", f"the test entry runs until {ready_on}")
            return False
    return True


def _withheld(making: _Making, own: Account, cents: int) -> int:
    """What is kept for the tax authority: nothing with a certificate, or below the year's threshold."""
    threshold, house = making.request.threshold, making.house
    so_far = making.request.paid_this_year_cents.get(own.payee_id, 0)
    if own.w9 == "received" or threshold is None or so_far + cents < threshold.cents:
        return 0
    if house.withhold and house.withhold_pct is not None:
        return withheld_cents(cents, house.withhold_pct)
    share = "" if house.withhold_pct is None else f" of {house.withhold_pct}%"
    making.warn(own.payee_id, f"reaches {usd_from_cents(threshold.cents)} USD this year without a taxpayer "
                f"certificate, so backup withholding{share} is due; the tariff withholds nothing",
                "Get the W-9, or set payout.withhold_backup and its percentage.", own)
    return 0


def _warn_when_late(making: _Making, own: Account, rules: PayRules) -> None:
    """A warning when the money cannot arrive within the days after the request that the tariff promises."""
    if not rules.on_request or own.pay_requested_on is None or rules.within_days is None:
        return
    arrives_on = next_banking_day(making.request.day)
    took = (arrives_on - own.pay_requested_on).days
    if took > rules.within_days:
        making.warn(own.payee_id, f"asked on {own.pay_requested_on} and is paid on {arrives_on}, {took} days later; "
                    f"{rules.within_clause} promises {rules.within_days}", "Pay requests sooner.", own)


def _is_old(each: Owed, rules: PayRules, day: date) -> bool:
    """True when a statement waits longer than the tariff's least number of payments a year lets it."""
    if not rules.per_year or each.due_cents <= 0:
        return False
    months = 12 // rules.per_year
    year, month = divmod(each.period_end.year * 12 + each.period_end.month - 1 + months, 12)
    last = min(each.period_end.day, [31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28, 31, 30, 31,
                                     30, 31, 31, 30, 31, 30, 31][month])
    return day > date(year, month + 1, last)


def _warn_when_old(making: _Making, payee_id: str, unpaid: Sequence[Owed], rules: PayRules) -> None:
    old = [each for each in unpaid if _is_old(each, rules, making.request.day)]
    if old:
        oldest = min(each.period_end for each in old)
        making.warn(payee_id, f"is still owed {usd_from_cents(sum(each.due_cents for each in old))} USD of a period "
                    f"that ended on {oldest}; {rules.per_year_clause} asks for {rules.per_year} payments a year",
                    "Clear what holds the payment; held.csv names it.")


def hash_of(tariff_hash: str, payments: Sequence[Payment], prenotes: Sequence[Account]) -> str:
    """SHA-256 of everything that an approval covers: payees, amounts, statements, versions, accounts and the tariff.

    The accounts enter it, so that money cannot be led elsewhere after the approval; the day does not.
    """
    content = {
        "tariff": tariff_hash,
        "payments": [[payment.payment_id, payment.payee_id, payment.gross_cents, payment.withheld_cents,
                      _account_key(payment.account),
                      [[each.statement_id, each.version, each.due_cents] for each in payment.owed]]
                     for payment in payments],
        "prenotes": [_account_key(account) for account in prenotes]}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _account_key(account: Account) -> list[str]:
    return [account.payee_id, account.form, account.holder_name, account.holder_class, account.routing,
            account.account, account.account_type, account.address, str(account.addenda)]
