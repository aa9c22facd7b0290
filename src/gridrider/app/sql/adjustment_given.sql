-- Adjustments that the utility gave, for calls whose method takes them.
create or replace temp table adjustment_given as
select c.call_no, a.start, a.mwh
from adjustments as a
join enrollment as e on e.enrollment_id = a.enrollment_id
join service_event as v on v.event_id = a.event_id and v.in_period
join call_window as c on c.enrollment_no = e.enrollment_no and c.service_event_no = v.service_event_no
where c.given;
