"""The command line: what follows a payout in the books - returns, reversals, void checks, tax forms, month ends."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..problem import DataRefused
from .payout import leave_problems_unless_paid, print_refusals
from .shared import DONE, JSON_HELP, REFUSED, leave_problems, parse_instant, print_json, print_problems, problem_json

if TYPE_CHECKING:
    from ..app.payout_back import Back

_TARIFF, _PAID, _STATEMENTS, _ACCOUNTS, _AT = "tariff", "--paid", "--statements", "--accounts", "--at"


def add_payout_verbs(verbs: Any) -> None:
    """Declare the verbs of `ledger` that follow a payout."""
    returns = verbs.add_parser("returns", help="post a bank's returns back and correct the accounts it names")
    returns.add_argument("file", type=Path, metavar="FILE.ach", help="the bank's file of returns and changes")
    _add(returns, _PAID, _ACCOUNTS, _AT)
    returns.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for what follows")
    returns.set_defaults(run=_returns)
    reverse = verbs.add_parser("reverse", help="take payments made in error back, with four eyes")
    _add(reverse, _TARIFF, _PAID, _ACCOUNTS, _AT)
    reverse.add_argument("--reversals", type=Path, required=True, metavar="FILE", help="payments and the error made")
    reverse.add_argument("--approvals", type=Path, metavar="FILE", help="who prepared and who approved")
    reverse.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the reversal")
    reverse.set_defaults(run=_reverse)
    stale = verbs.add_parser("stale-checks", help="the check register, and an entry for each check that became void")
    _add(stale, _TARIFF, _PAID, _AT)
    stale.add_argument("--cleared", type=Path, required=True, metavar="FILE", help="checks that the bank has paid")
    stale.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the register")
    stale.set_defaults(run=_stale_checks)
    forms = verbs.add_parser("tax-forms", help="a calendar year's payments by payee, and who is due a form")
    _add(forms, _TARIFF, _PAID, _ACCOUNTS, _AT)
    forms.add_argument("--year", type=int, required=True, metavar="YEAR", help="calendar year of the payment date")
    forms.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table to write")
    forms.set_defaults(run=_tax_forms)
    through = verbs.add_parser("pass-through", help="hold what aggregators ask back of customers against their debt")
    _add(through, _TARIFF, _STATEMENTS)
    through.add_argument("--recouped", type=Path, required=True, metavar="FILE", help="what aggregators asked back")
    through.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table to write")
    through.set_defaults(run=_pass_through)
    accrue = verbs.add_parser("accrue", help="month-end entries of incentives that are not final, and their reversal")
    _add(accrue, _TARIFF)
    accrue.add_argument("--statements", type=Path, required=True, metavar="DIR2", help="a settled run")
    accrue.add_argument("--month", required=True, metavar="MONTH", help="the month, written 2025-08")
    accrue.add_argument("--gl-accounts", type=Path, metavar="FILE", help="our accounts in the general ledger")
    accrue.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the entries")
    accrue.set_defaults(run=_accrue)
    recovery = verbs.add_parser("recovery", help="the regulatory asset and the surcharge that recovers it")
    _add(recovery, _TARIFF)
    recovery.add_argument("--inputs", type=Path, required=True, metavar="DIR",
                          help="folder with program_costs and surcharges")
    recovery.add_argument("--settled", type=Path, action="append", default=[], metavar="DIR2",
                          help="a settled run whose payments are recovered (repeatable)")
    recovery.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the tables")
    recovery.set_defaults(run=_recovery)
    for verb in (returns, reverse, stale, forms, through, accrue, recovery):
        verb.add_argument("--json", action="store_true", help=JSON_HELP)


def _add(command: argparse.ArgumentParser, *names: str) -> None:
    """Add arguments that several verbs share."""
    if _TARIFF in names:
        command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    if _PAID in names:
        command.add_argument("--paid", type=Path, action="append", required=True, metavar="DIR3",
                             help="a payout, return or reversal (repeatable)")
    if _STATEMENTS in names:
        command.add_argument("--statements", type=Path, action="append", required=True, metavar="DIR2",
                             help="a settled run (repeatable)")
    if _ACCOUNTS in names:
        command.add_argument("--accounts", type=Path, required=True, metavar="FILE", help="how each payee is paid")
    if _AT in names:
        command.add_argument("--at", type=parse_instant, required=True, metavar="TIME", help="the only now")


def _returns(arguments: argparse.Namespace) -> int:
    from ..app.payout_back import ReturnsRequest, returns

    try:
        back = returns(ReturnsRequest(file=arguments.file, paid=tuple(arguments.paid), accounts=arguments.accounts,
                                      at=arguments.at, out=arguments.out))
    except DataRefused as refused:
        leave_problems_unless_paid(arguments.out, refused)
        raise
    return _say_back(arguments, back, "came back")


def _reverse(arguments: argparse.Namespace) -> int:
    from ..app.payout_back import ReversalRequest, reverse

    try:
        back = reverse(ReversalRequest(
            tariff=arguments.tariff, reversals=arguments.reversals, paid=tuple(arguments.paid),
            accounts=arguments.accounts, approvals=arguments.approvals, at=arguments.at, out=arguments.out))
    except DataRefused as refused:
        leave_problems_unless_paid(arguments.out, refused)
        raise
    return _say_back(arguments, back, "proposed" if back.refusals else "taken back")


def _say_back(arguments: argparse.Namespace, back: Back, done: str) -> int:
    from ..money import usd_from_cents

    print_problems(back.problems, summary=True)
    amount = usd_from_cents(back.cents)
    if arguments.json:
        print_json({"out": str(arguments.out), "count": back.count, "amount_usd": str(amount),
                    "batch_hash": back.batch_hash, "refusals": [refusal.reason for refusal in back.refusals],
                    "problems": [problem_json(problem) for problem in back.problems]})
    else:
        if back.batch_hash:
            print(f"batch_hash {back.batch_hash}")
        print(f"{amount} USD {done}, {back.count} rows: {arguments.out}")
    print_refusals(back.refusals)
    return REFUSED if back.refusals else DONE


def _stale_checks(arguments: argparse.Namespace) -> int:
    from ..app.payout_year import stale_checks

    try:
        done = stale_checks(arguments.tariff, arguments.paid, arguments.cleared, arguments.at, arguments.out)
    except DataRefused as refused:
        leave_problems(arguments.out, refused.problems)
        raise
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(arguments.out), "stale": done.count})
    else:
        print(f"{done.count} checks became void: {arguments.out}")
    return DONE


def _tax_forms(arguments: argparse.Namespace) -> int:
    from ..app.payout_year import year_forms

    forms, problems = year_forms(arguments.tariff, arguments.paid, arguments.accounts, arguments.year, arguments.at,
                                 arguments.out)
    print_problems(problems, summary=True)
    due = sum(bool(form.form_due) for form in forms)
    if arguments.json:
        print_json({"out": str(arguments.out), "payees": len(forms), "forms_due": due,
                    "problems": [problem_json(problem) for problem in problems]})
    else:
        print(f"{len(forms)} payees, {due} forms due: {arguments.out}")
    return DONE


def _pass_through(arguments: argparse.Namespace) -> int:
    from ..app.payout_year import pass_through

    done = pass_through(arguments.tariff, arguments.statements, arguments.recouped, arguments.out)
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json({"out": str(arguments.out), "claims": done.count,
                    "refusals": [{"clause": refusal.clause, "reason": refusal.reason} for refusal in done.refusals]})
    else:
        print(f"{done.count} claims of a funder: {arguments.out}")
    print_refusals(done.refusals)
    return REFUSED if done.refusals else DONE


def _accrue(arguments: argparse.Namespace) -> int:
    from ..app.accrual import accrue, month_of
    from ..money import usd_from_cents

    try:
        done = accrue(arguments.tariff, arguments.statements, month_of(arguments.month), arguments.gl_accounts,
                      arguments.out)
    except DataRefused as refused:
        leave_problems(arguments.out, refused.problems)
        raise
    print_problems(done.problems, summary=True)
    budget = None if done.budget_cents is None else str(usd_from_cents(done.budget_cents))
    if arguments.json:
        print_json({"out": str(arguments.out), "accrued_usd": str(usd_from_cents(done.accrued_cents)),
                    "lines_usd": str(usd_from_cents(done.lines_cents)), "budget_usd": budget})
    else:
        of_budget = f" of a budget of {budget} USD" if budget else ""
        print(f"Accrued {usd_from_cents(done.accrued_cents)} USD; the run's lines come to "
              f"{usd_from_cents(done.lines_cents)} USD{of_budget}: {arguments.out}")
    return DONE


def _recovery(arguments: argparse.Namespace) -> int:
    from ..app.cost_recovery import recover
    from ..money import usd_from_cents
    from ..quantity import kwh_from_mwh

    try:
        rows, problems = recover(arguments.tariff, arguments.inputs, arguments.settled, arguments.out)
    except DataRefused as refused:
        leave_problems(arguments.out, refused.problems)
        raise
    print_problems(problems, summary=True)
    if arguments.json:
        print_json({"out": str(arguments.out), "months": len(rows)})
        return DONE
    for row in rows:
        closing = "not yet known" if row.closing_cents is None else f"{usd_from_cents(row.closing_cents)} USD"
        print(f"{row.given.month:%Y-%m}: {usd_from_cents(row.to_recover_cents)} USD to recover, "
              f"{kwh_from_mwh(row.surcharge_micro_usd_per_kwh)} USD/kWh, carried over {closing}")
    print(f"Tables: {arguments.out}")
    return DONE
