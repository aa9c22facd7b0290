-- Who may enroll, and from which day: its own, or the one on which the utility approved it.
create or replace temp table candidate as
select a.application_no, a.application_id, a.enrollment_id, a.rider, a.customer_id, a.participant_id,
       coalesce(a.nameplate_milliwatt, 0) as milliwatt,
       case when r.by_utility and a.pending then greatest(a.day, p.day) else a.day end as ready_on,
       w.day as withdrawn_on,
       e.enrollment_id is not null as follows, a.prior_enrollment_id, a.start_on,
       cast(null as date) as admitted_on, cast(null as date) as leaves_on, false as turned_away
from applicant as a
left join review as r on r.rider = a.rider and a.day >= r.first and a.day < r.until
left join enrollment as e on e.enrollment_id = a.prior_enrollment_id and e.rider = a.rider
 and (e.ends_on is null or e.ends_on >= a.start_on - 1)
left join approval as p on p.application_id = a.application_id
left join withdrawal as w on w.application_id = a.application_id
where not a.known and a.day <= $at and (not coalesce(r.by_utility and a.pending, false) or p.day is not null)
  and a.application_no not in (select application_no from refusal)
  and (w.day is null or w.day > case when r.by_utility and a.pending then greatest(a.day, p.day) else a.day end);
