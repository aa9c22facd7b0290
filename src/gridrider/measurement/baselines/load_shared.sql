-- A day that two meters of one series share is put together from both, the later meter first.
create or replace temp table load_whole as
with ranked as (
  select *, row_number() over (partition by series_no, local_date order by starts desc) as latest
  from load_of_day
  where (series_no, local_date) in (select (series_no, local_date) from shared_day)
)
select * from load_of_day where (series_no, local_date) not in (select (series_no, local_date) from shared_day)
union all
select a.series_no, a.starts, a.local_date, a.step_seconds,
       case when b.elapsed_mwh is null then a.elapsed_mwh
            else list_transform(list_zip(a.elapsed_mwh, b.elapsed_mwh), lambda x: coalesce(x[1], x[2])) end as elapsed_mwh,
       case when a.elapsed_quality is null then b.elapsed_quality
            when b.elapsed_quality is null then a.elapsed_quality
            else list_transform(list_zip(a.elapsed_quality, b.elapsed_quality), lambda x: least(x[1], x[2])) end
       as elapsed_quality
from ranked as a left join ranked as b
  on b.series_no = a.series_no and b.local_date = a.local_date and b.latest = 2 and b.step_seconds = a.step_seconds
where a.latest = 1;
create or replace temp view load_of_day as select * from load_whole;
