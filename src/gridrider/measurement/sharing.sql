-- Of two rows that share energy, which is the earlier one that may take from the later one, and by which rule. Reads
-- `contender`, `placed` and `stacking_rule`; leaves `sharing`.
create or replace temp table sharing as
select s.call_no, s.row_no, s.other_call_no, s.other_row_no, s.shared_s, s.own_s, s.other_s,
       case when c.service = d.service and s.same_point then 'once'
            when c.service = d.service then 'incremental_only' else k.rule end as rule,
       case when c.service = d.service then '' else k.clause end as clause,
       'service ' || d.service || ', event ' || d.event_id
       || case when c.enrollment_no = d.enrollment_no then '' else ', enrollment ' || d.enrollment_id end as taker
from contender as s
join placed as c on c.call_no = s.call_no
join placed as d on d.call_no = s.other_call_no
left join stacking_rule as k on k.rider = c.rider and k.other_rider = d.rider and k.local_date = c.local_date
 and k.service = c.service and k.other_service = d.service
where case when c.service = d.service
           then (d.vintage_day, d.enrollment_no, d.start_utc, d.event_id)
                < (c.vintage_day, c.enrollment_no, c.start_utc, c.event_id)
           else k.rule <> 'allowed' and k.is_later end;
