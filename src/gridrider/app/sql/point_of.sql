-- The point that a row of performance names: the one that began last among those of the day.
create or replace temp table point_of as
select s.series_no, w.local_date, arg_max(s.point_id, struct_pack(starts := s.starts, point_id := s.point_id)) as point_id
from series_day as s
join (select distinct local_date from window_row) as w on w.local_date between s.from_date and s.to_date
group by s.series_no, w.local_date;
