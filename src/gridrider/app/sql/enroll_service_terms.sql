select enrollment_id, service, min(taken_on) as taken_on
from (select enrollment_id, service, taken_on from service_terms
      union all
      select e.enrollment_id, s.service, e.vintage_day
      from enrollment as e join service_of as s on s.rider = e.rider
      where (e.services is null or list_contains(e.services, s.service))
        and not exists (select 1 from service_terms as t where t.enrollment_id = e.enrollment_id and t.service = s.service))
group by enrollment_id, service
order by enrollment_id, service
