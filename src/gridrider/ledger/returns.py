"""What a bank's return or notification of change means for our books and for our record of an account.

Codes and the places inside a notification's corrected text follow the NACHA Operating Rules, appendix on returns and
notifications of change.
"""

from __future__ import annotations

from dataclasses import replace

from .model import Account, is_routing

RETURN_WORDS = {
    "R01": "insufficient funds", "R02": "account closed", "R03": "no account, or unable to find it",
    "R04": "invalid account number", "R05": "unauthorized debit to a consumer account",
    "R06": "returned at our bank's request", "R07": "authorization revoked", "R08": "payment stopped",
    "R09": "uncollected funds", "R10": "customer says it is not authorized", "R12": "branch sold to another bank",
    "R13": "invalid routing number", "R14": "representative payee deceased", "R15": "holder deceased",
    "R16": "account frozen", "R17": "file record edit criteria", "R20": "not a transaction account",
    "R21": "invalid company identification", "R22": "invalid individual number", "R23": "credit refused by receiver",
    "R24": "duplicate entry", "R29": "corporate customer says it is not authorized", "R31": "permissible return",
}
"""What each return code says."""

CHECKING, SAVINGS = {"22", "23", "24", "27", "28", "29"}, {"32", "33", "34", "37", "38", "39"}


def return_words(code: str) -> str:
    """The meaning of a return code, or the bare fact for one that is not in the list."""
    return RETURN_WORDS.get(code, "returned by the payee's bank")


def corrected_account(account: Account, code: str, corrected: str) -> Account | None:
    """The account as the bank wants it; None for a code or a correction that we cannot carry out.

    >>> corrected_account(Account(payee_id="ann", form="eft", routing="231380104"), "C01", "77").ending
    '77'
    """
    after = None
    if code == "C01":
        after = replace(account, account=corrected[:17].strip())
    elif code == "C02":
        after = replace(account, routing=corrected[:9])
    elif code == "C03":
        after = replace(account, routing=corrected[:9], account=corrected[12:29].strip())
    elif code == "C04":
        after = replace(account, holder_name=corrected[:22].strip())
    elif code == "C05":
        after = _with_type(account, corrected[:2])
    elif code == "C06":
        after = _with_type(replace(account, account=corrected[:17].strip()), corrected[20:22])
    elif code == "C07":
        after = _with_type(replace(account, routing=corrected[:9], account=corrected[9:26].strip()), corrected[26:28])
    usable = after is not None and is_routing(after.routing) and after.account
    return after if usable else None


def _with_type(account: Account, code: str) -> Account | None:
    if code in CHECKING:
        return replace(account, account_type="checking")
    return replace(account, account_type="savings") if code in SAVINGS else None
