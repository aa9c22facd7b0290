-- The permit clock: days from asking to deciding, and whether that is more than the tariff allows.
select p.application_id, coalesce(p.class, r.class) as class, p.applied_on,
       p.applied_on + r.days as due_on, p.decided_on,
       case when p.decided_on is null then 'waiting' else 'decided' end as status,
       coalesce(p.decided_on, $at) - p.applied_on as days,
       coalesce(p.decided_on, $at) - p.applied_on > r.days as late, r.clause,
       case when p.class <> r.class then 'the tariff treats the device as ' || replace(r.class, '_', ' ') || ', not as '
            || replace(p.class, '_', ' ') end as because
from permits as p
join applicant as a on a.application_id = p.application_id
join permit_rule as r on r.rider = a.rider and p.applied_on >= r.first and p.applied_on < r.until
order by p.application_id
