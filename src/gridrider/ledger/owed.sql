-- What each statement still owes its payee: its newest total, less what a participant owes a funder, less all payments.
-- `statement_now` and `line_now` hold settled runs, `paid_before` and `claim_before` earlier payouts, `run_now` the
-- program and period of each run.
create or replace temp table claim as
select coalesce(l.line_id, b.line_id) as line_id, coalesce(l.statement_id, b.statement_id) as statement_id,
       coalesce(l.participant_id, b.participant_id) as participant_id,
       coalesce(l.enrollment_id, b.enrollment_id) as enrollment_id, coalesce(l.payee_id, b.payee_id) as payee_id,
       coalesce(-l.amount_cents, 0) as cents, coalesce(b.cents, 0) as booked_cents
from (select * from line_now where owed_to_funder) as l
full join (select line_id, min(statement_id) as statement_id, min(participant_id) as participant_id,
                  min(enrollment_id) as enrollment_id, min(payee_id) as payee_id, sum(cents) as cents
           from claim_before group by line_id) as b on b.line_id = l.line_id
where coalesce(l.statement_id, b.statement_id) in (select statement_id from statement_now);

create or replace temp table owed as
with line_sum as (
  select statement_id, bool_and(status = 'final') as final,
         list_sort(list(distinct service) filter (service is not null)) as services,
         coalesce(sum(amount_cents) filter (owed_to_funder), 0) as funder_cents
  from line_now group by statement_id
), known as (        -- statements of earlier payouts that no run given now speaks of; gone if a run covers their period
  select p.*, exists (select 1 from run_now as r where r.tariff = p.tariff and r.period_start <= p.period_start
                                                    and p.period_end <= r.period_end) as gone
  from paid_before as p where p.statement_id not in (select statement_id from statement_now)
  qualify row_number() over (partition by p.statement_id order by p.version desc, p.final desc) = 1
), latest as (
  select s.statement_id, s.payee_id, s.participant_id, s.period_start, s.period_end, s.version,
         s.total_cents - coalesce(l.funder_cents, 0) as total_cents, coalesce(l.final, true) as final,
         coalesce(l.services, []) as services, s.tariff
  from statement_now as s left join line_sum as l on l.statement_id = s.statement_id
  union all
  select statement_id, payee_id, participant_id, period_start, period_end, version, if(gone, 0, total_cents),
         final or gone, services, tariff
  from known
)
select l.*, cast(coalesce(p.cents, 0) as bigint) as paid_cents
from latest as l
left join (select statement_id, sum(paid_cents) as cents from paid_before group by statement_id) as p
  on p.statement_id = l.statement_id;
