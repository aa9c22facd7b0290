"""The command line: pay what settled statements owe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..problem import DataRefused, Refusal
from .shared import DONE, JSON_HELP, REFUSED, leave_problems, parse_instant, print_json, print_problems, problem_json

if TYPE_CHECKING:
    from ..app.payout import PayoutDone


def add_payout(commands: Any) -> None:
    """Declare the command `payout`."""
    command = commands.add_parser("payout", help="payments, checks and entries for what settled statements owe")
    command.add_argument("tariff", type=Path, metavar="TARIFF.yaml", help="the tariff file")
    command.add_argument("--statements", type=Path, action="append", required=True, metavar="DIR2",
                         help="a settled run (repeatable)")
    command.add_argument("--accounts", type=Path, required=True, metavar="FILE", help="how each payee is paid")
    command.add_argument("--approvals", type=Path, metavar="FILE",
                         help="who prepared and who approved; without it the batch is only proposed")
    command.add_argument("--out", type=Path, required=True, metavar="DIR3", help="folder for the payout")
    command.add_argument("--paid", type=Path, action="append", default=[], metavar="DIR",
                         help="an earlier payout, return or reversal (repeatable); only the difference is paid")
    command.add_argument("--at", type=parse_instant, metavar="TIME",
                         help="the only now; default: the latest of the runs' as-of and of the batch's signatures")
    command.add_argument("--first-check", type=int, metavar="N", help="number of the first check; default: the next")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_payout)


def _payout(arguments: argparse.Namespace) -> int:
    from ..app.payout import PayoutRequest, payout

    try:
        done = payout(PayoutRequest(
            tariff=arguments.tariff, statements=tuple(arguments.statements), accounts=arguments.accounts,
            approvals=arguments.approvals, out=arguments.out, paid=tuple(arguments.paid), at=arguments.at,
            first_check=arguments.first_check))
    except DataRefused as refused:
        leave_problems_unless_paid(arguments.out, refused)
        raise
    print_problems(done.problems, summary=True)
    if arguments.json:
        print_json(_document(done))
    else:
        _print(done)
    print_refusals(done.refusals)
    return REFUSED if done.refusals else DONE


def leave_problems_unless_paid(out: Path, refused: DataRefused) -> None:
    """Write problems.csv into the folder, unless it is the record of a payout that was made."""
    if not (out / "paid.csv").is_file():
        leave_problems(out, refused.problems)


def print_refusals(refusals: Sequence[Refusal]) -> None:
    """Each reason why not, with its clause, on standard error."""
    for refusal in refusals:
        print(f"refused: {refusal.reason} ({refusal.clause})", file=sys.stderr)


def _document(done: PayoutDone) -> dict[str, Any]:
    from ..money import usd_from_cents

    return {"out": str(done.out), "batch_hash": done.batch.batch_hash, "paid": not done.refusals,
            "total_usd": str(usd_from_cents(done.total_cents)),
            "effective_on": done.effective_on.isoformat() if done.effective_on else None,
            "payments": len(done.batch.payments), "prenotes": len(done.batch.prenotes),
            "held": [{"payee_id": held.payee_id, "amount_usd": str(usd_from_cents(held.cents)), "reason": held.reason}
                     for held in done.batch.held],
            "refusals": [{"clause": refusal.clause, "reason": refusal.reason} for refusal in done.refusals],
            "problems": [problem_json(problem) for problem in done.problems]}


def _print(done: PayoutDone) -> None:
    from ..money import usd_from_cents

    count = len(done.batch.payments)
    said = f"{usd_from_cents(done.total_cents)} USD in {count} payment{'' if count == 1 else 's'}"
    for payment in done.batch.payments[:20]:
        print(f"{payment.payee_id}: {usd_from_cents(payment.net_cents)} USD by {payment.account.form} to "
              f"{payment.account.payee_id}")
    if count > 20:
        print(f"… and {count - 20} more, all in batch.csv.")
    print(f"batch_hash {done.batch.batch_hash}")
    if done.refusals:
        print(f"Proposed, not paid: {said}; see {done.out}. To pay it, two people sign this batch_hash in the "
              "approvals: batch_hash, role (preparer, approver), person, at.")
    else:
        day = f", money moves on {done.effective_on}" if count else ""
        print(f"Paid {said}{day}. Tables: {done.out}")
