-- The calls of one bucket that one kernel measures.
select c.call_no, c.enrollment_no, c.enrollment_no * 2 as series_no,
       case when exists (select 1 from series_day as s where s.series_no = c.enrollment_no * 2 + 1)
            then c.enrollment_no * 2 + 1 end as premise_series_no,
       c.method_no, c.window_no, c.shape_no, c.matcher_no, c.local_date, coalesce(c.nameplate_milliwatt, 0) as nameplate_milliwatt,
       c.adjusts
from call_window as c join bucket_of as b using (enrollment_no)
where b.bucket_no = ? and c.group_no = ? and c.to_measure order by c.call_no
