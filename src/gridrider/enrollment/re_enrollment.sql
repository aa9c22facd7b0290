-- An application that follows an enrollment: the same customer and device, and the rate lock is over or the enrollment is.
insert into refusal
select a.application_no, 9003, 're-enrollment', 'enrollment ' || e.enrollment_id || ' is another customer''s or device''s'
from applicant as a join enrollment as e on e.enrollment_id = a.prior_enrollment_id
where not a.known and a.day <= $at and (e.customer_id <> a.customer_id or e.point_id <> a.point_id);

insert into refusal
select a.application_no, 9004, l.lock_clause,
       'the rate of ' || e.enrollment_id || ' is locked until ' || (e.vintage_day + to_months(l.months))::date
from applicant as a
join enrollment as e on e.enrollment_id = a.prior_enrollment_id
join rate_lock as l on l.rider = e.rider and e.vintage_day >= l.first and e.vintage_day < l.until
where not a.known and a.day <= $at and (e.ends_on is null or e.ends_on >= a.start_on)
  and a.start_on < (e.vintage_day + to_months(l.months))::date;
