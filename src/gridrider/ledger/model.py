"""The ledger: balanced entries that are never edited."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

LEDGER = TableSchema(
    name="ledger",
    key=("entry_id", "posting_no"),
    meaning="Double entry: in every entry the debits equal the credits.",
    columns=(
        Column(name="entry_id", kind=Kind.TEXT, meaning="from the settlement key"),
        Column(name="posting_no", kind=Kind.INTEGER, meaning="1, 2, ... within the entry"),
        Column(name="posted_at", kind=Kind.TIMESTAMP, meaning="the run's as-of"),
        Column(name="account", kind=Kind.TEXT,
               meaning="expense:program:<tariff>, payable:<payee_id>, receivable:<payee_id>"),
        Column(name="debit_usd", kind=Kind.USD, meaning="blank on a credit"),
        Column(name="credit_usd", kind=Kind.USD, meaning="blank on a debit"),
        Column(name="currency", kind=Kind.TEXT, meaning="ISO 4217"),
        Column(name="line_id", kind=Kind.TEXT, meaning="the line behind it"),
        Column(name="because", kind=Kind.TEXT, meaning="why it was posted"),
    ),
)
