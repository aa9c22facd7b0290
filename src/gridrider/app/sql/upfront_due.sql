-- Enrollments whose upfront payment fell due by now, and what this run still has to say of them: it is due in the run's
-- period, it is left in it, or the books spread it.
create or replace temp table upfront_due as
with signed as (
  select e.*, u.amortizes, greatest(e.vintage_day, e.agreement_signed_on) as due_on
  from enrollment as e
  join upfront_rider as u on u.rider = e.rider and not list_has_any(e.attributes, u.unless_any)
  where e.prior_enrollment_id is null and e.agreement_signed_on is not null
)
select s.*, s.due_on >= r.period_first as due_now,
       coalesce(s.ends_on >= r.period_first and s.ends_on < r.period_end and s.ends_on < r.as_of_day, false) as left_now
from signed as s cross join run as r
where s.due_on < r.period_end and s.due_on <= r.as_of_day and coalesce(s.ends_on >= s.due_on, true)
  and (s.due_on >= r.period_first or s.amortizes or (s.ends_on >= r.period_first and s.ends_on < r.period_end));
