-- Energy sent back from storage: per slot the smaller of what the storage gave and what left the premise.
-- It is net import with the sign of all loads: what helped the grid is negative.
create or replace temp view load_of_day as
with exported as (
  select s.series_no, s.starts, d.local_date, d.slot_seconds, d.export_mwh,
         d.quality
  from day as d join series as s
    on s.point_id = d.point_id and d.local_date between s.from_date and s.to_date
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
