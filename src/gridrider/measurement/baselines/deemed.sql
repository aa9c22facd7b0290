-- Deemed delivered: a share of the nameplate power over the row's time, without a reading.
select call_no, row_no, 0 as baseline_unadjusted_mwh, null as factor_e6, 0 as baseline_mwh,
       -deemed_mwh as metered_mwh, deemed_mwh as delivered_mwh, 0 as quality, null as baseline_days, 'deemed' as note
from (
  select c.call_no, r.row_no, cast(div_half_away(cast(c.nameplate_milliwatt as hugeint) * r.seconds * t.share_n,
                                                 cast(3600 as hugeint) * t.share_d) as bigint) as deemed_mwh
  from call_window as c
  join deemed_method as d on d.method_no = c.method_no
  join method as t on t.method_no = c.method_no
  join window_row as r on r.window_no = c.window_no
  where c.to_measure
) as deemed
