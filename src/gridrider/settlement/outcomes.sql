-- How each enrollment took part in each event, and what counts of it (settlement rules, "Outcomes").
create or replace temp table measured as
select p.call_no, count(*) as rows, count(p.delivered_mwh) as rows_measured,
       cast(sum(p.delivered_mwh) as bigint) as delivered_mwh,
       sum(case when v.floor_row then greatest(p.delivered_mwh, 0) else p.delivered_mwh end) as shown_mwh,
       sum(case when v.floor_row then greatest(p.delivered_mwh - coalesce(t.taken_mwh, 0), 0)
                else p.delivered_mwh - coalesce(t.taken_mwh, 0) end) as payable_mwh,
       sum(cast(case when v.floor_row then greatest(p.delivered_mwh - coalesce(t.taken_mwh, 0), 0)
                     else p.delivered_mwh - coalesce(t.taken_mwh, 0) end as hugeint)
           * coalesce(w.weight_micro, 1000000)) as weighted_mwh,
       cast(coalesce(sum(t.taken_mwh), 0) as bigint) as taken_mwh, cast(coalesce(sum(t.left_s), 0) as bigint) as left_s,
       sum(cast(coalesce(t.left_s, 0) as hugeint) * coalesce(w.weight_micro, 1000000)) as left_weight_s,
       max(p.quality) as quality, bool_or(p.note = 'too_few_days') as too_few_days
from performance as p
join call_window as c on c.call_no = p.call_no
join service_event as v on v.service_event_no = c.service_event_no
left join row_weight as w on w.window_no = c.window_no and w.row_no = p.row_no and w.zone is not distinct from c.zone
left join counted_row as t on t.call_no = p.call_no and t.row_no = p.row_no
group by p.call_no;

create or replace temp table result as
with timed as (
  select window_no, cast(sum(seconds) as bigint) as seconds from window_row group by window_no
), weighed as (
  select w.window_no, w.zone, sum(cast(w.weight_micro as hugeint) * r.seconds) as weight_s
  from row_weight as w join window_row as r on r.window_no = w.window_no and r.row_no = w.row_no group by 1, 2
), judged as (
  select c.call_no, c.enrollment_no, c.service_event_no, v.counts, c.opted_out_at, c.excused_reasons, c.zone,
         coalesce(t.seconds, 0) as seconds, coalesce(x.weight_s, cast(coalesce(t.seconds, 0) as hugeint) * 1000000) as weight_s,
         m.rows is not null and m.rows = m.rows_measured as complete, coalesce(m.too_few_days, false) as too_few_days,
         case when v.floor_event or v.missed_zero then greatest(m.payable_mwh, 0) else m.payable_mwh end as payable_mwh,
         case when v.floor_event or v.missed_zero then greatest(m.weighted_mwh, 0) else m.weighted_mwh end as weighted_mwh,
         case when v.missed_zero and m.payable_mwh < 0 then 0   -- kilowatt-hours times their price, where a payment looks
              when v.floor_event then greatest(m.weighted_mwh, 0) else m.weighted_mwh end as priced_mwh,
         m.delivered_mwh, coalesce(m.taken_mwh, 0) as taken_mwh, coalesce(m.left_s, 0) as left_s,
         coalesce(m.left_weight_s, 0) as left_weight_s, coalesce(m.quality, 0) as quality, v.opted_out_rule, v.suspended_rule,
         case when v.cancelled then 'cancelled' when c.unsigned then 'unsigned'
              when c.not_eligible then 'not_eligible' when c.suspended then 'suspended'
              when c.opted_out_at is not null then 'opted_out' when c.excused then 'excused'
              when m.rows is null or m.rows > m.rows_measured then 'missing_readings'
              when m.shown_mwh > 0 then 'performed' else 'missed' end as outcome
  from call_window as c
  join service_event as v on v.service_event_no = c.service_event_no
  left join timed as t on t.window_no = c.window_no
  left join weighed as x on x.window_no = c.window_no and x.zone is not distinct from c.zone
  left join measured as m on m.call_no = c.call_no
), counted as (
  select j.*,
         (outcome = 'opted_out' and j.opted_out_rule = 'counts_as_zero')
         or (outcome = 'suspended' and j.suspended_rule = 'counts_as_zero')
         or ((outcome = 'missing_readings' or (outcome = 'opted_out' and j.opted_out_rule = 'measured' and not complete))
             and ((v.missing_zero and not too_few_days) or (v.too_few_zero and too_few_days))) as zero,
         outcome in ('performed', 'missed') or (outcome = 'opted_out' and j.opted_out_rule = 'measured' and complete)
         as as_measured
  from judged as j join service_event as v on v.service_event_no = j.service_event_no
)
select call_no, enrollment_no, service_event_no, outcome, seconds - case when as_measured then left_s else 0 end as seconds,
       weight_s - case when as_measured then left_weight_s else 0 end as weight_s, quality, too_few_days, opted_out_at,
       excused_reasons, counts and (zero or as_measured) as counted, zero,
       case when as_measured then payable_mwh else 0 end as payable_mwh,
       case when as_measured then weighted_mwh else 0 end as weighted_mwh,
       case when as_measured then priced_mwh else 0 end as priced_mwh,
       case when as_measured then taken_mwh else 0 end as taken_mwh,
       counts and not zero and not as_measured and (outcome = 'missing_readings'
           or (outcome = 'opted_out' and opted_out_rule = 'measured')) as unresolved,
       case when as_measured then delivered_mwh when counts and zero then 0 end as delivered_mwh,
       case when seconds = 0 then null when as_measured then div_half_away(cast(delivered_mwh as hugeint) * 3600, seconds)
            when counts and zero then 0 end as average_milliwatt
from counted;
