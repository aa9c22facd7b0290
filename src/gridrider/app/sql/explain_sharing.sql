-- The rows of a call from which something was taken before they counted.
select r.start, r.seconds, p.delivered_mwh, t.taken_mwh, t.takers, t.clause
from counted_row as t
join performance as p on p.call_no = t.call_no and p.row_no = t.row_no
join call_window as c on c.call_no = t.call_no
join window_row as r on r.window_no = c.window_no and r.row_no = t.row_no
where t.call_no = ? and (t.taken_mwh <> 0 or t.left_s > 0)
order by r.start
