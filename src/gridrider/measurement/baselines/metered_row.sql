-- The same by row of the event.
create or replace temp table metered_row as
select c.call_no, r.row_no, r.seconds, case r.row_no {case: m#} end as metered_mwh, m.window_mwh,
       case when case r.row_no {case: m#} end is null then 4 else case r.row_no {case: q#} end end as quality,
       coalesce(m.window_quality, 0) as window_quality
from call as c
join window_row as r on r.window_no = c.window_no
left join metered as m on m.call_no = c.call_no;
