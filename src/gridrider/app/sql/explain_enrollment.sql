-- An enrollment, with the vintage day that holds for one of its services.
select e.*, coalesce(t.taken_on, e.vintage_day) as service_vintage_day
from enrollment as e left join service_vintage as t on t.enrollment_no = e.enrollment_no and t.service = ?
where e.enrollment_no = ?
