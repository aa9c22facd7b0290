-- What was spent, what the market paid and what is left, month by month. Reads spent, cost and revenue, each with a
-- month and micro-dollars, and payback_term; makes payback and the postings of the market's side, market_posting.
create or replace temp table payback as
with month as (
  select month from spent union select month from cost union select month from revenue
), moved as (
  select m.month, coalesce((select sum(s.micro_usd) from spent as s where s.month = m.month), 0) as rebates,
         coalesce((select sum(c.micro_usd) from cost as c where c.month = m.month), 0) as facilitation,
         coalesce((select sum(r.micro_usd) from revenue as r where r.month = m.month), 0) as revenue
  from month as m
), total as (
  select *, sum(rebates) over so_far as rebates_total, sum(facilitation) over so_far as facilitation_total,
         sum(revenue) over so_far as revenue_total
  from moved window so_far as (order by month)
)
select t.*, greatest(0, rebates_total + case when p.includes_facilitation then facilitation_total else 0 end
                        - revenue_total) as left_over,
       greatest(0, revenue_total - rebates_total - case when p.includes_facilitation then facilitation_total else 0 end)
         as surplus
from total as t cross join payback_term as p;

create or replace temp table market_posting as
with entry as (
  select 'E' || substr(sha256(concat_ws(chr(31), 'market', p.tariff, r.resource_id, r.month)), 1, 24) as entry_id,
         'receivable:' || coalesce(r.scheduling_coordinator, r.resource_id) as debit_account,
         'revenue:market:' || p.tariff as credit_account, r.micro_usd,
         'the market''s statement of ' || r.month || ' for ' || r.resource_id as because
  from revenue as r cross join payback_term as p where r.micro_usd <> 0
  union all
  select 'E' || substr(sha256(concat_ws(chr(31), 'facilitation', p.tariff, c.cost_id)), 1, 24),
         'expense:facilitation:' || p.tariff, 'payable:own_cost', c.micro_usd,
         concat_ws(': ', c.category, nullif(c.because, ''))
  from cost as c cross join payback_term as p where c.micro_usd <> 0
), posted as (
  select entry_id, 1 as posting_no, case when micro_usd > 0 then debit_account else credit_account end as account,
         cents_of(abs(micro_usd)) as debit_cents, cast(null as bigint) as credit_cents, because from entry
  union all
  select entry_id, 2, case when micro_usd > 0 then credit_account else debit_account end, null, cents_of(abs(micro_usd)),
         because from entry
)
select * from posted;
