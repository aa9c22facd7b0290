"""Whether lines, statements and ledger tell the same sum."""

from __future__ import annotations

from ..figures import Program
from ..model import Align, Block, Heading, Paragraph, Run, Table, TableColumn
from ..wording import money


def books(run: Run, program: Program) -> list[Block]:
    """The totals of lines, statements and ledger beside each other."""
    totals = program.totals
    columns = (TableColumn(head="Where", share=3), TableColumn(head="Count", align=Align.FIGURES, share=1),
               TableColumn(head=f"Sum ({run.currency})", align=Align.FIGURES, share=2))
    table = Table(caption="The same money in three places", columns=columns, rows=(
        ("Lines", f"{totals.lines:,}", money(totals.paid_usd, run.currency)),
        ("Statements", f"{totals.statements:,}", money(totals.statements_usd, run.currency)),
        ("Ledger, debits", f"{totals.postings:,}", money(totals.debit_usd, run.currency)),
        ("Ledger, credits", f"{totals.postings:,}", money(totals.credit_usd, run.currency))))
    return [Heading(level=2, text="Do the books agree?", anchor="books"), Paragraph(text=_verdict(program)), table]


def _verdict(program: Program) -> str:
    totals = program.totals
    sums = ("Lines and statements come to the same total" if totals.paid_usd == totals.statements_usd
            else "Lines and statements do NOT come to the same total")
    balance = ("debits equal credits" if totals.debit_usd == totals.credit_usd
               else "debits do NOT equal credits")
    return (f"{sums}; in the ledger {balance}. Money taken back is posted the other way round, and a corrected run "
            "posts only what changed, so the ledger's sums may differ from the lines'.")
