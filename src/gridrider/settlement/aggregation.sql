-- Floors over an aggregation, or over a site's month or season of energy: the event lines stay unfloored, and one line
-- per aggregation (or enrollment) and span makes the difference, so that their sum is never less than zero.
create or replace temp table adjustment as
with by_row as (     -- what the members delivered together in each row, where the tariff looks at rows
  select l.pay_no, l.participant_id, l.aggregation_id, l.event_id, f.start,
         sum(cast(f.delivered_mwh as hugeint)) as together_mwh,
         sum(cast(f.delivered_mwh as hugeint) * coalesce(l.rate_micro, 0)) as together_worth,
         sum(cast(f.baseline_mwh as hugeint)) as baseline_mwh, sum(cast(f.metered_mwh as hugeint)) as metered_mwh,
         sum(cast(f.taken_mwh as hugeint)) as taken_mwh
  from line as l
  join payment as p on p.pay_no = l.pay_no and (p.floor_over_rows or p.zero_per_resource)
  join service_event as v on v.event_id = l.event_id and v.rider = l.rider and v.service = l.service
  join result as r on r.enrollment_no = l.enrollment_no and r.service_event_no = v.service_event_no
   and r.counted and not r.zero
  join performance_row as f on f.call_no = r.call_no
  where l.enrollment_no is not null group by all
), raised as (       -- by how much the rows are raised
  select b.pay_no, b.participant_id, b.aggregation_id, b.event_id,
         sum(case when p.zero_per_resource
                  then case when p.floor_over_rows
                            then greatest(greatest(b.baseline_mwh, 0) - greatest(b.metered_mwh, 0), 0)
                            else greatest(b.baseline_mwh, 0) - greatest(b.metered_mwh, 0) end
                       - b.together_mwh - b.taken_mwh
                  else greatest(b.together_mwh, 0) - b.together_mwh end) as raised_mwh,
         sum(case when not p.zero_per_resource and b.together_mwh < 0 then -b.together_worth else 0 end) as raised_worth
  from by_row as b join payment as p on p.pay_no = b.pay_no group by all
), spanned as (      -- each line in the span over which its aggregation is floored
  select l.*, p.component as pay_component, p.floor_span,
         case when p.floor_sum_over_site then l.enrollment_id end as span_enrollment,
         case when p.floor_sum_over_site then l.payee_id else l.participant_id end as span_payee,
         case when p.floor_span in ('month', 'season') then null else l.event_id end as span_event,
         case p.floor_span when 'month' then cast(date_trunc('month', l.period_start) as date)
              when 'season' then s.period_first else l.period_start end as span_first,
         case p.floor_span when 'month' then cast(date_trunc('month', l.period_start) + interval 1 month as date)
              when 'season' then s.period_end else l.period_end end as span_end
  from line as l
  join payment as p on p.pay_no = l.pay_no
   and (p.floor_over_aggregation or p.floor_sum_over_site or p.zero_per_resource)
  left join statement_period as s on s.rider = l.rider and s.service = l.service and s.day = l.period_start
   and p.floor_span = 'season'
  where l.enrollment_no is not null
), together as (
  select s.pay_no, s.participant_id, s.aggregation_id, s.rider, s.service, s.pay_component, s.span_event,
         s.span_first, s.span_end, s.span_enrollment, s.span_payee,
         min(s.rate_micro) as rate_micro, min(s.clause) as clause, min(s.unit) as unit,
         sum(div_half_away(s.quantity_n * 1000000, s.quantity_d)) as quantity_e6,
         sum(s.amount_cents) as amount_cents, bool_and(s.measured) as measured, bool_and(s.whole) as whole,
         count(*) as members
  from spanned as s group by all
)
select t.*, coalesce(r.raised_mwh, 0) as raised_mwh, p.floor_clause,
       case when p.zero_per_resource then coalesce(r.raised_mwh, 0) * t.rate_micro else coalesce(r.raised_worth, 0) end
       as raised_worth,   -- what is dropped is worth what its own lines' rates make of it; for a resource, the lowest rate
       t.quantity_e6 + coalesce(r.raised_mwh, 0) < 0 and (p.floor_over_aggregation or p.floor_sum_over_site) as below
from together as t
join payment as p on p.pay_no = t.pay_no
left join raised as r on r.pay_no = t.pay_no and r.participant_id = t.participant_id
 and r.aggregation_id = t.aggregation_id and r.event_id is not distinct from t.span_event
where (t.quantity_e6 + coalesce(r.raised_mwh, 0) < 0 and (p.floor_over_aggregation or p.floor_sum_over_site))
   or coalesce(r.raised_mwh, 0) <> 0;

insert into line
select cast(null as bigint), participant_id, aggregation_id, span_payee, span_enrollment, pay_no, rider, service,
       'aggregation_adjustment', span_event, span_first, span_end, coalesce(nullif(floor_clause, ''), clause),
       case when below then -quantity_e6 else cast(raised_mwh as hugeint) end, cast(1000000 as hugeint), unit,
       cast(null as bigint), cast(null as varchar), cast(null as date),
       cast(case when below or quantity_e6 + raised_mwh = 0 then -amount_cents
                 else coalesce(div_half_away(raised_worth, cast(10000000000 as hugeint)), 0) end as bigint),
       measured, whole,
       case when span_enrollment is null then 'Aggregation ' || aggregation_id else 'Enrollment ' || span_enrollment end
       || case when span_event is null then '' else ', event ' || span_event end || ': '
       || case when below and span_enrollment is not null
               then 'its ' || members || ' events from ' || span_first || ' to ' || (span_end - 1) || ' together come to '
                    || kwh_text(quantity_e6) || ' ' || unit || ', and their sum is not less than zero'
               when below then 'its ' || members || ' members together come to ' || kwh_text(quantity_e6) || ' ' || unit
                    || ', and the sum over the aggregation is not less than zero'
               else 'hours in which the members together fall below the tariff''s zero are raised by '
                    || kwh_text(raised_mwh) || ' ' || unit end
       || case when pay_component = 'energy' then '' else ' (' || pay_component || ')' end,
       cast(null as varchar)
from adjustment
where below or raised_mwh <> 0;
