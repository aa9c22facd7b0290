-- What claims of others take from each row of the points that they name. Reads `claims`, `claim_rule`, `placed`,
-- `series` and `performance`; leaves `claimed`.
create or replace temp table claimed as
with claim as (
  select source_row, point_id, start, start + to_seconds(seconds) as end_utc, seconds, program, service, mwh, milliwatt
  from claims
), on_row as (
  select distinct p.call_no, r.row_no, q.source_row, q.program, k.rule, k.split, k.clause,
         date_diff('second', greatest(r.start, q.start), least(r.start + to_seconds(r.seconds), q.end_utc)) as shared_s,
         cast(coalesce(q.mwh, q.milliwatt) as hugeint) as worth,
         case when q.mwh is null then 3600 else q.seconds end as per_s
  from claim as q
  join series as s on s.point_id = q.point_id
  join placed as p on p.enrollment_no = s.enrollment_no and p.start_utc < q.end_utc and q.start < p.end_utc
  join claim_rule as k on k.rider = p.rider and k.local_date = p.local_date and k.program = q.program
   and k.service is not distinct from q.service
  join window_row as r
    on r.window_no = p.window_no and r.start < q.end_utc and q.start < r.start + to_seconds(r.seconds)
  where k.rule <> 'allowed' and greatest(r.start, q.start) >= coalesce(s.from_utc, timestamp '0001-01-01')
    and greatest(r.start, q.start) < coalesce(s.to_utc, timestamp '9999-12-31')
), energy as (
  select o.*, div_half_away(o.worth * o.shared_s, o.per_s) as claimed_mwh,
         cast(greatest(f.delivered_mwh, 0) as hugeint) as delivered_mwh
  from on_row as o join performance as f on f.call_no = o.call_no and f.row_no = o.row_no
  where f.delivered_mwh is not null
)
select call_no, row_no, source_row, program as taker, clause,
       case when rule = 'forbidden' then delivered_mwh
            when split = 'ours_first' or delivered_mwh = 0 then 0
            when split = 'pro_rata' and claimed_mwh > 0
            then div_half_away(least(delivered_mwh, claimed_mwh) * claimed_mwh, claimed_mwh + delivered_mwh)
            else least(delivered_mwh, claimed_mwh) end as taken_mwh
from energy;
