-- What the utility's adjustments add to the rows of one call.
select r.start, g.shift_mwh
from given as g join call_window as c on c.call_no = g.call_no
join window_row as r on r.window_no = c.window_no and r.row_no = g.row_no
where g.call_no = ? order by r.start
