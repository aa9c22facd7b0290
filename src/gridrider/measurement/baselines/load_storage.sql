-- Energy sent back from storage: per slot the smaller of what the storage gave and what left the premise.
-- It is net import with the sign of all loads: what helped the grid is negative.
create or replace temp view load_of_day as
with metered_day as (
  select s.series_no, s.starts, d.local_date, d.slot_seconds, d.export_mwh, d.quality
  from day as d join series as s
    on s.point_id = d.point_id and d.local_date between s.from_date and s.to_date
), ranked as (
  select *, row_number() over (partition by series_no, local_date order by starts desc) as latest from metered_day
  where (series_no, local_date) in (select (series_no, local_date) from shared_day)
), exported as (     -- a day that two meters of one series share is put together from both, the later meter first
  select * from metered_day where (series_no, local_date) not in (select (series_no, local_date) from shared_day)
  union all
  select a.series_no, a.starts, a.local_date, a.slot_seconds,
         case when b.export_mwh is null then a.export_mwh
              else list_transform(list_zip(a.export_mwh, b.export_mwh), lambda x: coalesce(x[1], x[2])) end,
         case when a.quality is null or b.quality is null then coalesce(a.quality, b.quality)
              else list_transform(list_zip(a.quality, b.quality), lambda x: least(x[1], x[2])) end
  from ranked as a left join ranked as b
    on b.series_no = a.series_no and b.local_date = a.local_date and b.latest = 2 and b.slot_seconds = a.slot_seconds
  where a.latest = 1
), pairs as (
  select distinct series_no, premise_series_no from call where premise_series_no is not null
), paired as (
  select c.series_no, storage.starts, storage.local_date, greatest(storage.slot_seconds, premise.slot_seconds) as step_s,
         storage.slot_seconds as storage_s, premise.slot_seconds as premise_s,
         storage.export_mwh as storage_mwh, premise.export_mwh as premise_mwh,
         storage.quality as storage_quality, premise.quality as premise_quality
  from pairs as c
  join exported as storage on storage.series_no = c.series_no
  join exported as premise on premise.series_no = c.premise_series_no and premise.local_date = storage.local_date
), stepped as (
  select *, step_s // storage_s as per_storage, step_s // premise_s as per_premise,
         len(storage_mwh) * storage_s // step_s as steps from paired
)
select series_no, starts, local_date, step_s as step_seconds,
       list_transform(range(steps), lambda i:
         case when list_count(storage_mwh[i * per_storage + 1:(i + 1) * per_storage]) = per_storage
               and list_count(premise_mwh[i * per_premise + 1:(i + 1) * per_premise]) = per_premise
              then cast(-least(list_sum(storage_mwh[i * per_storage + 1:(i + 1) * per_storage]),
                               list_sum(premise_mwh[i * per_premise + 1:(i + 1) * per_premise])) as bigint) end)
       as elapsed_mwh,
       case when storage_quality is not null or premise_quality is not null then list_transform(range(steps), lambda i:
         greatest(coalesce(list_max(storage_quality[i * per_storage + 1:(i + 1) * per_storage]), 0),
                  coalesce(list_max(premise_quality[i * per_premise + 1:(i + 1) * per_premise]), 0))) end
       as elapsed_quality
from stepped;
