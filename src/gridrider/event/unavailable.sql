-- The time of each call that its device was unavailable, as one text per call so that equal cases are handled once.
create or replace temp table unavailable_call as
with clipped as (
  select c.call_no, c.service_event_no, u.reason,
         greatest(coalesce(u.start, v.start_utc), v.start_utc) as from_utc,
         least(coalesce(u."end", v.end_utc), v.end_utc) as to_utc
  from unavailable as u
  join enrollment as e on e.enrollment_id = u.enrollment_id
  join call as c on c.enrollment_no = e.enrollment_no
  join service_event as v on v.service_event_no = c.service_event_no
  where (u.event_id is null or u.event_id = v.event_id)
    and (u.event_id is not null or u.start is not null or u."end" is not null)
    and coalesce(u.start, v.start_utc) < v.end_utc and coalesce(u."end", v.end_utc) > v.start_utc
)
select call_no, service_event_no,
       string_agg(distinct reason || ' ' || epoch_us(from_utc) || ' ' || epoch_us(to_utc), ';' order by
                  reason || ' ' || epoch_us(from_utc) || ' ' || epoch_us(to_utc)) as spans
from clipped group by call_no, service_event_no;
