-- For events or windows that cross midnight: each day's list with the day before and the day after joined to it.
create or replace temp table load_alone as select * from load;
drop view load;
create or replace temp table load as
select l.series_no, l.local_date, l.step_seconds,
       list_concat(list_concat(coalesce(before.elapsed_mwh, list_resize(l.elapsed_mwh[:0], b.seconds // l.step_seconds)),
                   l.elapsed_mwh), coalesce(after.elapsed_mwh, l.elapsed_mwh[:0])) as elapsed_mwh,
       cast(null as tinyint[]) as elapsed_quality,
       list_concat(list_concat(coalesce(before.clock_mwh, list_resize(l.elapsed_mwh[:0], 86400 // l.step_seconds)),
                   l.clock_mwh), coalesce(after.clock_mwh, l.elapsed_mwh[:0])) as clock_mwh,
       cast(null as tinyint[]) as clock_quality
from load_alone as l
join day_length as b on b.local_date = l.local_date - 1
left join load_alone as before
  on before.series_no = l.series_no and before.local_date = l.local_date - 1 and before.step_seconds = l.step_seconds
left join load_alone as after
  on after.series_no = l.series_no and after.local_date = l.local_date + 1 and after.step_seconds = l.step_seconds;
