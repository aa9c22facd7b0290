-- Calls that count and are measured, with what decides who comes first; and tables that fill as rows are settled.
create or replace temp view placed as
select c.call_no, c.enrollment_no, c.service_event_no, c.window_no, c.local_date, e.enrollment_id, e.rider, v.service,
       v.event_id, v.start_utc, v.end_utc, coalesce(t.taken_on, e.vintage_day) as vintage_day
from call_window as c
join enrollment as e on e.enrollment_no = c.enrollment_no
join service_event as v on v.service_event_no = c.service_event_no
left join service_vintage as t on t.enrollment_no = c.enrollment_no and t.service = v.service
where c.to_measure and v.counts;

create or replace temp table counted_row (
  call_no bigint, row_no integer, taken_mwh bigint, left_s bigint, takers varchar, clause varchar);
