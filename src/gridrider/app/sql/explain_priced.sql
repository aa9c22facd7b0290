-- The rows of one call with what counts of their energy and the price of their hour.
select f.start, f.delivered_mwh, w.weight_micro
from performance_row as f
join call_window as c on c.call_no = f.call_no
join row_weight as w on w.window_no = c.window_no and w.row_no = f.row_no and w.zone is not distinct from c.zone
where f.call_no = ? and f.delivered_mwh is not null order by f.start
