-- Who has a seat is enrolled: the day is its rate vintage, and never changes again.
insert into enrollment by name
select a.* exclude ($left_out)
       replace (coalesce(a.enrolled_on, c.admitted_on) as enrolled_on,
                greatest(coalesce(a.starts_on, a.enrolled_on, c.admitted_on), coalesce(a.enrolled_on, c.admitted_on))
                  as starts_on),
       coalesce(a.enrolled_on, c.admitted_on) as vintage_day, 'enrolled' as status$kept_as_text
from applicant as a join candidate as c using (application_no)
where c.admitted_on is not null;

update enrollment set ends_on = f.starts_on - 1, end_reason = 're_enrolled', status = 're_enrolled'
from (select n.prior_enrollment_id, n.starts_on from enrollment as n join applicant as a using (enrollment_id)
      where not a.known and a.prior_enrollment_id is not null) as f
where enrollment.enrollment_id = f.prior_enrollment_id
  and (enrollment.ends_on is null or enrollment.ends_on >= f.starts_on);
