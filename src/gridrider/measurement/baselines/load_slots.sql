-- Loads by slot, for rows that are not whole hours, and where export at a location counts as zero.
create or replace temp view load_of_day as
select s.series_no, s.starts, d.local_date, d.slot_seconds as step_seconds,
       case when z.zero_exports
            then list_transform(list_zip(d.import_mwh, d.export_mwh), lambda x: case when x[1] - x[2] < 0 then 0 else x[1] - x[2] end)
            else list_transform(list_zip(d.import_mwh, d.export_mwh), lambda x: x[1] - x[2]) end as elapsed_mwh,
       d.quality as elapsed_quality
from day as d join series as s
  on s.point_id = d.point_id and d.local_date between s.from_date and s.to_date
cross join load_choice as z;
