-- ledger.csv of the market's side: revenue booked, and the utility's own cost of taking part.
select entry_id, posting_no, $posted_at as posted_at, account, amount_text(debit_cents) as debit_usd,
       amount_text(credit_cents) as credit_usd, 'USD' as currency, cast(null as varchar) as line_id, because
from market_posting order by entry_id, posting_no
