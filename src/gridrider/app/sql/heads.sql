-- ledger_heads.csv: the last entry of every source that was ever corrected.
with last as (
  select source_id, coalesce(max(entry_id) filter (heads), max(entry_id)) as entry_id from entry
  where source_id in (select source_id from posting_source where was_posted)
     or source_id in (select source_id from prior_head) group by 1
)
select coalesce(a.source_id, b.source_id) as source_id, coalesce(a.entry_id, b.entry_id) as entry_id
from last as a full join prior_head as b on b.source_id = a.source_id order by 1
