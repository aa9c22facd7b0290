"""What a business payment is for, in the words its addenda carry: segments of ANSI X12, 80 characters a record.

Interpretation: the NACHA rules let a CCD carry one addendum with a single remittance segment and ask of a CTX a whole
X12 820 order; which optional elements a payee's bank wants is agreed with it. Account numbers are never repeated here.
"""

from __future__ import annotations

from datetime import date, datetime

from ...ledger.model import Account, Transfer
from ...money import usd_from_cents

_WIDTH = 80


def remittance_texts(transfer: Transfer, originator: Account, made_at: datetime, effective_on: date) -> tuple[str, ...]:
    """The texts of a transfer's addenda, in order; none unless a business account asks for them."""
    if transfer.kind != "credit" or not transfer.account.addenda or transfer.account.holder_class == "consumer":
        return ()
    if transfer.entry_class == "CCD":
        return tuple(f"{_remitted(*each)}\\" for each in transfer.statements)
    text = "".join(f"{segment}~" for segment in _order(transfer, originator, made_at, effective_on))
    return tuple(text[at:at + _WIDTH] for at in range(0, len(text), _WIDTH))


def _remitted(statement_id: str, cents: int) -> str:
    return f"RMR*IV*{statement_id[:30]}*PI*{usd_from_cents(cents)}"


def _order(transfer: Transfer, originator: Account, made_at: datetime, effective_on: date) -> list[str]:
    """The segments of an 820 payment order."""
    sender, receiver = _name(originator.payee_id, 15), _name(transfer.payee_id, 15)
    number = f"{transfer.trace_no:09d}"
    order = [
        "ST*820*0001",
        f"BPR*C*{usd_from_cents(transfer.cents)}*C*ACH*CTX*01*{originator.routing}***{sender}**01*"
        f"{transfer.account.routing}***{effective_on:%Y%m%d}",
        f"TRN*1*{transfer.payment_id}*{sender}",
        f"N1*PR*{_name(originator.holder_name, 60)}", f"N1*PE*{_name(transfer.account.holder_name, 60)}", "ENT*1",
        *(_remitted(*each) for each in transfer.statements)]
    return [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{receiver:15}*{made_at:%y%m%d}*{made_at:%H%M}*U*00401*{number}"
        "*0*P*>",
        f"GS*RA*{sender}*{receiver}*{made_at:%Y%m%d}*{made_at:%H%M}*{transfer.trace_no}*X*004010",
        *order, f"SE*{len(order) + 1}*0001", f"GE*1*{transfer.trace_no}", f"IEA*1*{number}"]


def _name(text: str, width: int) -> str:
    """A name without the characters that X12 uses itself."""
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable() and letter not in "*~>\\"
                   )[:width].strip() or "NONE"
