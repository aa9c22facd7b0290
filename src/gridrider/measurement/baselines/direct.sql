-- Direct and prescriptive: performance is what the device gave, less a prescribed share of its nameplate power.
-- Export from storage is direct too: its load is already what left the premise.
create or replace temp table measured_row as
select m.call_no, m.row_no,
       -prescribed_mwh as baseline_unadjusted_mwh, cast(null as bigint) as factor_e6,
       -prescribed_mwh as baseline_mwh, m.metered_mwh, -prescribed_mwh - m.metered_mwh as delivered_mwh,
       m.quality, cast(null as varchar) as baseline_days,
       case when m.metered_mwh is null then 'missing' else '' end as note
from (
  select m.*, cast(div_half_away(cast(c.nameplate_milliwatt as hugeint) * m.seconds * t.share_n,
                                 cast(3600 as hugeint) * t.share_d) as bigint) as prescribed_mwh
  from metered_row as m join call as c on c.call_no = m.call_no join method as t on t.method_no = c.method_no
) as m;
