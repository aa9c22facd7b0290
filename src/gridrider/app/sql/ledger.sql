-- ledger.csv: the postings of this run.
select entry_id, posting_no, instant_text((select as_of from run)) as posted_at, account,
       case when debit_cents > 0 then amount_text(debit_cents) end as debit_usd,
       case when debit_cents < 0 then amount_text(-debit_cents) end as credit_usd,
       (select currency from run) as currency, line_id, because || '.' as because
from posting where $which order by entry_id, posting_no
