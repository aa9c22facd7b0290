-- The rows of one call as whole numbers.
select p.call_no, r.start, r.seconds, p.baseline_unadjusted_mwh, p.factor_e6, p.baseline_mwh, p.metered_mwh,
       p.delivered_mwh, w.weight_micro, p.quality, p.baseline_days, p.note
from performance as p
join call_window as c on c.call_no = p.call_no
join window_row as r on r.window_no = c.window_no and r.row_no = p.row_no
left join row_weight as w on w.window_no = c.window_no and w.row_no = p.row_no and w.zone is not distinct from c.zone
where p.call_no = ? order by r.start
