-- Every program and service that claims energy at a time when a rider's enrollments were called, on each local date.
select distinct p.rider, q.program, q.service, p.local_date
from claims as q
join series as s on s.point_id = q.point_id
join placed as p on p.enrollment_no = s.enrollment_no and p.start_utc < q.start + to_seconds(q.seconds)
 and q.start < p.end_utc
order by all
