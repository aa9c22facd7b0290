-- The loads of each series and day, by elapsed time and by the clock; only days on which the clock changes differ.
create or replace temp view load as
select series_no, local_date, step_seconds, elapsed_mwh, elapsed_quality, elapsed_mwh as clock_mwh,
       elapsed_quality as clock_quality
from load_of_day where local_date not in (select local_date from clock_change)
union all
select w.series_no, w.local_date, w.step_seconds, w.elapsed_mwh, w.elapsed_quality,
       by_clock(w.elapsed_mwh, w.step_seconds, c.elapsed_s, c.shift_s),
       by_clock(w.elapsed_quality, w.step_seconds, c.elapsed_s, c.shift_s)
from load_of_day as w join clock_change as c on c.local_date = w.local_date;
