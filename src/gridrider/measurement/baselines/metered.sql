-- What the meter read on the event's own day: one row per call, m1, m2, ... by row of the event, null where a reading is
-- missing.
create or replace temp table metered as
select c.call_no, {each: load_of(l.elapsed_mwh, p.i#, p.p#) as m#},
       {window: case when p.w# is null then 0 else l.elapsed_mwh[p.w#] end} as window_mwh, quality_of(l.elapsed_quality, p.window_picks) as window_quality,
       {each: quality_of(l.elapsed_quality, p.p#) as q#}
from call as c
join (select * from load where local_date in ({event_days})) as l
  on l.series_no = c.series_no and l.local_date = c.local_date
join window_pick as p on p.window_no = c.window_no and p.step_seconds = l.step_seconds;
