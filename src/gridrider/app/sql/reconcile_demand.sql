-- demand.csv: one row per master meter and local month.
select p.premise_point_id, d.month, kwh_text(d.master_peak_milliwatt) as master_peak_kw,
       instant_text(make_timestamp(d.master_peak_s * 1000000)) as master_peak_at,
       kwh_text(d.billed_peak_milliwatt) as billed_peak_kw,
       instant_text(make_timestamp(d.billed_peak_s * 1000000)) as billed_peak_at, d.intervals, d.intervals_missing,
       d.complete
from demand_row as d join premise as p on p.premise_no = d.premise_no order by d.premise_no, d.month
