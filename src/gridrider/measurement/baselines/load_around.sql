-- For events or windows that cross midnight: each day's list with the day before and the day after joined to it. A day
-- without readings of its own stands there too, empty, when a day beside it has some.
create or replace temp table load_alone as select * from load;
drop view load;
create or replace temp table load as
with spread as (
  select series_no, local_date, step_seconds, true as own from load_alone
  union all select series_no, local_date + 1, step_seconds, false from load_alone
  union all select series_no, local_date - 1, step_seconds, false from load_alone
), spine as (
  select series_no, local_date, coalesce(max(step_seconds) filter (own), max(step_seconds)) as step_s
  from spread group by series_no, local_date
), lengths as (
  select s.*, b.seconds // s.step_s as steps_before, t.seconds // s.step_s as steps, 86400 // s.step_s as clock_steps
  from spine as s
  join day_length as b on b.local_date = s.local_date - 1
  join day_length as t on t.local_date = s.local_date
), beside as (
  select n.*, l.elapsed_mwh, l.clock_mwh, l.elapsed_quality, l.clock_quality,
         p.elapsed_mwh as before_mwh, p.clock_mwh as before_clock_mwh, p.elapsed_quality as before_quality,
         p.clock_quality as before_clock_quality, a.elapsed_mwh as after_mwh, a.clock_mwh as after_clock_mwh,
         a.elapsed_quality as after_quality, a.clock_quality as after_clock_quality
  from lengths as n
  left join load_alone as l on l.series_no = n.series_no and l.local_date = n.local_date and l.step_seconds = n.step_s
  left join load_alone as p on p.series_no = n.series_no and p.local_date = n.local_date - 1 and p.step_seconds = n.step_s
  left join load_alone as a on a.series_no = n.series_no and a.local_date = n.local_date + 1 and a.step_seconds = n.step_s
)
select series_no, local_date, step_s as step_seconds,
       three_days(before_mwh, steps_before, elapsed_mwh, steps, after_mwh, cast([] as bigint[])) as elapsed_mwh,
       three_days(before_quality, steps_before, elapsed_quality, steps, after_quality, cast([] as tinyint[]))
       as elapsed_quality,
       three_days(before_clock_mwh, clock_steps, clock_mwh, clock_steps, after_clock_mwh, cast([] as bigint[])) as clock_mwh,
       three_days(before_clock_quality, clock_steps, clock_quality, clock_steps, after_clock_quality, cast([] as tinyint[]))
       as clock_quality
from beside;
