-- One device, one enrollment: a point that is enrolled already, or that an earlier application asks for.
insert into refusal
select a.application_no, 9001, 'one device, one enrollment',
       'another enrollment or earlier application has the device: ' || min(e.enrollment_id)
from applicant as a
join enrollment as e on e.point_id = a.point_id
 and (e.ends_on is null or (e.ends_on >= a.start_on and e.ends_on >= e.starts_on))
where not a.known and a.day <= $at and e.enrollment_id is distinct from a.prior_enrollment_id
group by a.application_no;

insert into refusal
with asked as (
  select a.application_no, a.application_id,
         first_value(a.enrollment_id) over (partition by a.point_id order by a.application_no) as first_enrollment_id,
         first_value(a.application_id) over (partition by a.point_id order by a.application_no) as first_id
  from applicant as a
  left join withdrawal as w on w.application_id = a.application_id and w.day <= a.day
  where not a.known and a.day <= $at and w.day is null
    and a.application_no not in (select application_no from refusal)
)
select application_no, 9002, 'one device, one enrollment', 'another enrollment or earlier application has the device: ' || first_enrollment_id
from asked
where application_id <> first_id;
