-- Lines become balanced entries. An id comes from the settlement key; a correction is a mirror entry and a new one,
-- each naming what it mirrors or replaces. `due` and `due_before` hold what should stand in the books, and did. An upfront
-- payment that the books spread is an asset; the entries that move it to the expense are of the source 'moved'.
create or replace temp table posting_source as
with due as (
  select line_id as source_id, line_id, payee_id, 'line' as source, amount_cents as cents, because,
         line_id in (select line_id from amortization where act in ('booked', 'clawed_back')) as is_asset
  from versioned_line where amount_cents <> 0
  union all
  select statement_id, null, payee_id, 'receivable', -total_cents, 'the statement is below zero, so the payee owes it', false
  from statement where total_cents < 0
  union all
  select line_id || ' ' || act || ' ' || day, line_id, null, 'moved', -cents,
         case act when 'amortized' then 'part of an upfront payment that falls to the month from ' || day
                  else 'what is left of an upfront payment of an enrollment that left on ' || day end, true
  from amortization where act in ('amortized', 'written_off') and cents <> 0
), due_before as (
  select line_id as source_id, line_id, payee_id, 'line' as source, amount_cents as cents,
         line_id in (select line_id from prior_amortization where act in ('booked', 'clawed_back')) as is_asset
  from prior_line where amount_cents <> 0
  union all
  select statement_id, null, payee_id, 'receivable', -total_cents, false from prior_statement
  where total_cents < 0
  union all
  select line_id || ' ' || act || ' ' || day, line_id, null, 'moved', -cents, true
  from prior_amortization where act in ('amortized', 'written_off') and cents <> 0
)
select coalesce(a.source_id, b.source_id) as source_id, coalesce(a.line_id, b.line_id) as line_id,
       coalesce(a.source, b.source) as source, b.cents as before_cents, b.payee_id as before_payee,
       b.is_asset as before_asset, a.cents as after_cents, a.payee_id as after_payee, a.is_asset as after_asset, a.because,
       coalesce(h.entry_id, 'E' || substr(sha256('entry' || chr(31) || coalesce(a.source_id, b.source_id)), 1, 24)) as head_id,
       b.source_id is not null as was_posted
from due as a full join due_before as b on b.source_id = a.source_id and b.source = a.source
left join prior_head as h on h.source_id = coalesce(a.source_id, b.source_id)
where a.cents is distinct from b.cents or a.payee_id is distinct from b.payee_id or a.is_asset is distinct from b.is_asset;

create or replace temp table entry as
select 'E' || substr(sha256('mirror' || chr(31) || head_id), 1, 24) as entry_id, source, line_id, before_payee as payee_id,
       before_asset as is_asset, -before_cents as cents, 'mirror of ' || head_id || ': corrected by a later run' as because,
       source_id, false as heads
from posting_source where was_posted
union all
select case when was_posted then 'E' || substr(sha256('replaces' || chr(31) || head_id), 1, 24)
            when h.entry_id is not null then 'E' || substr(sha256('replaces' || chr(31) || h.entry_id), 1, 24)
            else head_id end, s.source, s.line_id, s.after_payee, s.after_asset, s.after_cents,
       case when was_posted then 'replaces ' || head_id || ': ' || s.because else s.because end, s.source_id, true
from posting_source as s left join prior_head as h on h.source_id = s.source_id
where s.after_cents is not null;

create or replace temp view posting as
with legs as (       -- a line moves expense or asset to payable; a statement below zero its payable to receivable
  select *, 1 as posting_no,
         case when source = 'receivable' then 'receivable:' || payee_id
              when source = 'line' and is_asset then 'asset:program:' || (select tariff from run)
              else 'expense:program:' || (select tariff from run) end as account, cents as debit_cents from entry
  union all
  select *, 2, case when source = 'moved' then 'asset:program:' || (select tariff from run)
                    else 'payable:' || payee_id end, -cents from entry
)
select entry_id, posting_no, account, debit_cents, line_id, because, source_id from legs;
