-- The utility's adjustments on the rows that they are for; a blank start means the first row.
create or replace temp table given as
select a.call_no, r.row_no, cast(sum(a.mwh) as bigint) as shift_mwh
from adjustment_given as a
join call_window as c on c.call_no = a.call_no
join window_row as r on r.window_no = c.window_no
 and ((a.start is null and r.row_no = 1) or (a.start >= r.start and a.start < r.start + to_seconds(r.seconds)))
group by a.call_no, r.row_no;
