-- Each call with the rows that unavailable time leaves, and what the kernel must know of it.
create or replace temp table call_window as
with placed as (
  select c.*, coalesce(h.window_no, w.window_no) as window_no, coalesce(h.suspended, false) as suspended,
         coalesce(h.excused, false) as excused, coalesce(h.excused_reasons, '') as excused_reasons,
         e.zone, e.nameplate_milliwatt, e.customer_id, v.cancelled, v.opted_out_rule
  from call as c
  join enrollment as e on e.enrollment_no = c.enrollment_no
  join service_event as v on v.service_event_no = c.service_event_no
  join whole_window as w on w.service_event_no = c.service_event_no
  left join unavailable_call as u on u.call_no = c.call_no
  left join hole as h on h.service_event_no = u.service_event_no and h.spans = u.spans
)
select p.*, w.shape_no, w.local_date, w.method_no, w.adjusts, w.given, w.group_no, coalesce(m.matcher_no, -1) as matcher_no,
       not (p.cancelled or p.unsigned or p.not_eligible or p.suspended or p.excused
            or (p.opted_out_at is not null and p.opted_out_rule <> 'measured')) as to_measure
from placed as p
join "window" as w on w.window_no = p.window_no
left join matcher as m on m.service_event_no = p.service_event_no and m.zone is not distinct from p.zone
