-- The vintage day of a service, for enrollments whose rider gives services a vintage of their own.
select e.enrollment_no, t.service, t.taken_on
from service_terms as t join enrollment as e on e.enrollment_id = t.enrollment_id
where list_contains(?, e.rider)
