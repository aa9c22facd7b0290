-- The postings of one ledger on accounts that are to be paid back; debits above zero.
insert into posting
select entry_id, posting_no, make_timestamp(epoch_us(cast(posted_at as timestamptz))),
       cast((coalesce(cast(debit_usd as decimal(18, 2)), 0) - coalesce(cast(credit_usd as decimal(18, 2)), 0)) * 1000000
            as bigint)
from read_csv($1, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
where list_bool_or(list_transform($2, lambda beginning: starts_with(account, beginning)))
