-- Which rows share their energy (settlement rules, "Each kilowatt-hour once"). Reads `placed` (calls that count and are
-- measured) and `event_pair` (events that overlap in time); leaves `contender`, one row per pair of rows.
create or replace temp table contender as
with shared_points as (
  select a.enrollment_no, b.enrollment_no as other_no, a.role = b.role as same_point,
         greatest(coalesce(a.from_utc, timestamp '0001-01-01'),
                  coalesce(b.from_utc, timestamp '0001-01-01')) as from_utc,
         least(coalesce(a.to_utc, timestamp '9999-12-31'), coalesce(b.to_utc, timestamp '9999-12-31')) as to_utc
  from series as a join series as b on b.point_id = a.point_id and b.enrollment_no <> a.enrollment_no
  where a.role = 'performance' or b.role = 'performance'
), rival as (
  select distinct c.call_no, d.call_no as other_call_no, s.same_point, s.from_utc, s.to_utc
  from shared_points as s
  join placed as c on c.enrollment_no = s.enrollment_no
  join event_pair as p on p.service_event_no = c.service_event_no
  join placed as d on d.enrollment_no = s.other_no and d.service_event_no = p.other_no
  union all
  select c.call_no, d.call_no, true, timestamp '0001-01-01', timestamp '9999-12-31'
  from event_pair as p
  join placed as c on c.service_event_no = p.service_event_no
  join placed as d on d.service_event_no = p.other_no and d.enrollment_no = c.enrollment_no
  where p.service_event_no <> p.other_no
)
select r.call_no, a.row_no, r.other_call_no, b.row_no as other_row_no, bool_or(r.same_point) as same_point,
       any_value(a.seconds) as own_s, any_value(b.seconds) as other_s,
       max(date_diff('second', greatest(a.start, b.start),
                 least(a.start + to_seconds(a.seconds), b.start + to_seconds(b.seconds)))) as shared_s
from rival as r
join placed as c on c.call_no = r.call_no
join placed as d on d.call_no = r.other_call_no
join window_row as a on a.window_no = c.window_no
join window_row as b on b.window_no = d.window_no
 and b.start < a.start + to_seconds(a.seconds) and a.start < b.start + to_seconds(b.seconds)
where greatest(a.start, b.start) >= r.from_utc and greatest(a.start, b.start) < r.to_utc
group by r.call_no, a.row_no, r.other_call_no, b.row_no;
