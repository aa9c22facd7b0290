"""The command line: the books of settled runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .ledger_payout import add_payout_verbs
from .shared import DONE, JSON_HELP, REFUSED, print_json


def add_ledger(commands: Any) -> None:
    """Declare the command `ledger`."""
    ledger = commands.add_parser("ledger", help="the books of settled runs")
    verbs = ledger.add_subparsers(dest="verb", required=True, metavar="VERB")
    balance = verbs.add_parser("balance", help="trial balance; exit 1 unless it is zero")
    balance.add_argument("folders", type=Path, nargs="+", metavar="DIR2", help="folders of settled runs, in order")
    balance.add_argument("--json", action="store_true", help=JSON_HELP)
    balance.set_defaults(run=_ledger_balance)
    add_payout_verbs(verbs)


def _ledger_balance(arguments: argparse.Namespace) -> int:
    from ..app.trial_balance import trial_balance
    from ..money import usd_from_cents

    balance = trial_balance(arguments.folders)
    if arguments.json:
        print_json({"accounts": [{"account": held.account, "debit_usd": str(usd_from_cents(held.debit_cents)),
                                   "credit_usd": str(usd_from_cents(held.credit_cents)),
                                   "balance_usd": str(usd_from_cents(held.balance_cents))}
                                  for held in balance.accounts],
                     "difference_usd": str(usd_from_cents(balance.difference_cents)),
                     "unbalanced_entries": list(balance.unbalanced_entries), "in_order": balance.in_order})
        return DONE if balance.in_order else REFUSED
    width = max([len(held.account) for held in balance.accounts] + [7])
    print(f"{'account':{width}} {'debit':>16} {'credit':>16} {'balance':>16}")
    for held in balance.accounts:
        amounts = (held.debit_cents, held.credit_cents, held.balance_cents)
        print(f"{held.account:{width}}", *(f"{usd_from_cents(cents):>16,}" for cents in amounts))
    for entry_id in balance.unbalanced_entries:
        print(f"{entry_id}: its debits and credits differ", file=sys.stderr)
    verdict = "in order" if balance.in_order else "NOT in order"
    print(f"{'difference':{width}} {'':16} {'':16} {usd_from_cents(balance.difference_cents):>16,}  {verdict}")
    return DONE if balance.in_order else REFUSED
