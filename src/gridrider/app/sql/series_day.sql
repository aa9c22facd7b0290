-- Series with local days instead of instants, and the spans of days that two meters of one series share.
create or replace temp table series_day as
select s.series_no, s.enrollment_no, s.role, s.point_id,
       coalesce(a.local_date, date '0001-01-01') as from_date, coalesce(b.local_date, date '9999-12-31') as to_date,
       coalesce(s.from_utc, timestamp '0001-01-01') as starts
from series as s
left join local_day as a on a.instant = s.from_utc
left join local_day as b on b.instant = s.to_utc;

create or replace temp table shared_span as
select a.series_no, greatest(a.from_date, b.from_date) as first_date, least(a.to_date, b.to_date) as last_date
from series_day as a
join series_day as b on b.series_no = a.series_no and b.point_id > a.point_id
 and b.from_date <= a.to_date and a.from_date <= b.to_date;
