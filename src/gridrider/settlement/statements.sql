-- Ids from the settlement key, statuses, statements, and what changed since a prior run.
create or replace temp view keyed_line as
select line_id_of(r.tariff, l.enrollment_id, l.participant_id, l.aggregation_id, l.rider, l.service,
            case when p.family = 'capacity_nominated' then p.component else l.component end, p.pay_no,
            case when p.pay_no is null then 'once' else coalesce(l.event_id, cast(l.period_start as varchar)) end,
            p.condition, l.part) as line_id,
       'S' || substr(sha256(concat_ws(chr(31), r.tariff, l.payee_id, l.participant_id,
            cast(s.period_first as varchar), cast(s.period_end as varchar))), 1, 24) as statement_id,
       l.*, greatest(s.period_first, r.period_first) as statement_first, least(s.period_end, r.period_end) as statement_end,
       case when p.pay_no is null or l.measured and l.whole and r.as_of_day >= l.period_end + p.wait_days then 'final' else 'provisional' end
       as status
from line as l
left join payment as p on p.pay_no = l.pay_no   -- an upfront line is of no service and no payment
join statement_period as s on s.rider = l.rider and s.service = coalesce(l.service, '')
 and s.day = case when l.component = 'claw_back' then l.period_start - 1 else l.period_start end
cross join run as r;

create or replace temp table versioned_line as
select k.*, amount_text(k.amount_cents) as amount_usd,
       case when prior.line_id is null then 1
            when prior.amount_usd = amount_text(k.amount_cents) and prior.status = k.status
             and prior.because = k.because || '.' and prior.payee_id = k.payee_id then prior.version
            else prior.version + 1 end as version
from keyed_line as k left join prior_line as prior on prior.line_id = k.line_id;

create or replace temp table statement as
with summed as (
  select statement_id, payee_id, participant_id, min(statement_first) as period_start, max(statement_end) as period_end,
         cast(sum(amount_cents) as bigint) as total_cents, max(version) as line_version
  from versioned_line group by statement_id, payee_id, participant_id
)
select s.*, case when prior.statement_id is null then 1
                 when prior.total_usd = amount_text(s.total_cents) and not exists
                      (select 1 from versioned_line as l left join prior_line as p on p.line_id = l.line_id
                       where l.statement_id = s.statement_id and l.version is distinct from p.version)
                 then prior.version else prior.version + 1 end as version
from summed as s left join prior_statement as prior on prior.statement_id = s.statement_id;
