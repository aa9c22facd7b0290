-- Loads by clock hour, export counted: the fast way, for events whose rows are whole hours.
create or replace temp view load_of_day as
select s.series_no, s.starts, d.local_date, 3600 as step_seconds, d.net_hour_mwh as elapsed_mwh,
       case when d.quality is not null then list_transform(range(len(d.net_hour_mwh)),
            lambda h: list_max(d.quality[h * 3600 // d.slot_seconds + 1:(h + 1) * 3600 // d.slot_seconds])) end
       as elapsed_quality
from day as d join series as s
  on s.point_id = d.point_id and d.local_date between s.from_date and s.to_date;
