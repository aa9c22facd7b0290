-- The loads of each series and day, where no day that is read has a change of the clock.
create or replace temp view load as
select series_no, local_date, step_seconds, elapsed_mwh, elapsed_quality, elapsed_mwh as clock_mwh,
       elapsed_quality as clock_quality
from load_of_day;
