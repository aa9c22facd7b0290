"""The declared tables of the ledger and of the payout; `model` gives them to everybody."""

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

PAYMENT_FORMS = ("eft", "check", "bill_credit", "gift_card")
HOLDER_CLASSES = ("consumer", "business", "originator")

ACCOUNTS = TableSchema(
    name="accounts",
    key=("payee_id",),
    required=True,
    meaning="How each payee is paid, and one row of class `originator`: the company that pays, whose payee_id is its "
            "company identification at the bank.",
    columns=(
        Column(name="payee_id", kind=Kind.TEXT, required=True, filled=True, meaning="who is owed"),
        Column(name="form", kind=Kind.TEXT, choices=PAYMENT_FORMS, required=True, filled=True,
               meaning="how the payee is paid"),
        Column(name="holder_name", kind=Kind.TEXT, meaning="the account's holder, and the name on a check"),
        Column(name="class", kind=Kind.TEXT, choices=HOLDER_CLASSES, meaning="blank = consumer"),
        Column(name="routing", kind=Kind.TEXT, meaning="the bank's routing number, nine digits"),
        Column(name="account", kind=Kind.TEXT, meaning="the account number; shown nowhere but its last four"),
        Column(name="account_type", kind=Kind.TEXT, choices=("checking", "savings"), meaning="blank = checking"),
        Column(name="addenda", kind=Kind.BOOLEAN, meaning="a business that wants the statements named in the payment"),
        Column(name="address", kind=Kind.TEXT, meaning="where a check is sent"),
        Column(name="w9", kind=Kind.TEXT, choices=("received", "missing", "refused"),
               meaning="the payee's taxpayer certificate; blank = missing"),
        Column(name="tin_last4", kind=Kind.TEXT, meaning="last four digits of the taxpayer number; never all of it"),
        Column(name="prenote_on", kind=Kind.DATE, meaning="day on which a test entry without money was sent"),
        Column(name="assigned_to", kind=Kind.TEXT, meaning="payee to whom the payments are assigned"),
        Column(name="assigned_signed_on", kind=Kind.DATE, meaning="day on which the assignment was signed"),
        Column(name="pay_requested_on", kind=Kind.DATE, meaning="day on which the payee asked to be paid"),
        Column(name="hold", kind=Kind.TEXT, meaning="reason not to pay to this account, such as a bank's return code"),
        Column(name="bank_name", kind=Kind.TEXT, meaning="originator only: name of the bank that takes the file"),
    ),
)

APPROVALS = TableSchema(
    name="approvals",
    key=("batch_hash", "role", "person"),
    required=True,
    meaning="Who prepared and who approved which batch.",
    columns=(
        Column(name="batch_hash", kind=Kind.TEXT, required=True, filled=True, meaning="SHA-256 of the batch"),
        Column(name="role", kind=Kind.TEXT, choices=("preparer", "approver"), required=True, filled=True,
               meaning="what the person did"),
        Column(name="person", kind=Kind.TEXT, required=True, filled=True, meaning="who"),
        Column(name="at", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when"),
    ),
)

BATCH = TableSchema(
    name="batch",
    key=("payee_id", "statement_id"),
    meaning="What a batch would pay; its hash is what people approve.",
    columns=(
        Column(name="batch_hash", kind=Kind.TEXT, meaning="SHA-256 of payees, amounts, statements, accounts"),
        Column(name="payment_id", kind=Kind.TEXT, meaning="from the payee and what is paid"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who is owed"),
        Column(name="paid_to", kind=Kind.TEXT, meaning="whose account: the payee, or to whom it assigned"),
        Column(name="form", kind=Kind.TEXT, choices=PAYMENT_FORMS, meaning="form of payment"),
        Column(name="destination", kind=Kind.TEXT, meaning="the account's last four"),
        Column(name="statement_id", kind=Kind.TEXT, meaning="the statement"),
        Column(name="version", kind=Kind.INTEGER, meaning="its version"),
        Column(name="amount_usd", kind=Kind.USD, meaning="what is paid of it now"),
    ),
)

PAYMENTS = TableSchema(
    name="payments",
    key=("payment_id",),
    meaning="Every payment, prenote, return and reversal.",
    columns=(
        Column(name="payment_id", kind=Kind.TEXT, meaning="from the payee and what is paid"),
        Column(name="kind", kind=Kind.TEXT, choices=("credit", "prenote", "return", "reversal"), meaning="what it is"),
        Column(name="reverses", kind=Kind.TEXT, meaning="the payment that is taken back"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who was owed"),
        Column(name="paid_to", kind=Kind.TEXT, meaning="whose account"),
        Column(name="form", kind=Kind.TEXT, choices=PAYMENT_FORMS, meaning="form of payment"),
        Column(name="destination", kind=Kind.TEXT, meaning="the account's last four"),
        Column(name="gross_usd", kind=Kind.USD, meaning="what was owed"),
        Column(name="withheld_usd", kind=Kind.USD, meaning="kept for the tax authority"),
        Column(name="net_usd", kind=Kind.USD, meaning="what left the house; below zero when it came back"),
        Column(name="paid_on", kind=Kind.DATE, meaning="day on which the money moves; of a return, moved at first"),
        Column(name="trace_number", kind=Kind.TEXT, meaning="of the entry in payments.ach"),
        Column(name="check_number", kind=Kind.INTEGER, meaning="of the check"),
        Column(name="because", kind=Kind.TEXT, meaning="in a sentence"),
    ),
)

PAID = TableSchema(
    name="paid",
    key=("statement_id", "payment_id"),
    meaning="What was paid of which statement; statements that wait stand here with nothing paid.",
    columns=(
        Column(name="statement_id", kind=Kind.TEXT, meaning="the statement"),
        Column(name="payment_id", kind=Kind.TEXT, meaning="blank = it waits"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who is owed"),
        Column(name="participant_id", kind=Kind.TEXT, meaning="through which participant"),
        Column(name="tariff", kind=Kind.TEXT, meaning="the program"),
        Column(name="period_start", kind=Kind.DATE, meaning="first local day"),
        Column(name="period_end", kind=Kind.DATE, meaning="the day after the last"),
        Column(name="version", kind=Kind.INTEGER, meaning="of the statement"),
        Column(name="final", kind=Kind.BOOLEAN, meaning="false = lines of it may still change"),
        Column(name="services", kind=Kind.TEXTS, meaning="services of its lines"),
        Column(name="total_usd", kind=Kind.USD, meaning="what the payee was owed by this version"),
        Column(name="paid_usd", kind=Kind.USD, meaning="what was paid of it; below zero = came back or was offset"),
    ),
)

HELD = TableSchema(
    name="held",
    key=("payee_id", "reason"),
    meaning="What is not paid this time, and why; it stays owed.",
    columns=(
        Column(name="payee_id", kind=Kind.TEXT, meaning="who is owed"),
        Column(name="amount_usd", kind=Kind.USD, meaning="what waits; below zero = to be offset later"),
        Column(name="reason", kind=Kind.TEXT, meaning="one word"),
        Column(name="because", kind=Kind.TEXT, meaning="in a sentence"),
    ),
)

CHECKS = TableSchema(
    name="checks",
    key=("check_number",),
    meaning="The check register.",
    columns=(
        Column(name="check_number", kind=Kind.INTEGER, meaning="rising, without gaps"),
        Column(name="payment_id", kind=Kind.TEXT, meaning="the payment"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who was owed"),
        Column(name="pay_to", kind=Kind.TEXT, meaning="the name on the check"),
        Column(name="address", kind=Kind.TEXT, meaning="where it is sent"),
        Column(name="amount_usd", kind=Kind.USD, meaning="its amount"),
        Column(name="issued_on", kind=Kind.DATE, meaning="its date"),
        Column(name="stale_on", kind=Kind.DATE, meaning="day on which it is void; blank = the tariff does not say"),
        Column(name="status", kind=Kind.TEXT, choices=("issued", "cleared", "stale"), meaning="where it stands"),
    ),
)

CLEARED = TableSchema(
    name="cleared",
    key=("check_number",),
    meaning="Checks that the bank has paid.",
    columns=(
        Column(name="check_number", kind=Kind.INTEGER, required=True, filled=True, meaning="the check"),
        Column(name="cleared_on", kind=Kind.DATE, required=True, filled=True, meaning="day on which it was paid"),
    ),
)

FORMS_1099 = TableSchema(
    name="forms_1099",
    key=("payer", "payee_id", "year"),
    meaning="Payments by payer, payee and calendar year of the payment date, for the tax forms.",
    columns=(
        Column(name="payer", kind=Kind.TEXT, meaning="who runs the program"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="whose income it is: who was owed, also after an assignment"),
        Column(name="year", kind=Kind.INTEGER, meaning="of the payment date"),
        Column(name="paid_usd", kind=Kind.USD, meaning="gross, less what came back"),
        Column(name="withheld_usd", kind=Kind.USD, meaning="kept for the tax authority"),
        Column(name="threshold_usd", kind=Kind.USD, meaning="in force at the year's end; blank = the tariff is silent"),
        Column(name="form_due", kind=Kind.BOOLEAN, meaning="whether a form is due; blank = the tariff is silent"),
        Column(name="w9", kind=Kind.TEXT, meaning="state of the payee's taxpayer certificate"),
        Column(name="tin_last4", kind=Kind.TEXT, meaning="last four digits of the taxpayer number"),
        Column(name="backup_withholding", kind=Kind.BOOLEAN, meaning="a form is due and there is no certificate"),
        Column(name="clause", kind=Kind.TEXT, meaning="where the threshold stands"),
    ),
)

RETURNS = TableSchema(
    name="returns",
    key=("original_trace", "code"),
    meaning="What the bank sent back or asked to correct.",
    columns=(
        Column(name="original_trace", kind=Kind.TEXT, meaning="of our entry"),
        Column(name="code", kind=Kind.TEXT, meaning="R.. came back, C.. correct the account"),
        Column(name="payment_id", kind=Kind.TEXT, meaning="the payment"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="who was owed"),
        Column(name="amount_usd", kind=Kind.USD, meaning="what came back"),
        Column(name="because", kind=Kind.TEXT, meaning="in a sentence"),
    ),
)

REVERSALS = TableSchema(
    name="reversals",
    key=("payment_id",),
    required=True,
    meaning="Payments made in error that are to be taken back.",
    columns=(
        Column(name="payment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the payment"),
        Column(name="reason", kind=Kind.TEXT, required=True, filled=True, choices=(
            "duplicate", "wrong_payee", "wrong_amount"), meaning="the error; no other is a ground"),
    ),
)

COST_ACCOUNTS = ("admin", "derms", "om", "it", "participant_payments")

PROGRAM_COSTS = TableSchema(
    name="program_costs",
    key=("month", "account"),
    meaning="What the program cost, month by month; participant payments may come from settled ledgers instead.",
    columns=(
        Column(name="month", kind=Kind.DATE, required=True, filled=True, meaning="the month's first day"),
        Column(name="account", kind=Kind.TEXT, required=True, filled=True, choices=COST_ACCOUNTS, meaning="for what"),
        Column(name="usd", kind=Kind.USD, required=True, filled=True, meaning="prudently incurred cost"),
    ),
)

SURCHARGES = TableSchema(
    name="surcharges",
    key=("month",),
    required=True,
    meaning="The months of cost recovery: forecast sales, and what the surcharge brought in.",
    columns=(
        Column(name="month", kind=Kind.DATE, required=True, filled=True, meaning="the month's first day"),
        Column(name="forecast_kwh", kind=Kind.KWH, required=True, filled=True, meaning="sales that bear the surcharge"),
        Column(name="collected_usd", kind=Kind.USD, meaning="what the surcharge brought in; blank = not yet known"),
    ),
)

RECOVERY = TableSchema(
    name="recovery",
    key=("month",),
    meaning="The regulatory asset month by month, and the surcharge that recovers it.",
    columns=(
        Column(name="month", kind=Kind.DATE, meaning="the month's first day"),
        Column(name="opening_usd", kind=Kind.USD, meaning="carried over; + = collected too little so far"),
        *(Column(name=f"{account}_usd", kind=Kind.USD, meaning="cost of the month") for account in COST_ACCOUNTS),
        Column(name="return_usd", kind=Kind.USD, meaning="allowed return on the opening balance"),
        Column(name="to_recover_usd", kind=Kind.USD, meaning="opening, costs and return"),
        Column(name="forecast_kwh", kind=Kind.KWH, meaning="sales that bear the surcharge"),
        Column(name="surcharge_usd_per_kwh", kind=Kind.FACTOR, meaning="to recover over forecast sales, six decimals"),
        Column(name="collected_usd", kind=Kind.USD, meaning="what the surcharge brought in"),
        Column(name="closing_usd", kind=Kind.USD, meaning="carried into the next month"),
    ),
)

GL_ACCOUNTS = TableSchema(
    name="gl_accounts",
    key=("account",),
    required=True,
    meaning="Which account of the general ledger ours belongs to; the longest beginning that fits wins.",
    columns=(
        Column(name="account", kind=Kind.TEXT, required=True, filled=True, meaning="our account, or how it begins"),
        Column(name="gl_account", kind=Kind.TEXT, required=True, filled=True, meaning="number in the general ledger"),
    ),
)

ACCRUAL = TableSchema(
    name="accrual",
    key=("entry_id", "posting_no"),
    meaning="Month-end accrual of incentives that are earned and not yet final, and its reversal.",
    columns=(
        Column(name="entry_id", kind=Kind.TEXT, meaning="from month, account and kind"),
        Column(name="posting_no", kind=Kind.INTEGER, meaning="1, 2, ... within the entry"),
        Column(name="posted_on", kind=Kind.DATE, meaning="last of the month, or first of the next"),
        Column(name="account", kind=Kind.TEXT, meaning="our account"),
        Column(name="gl_account", kind=Kind.TEXT, meaning="number in the general ledger; blank without a mapping"),
        Column(name="debit_usd", kind=Kind.USD, meaning="blank on a credit"),
        Column(name="credit_usd", kind=Kind.USD, meaning="blank on a debit"),
        Column(name="currency", kind=Kind.TEXT, meaning="ISO 4217"),
        Column(name="because", kind=Kind.TEXT, meaning="why it was posted"),
    ),
)

PASS_THROUGH = TableSchema(
    name="pass_through",
    key=("line_id",),
    meaning="What an aggregator owes a funder because a customer left early, and what it asked back of the customer.",
    columns=(
        Column(name="line_id", kind=Kind.TEXT, meaning="the claw-back line"),
        Column(name="statement_id", kind=Kind.TEXT, meaning="the statement it stands on"),
        Column(name="participant_id", kind=Kind.TEXT, meaning="who owes the funder"),
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="whose breach of commitment"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="the payee of the statement, who is not charged"),
        Column(name="owed_usd", kind=Kind.USD, meaning="owed to the funder; in a payout what is newly booked"),
        Column(name="recouped_usd", kind=Kind.USD, meaning="asked back of the customer"),
        Column(name="clause", kind=Kind.TEXT, meaning="the clause"),
    ),
)

RECOUPED = TableSchema(
    name="recouped",
    key=("participant_id", "enrollment_id"),
    required=True,
    meaning="What an aggregator asked back of its customer.",
    columns=(
        Column(name="participant_id", kind=Kind.TEXT, required=True, filled=True, meaning="the aggregator"),
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the customer's enrollment"),
        Column(name="recouped_usd", kind=Kind.USD, required=True, filled=True, meaning="asked back, in total"),
    ),
)
