-- What the meter read on the event's own day: one row per call and row of the event; null = a reading is missing.
create or replace temp table metered as
with read as (
  select c.call_no, c.window_no,
         case when p.one_step_rows then list_select(l.elapsed_mwh, p.flat_picks)
              else list_transform(p.row_picks, lambda picks: case
                   when list_count(list_select(l.elapsed_mwh, picks)) = len(picks)
                   then cast(list_sum(list_select(l.elapsed_mwh, picks)) as bigint) end) end as row_mwh,
         case when l.elapsed_quality is not null then list_transform(p.row_picks,
              lambda picks: list_max(list_select(l.elapsed_quality, picks))) end as row_quality,
         case when list_count(list_select(l.elapsed_mwh, p.window_picks)) = len(p.window_picks)
              then cast(coalesce(list_sum(list_select(l.elapsed_mwh, p.window_picks)), 0) as bigint) end as window_mwh,
         case when l.elapsed_quality is not null
              then list_max(list_select(l.elapsed_quality, p.window_picks)) end as window_quality
  from call as c
  join load as l on l.series_no = c.series_no and l.local_date = c.local_date
  join window_pick as p on p.window_no = c.window_no and p.step_seconds = l.step_seconds
)
select c.call_no, r.row_no, r.seconds, read.row_mwh[r.row_no] as metered_mwh, read.window_mwh,
       coalesce(read.row_quality[r.row_no], case when read.row_mwh[r.row_no] is null then 4 else 0 end) as quality,
       coalesce(read.window_quality, 0) as window_quality
from call as c
join window_row as r on r.window_no = c.window_no
left join read on read.call_no = c.call_no;
