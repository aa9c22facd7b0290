-- Enrollments of a rider with an upfront payment that nobody has signed by as-of, the vintage day being over.
select e.source_row, e.enrollment_id
from enrollment as e
join upfront_rider as u on u.rider = e.rider and not list_has_any(e.attributes, u.unless_any)
cross join run as r
where e.prior_enrollment_id is null and (e.agreement_signed_on is null or e.agreement_signed_on > r.as_of_day)
  and e.vintage_day < r.period_end and e.vintage_day <= r.as_of_day
  and coalesce(e.ends_on >= r.period_first, true)
order by e.source_row
