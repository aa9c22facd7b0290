-- Enrollments to whom a part of the upfront payment is due and for whom none has a rate in force.
select d.enrollment_id, d.vintage_day
from upfront_due as d
anti join upfront_part as p on p.enrollment_no = d.enrollment_no
where d.due_now and exists (select 1 from upfront_stated as s where s.rider = d.rider
                            and (len(s.when_any) = 0 or list_has_any(d.attributes, s.when_any)))
order by 1
limit ?
