-- Enrollments so far, each with where it stands.
create or replace temp table enrollment as
select e.* exclude (source_row), coalesce(e.enrolled_on, e.starts_on) as vintage_day,
       case when e.end_reason in ('moved', 're_enrolled') then e.end_reason
            when e.end_reason = 'closed' or e.end_reason like 'closed: %' then 'closed'
            when e.ends_on is not null and (e.end_reason is not null or e.ends_on < $at) then 'disenrolled'
            when e.suspended_at is not null then 'suspended'
            else 'enrolled' end as status
from enrollments as e;

create or replace temp table suspension (enrollment_id varchar, since timestamp, until timestamp);

create or replace temp table act as
with keyed as (
  select t.*, d.day, coalesce(t.idempotency_key, 'a' || md5(concat_ws('|', t.act, strftime(t."at", '%Y%m%d%H%M%S%f'),
           'A' || t.application_id, 'E' || t.enrollment_id, 'B' || t."by", 'P' || t.to_participant_id,
           'N' || t.to_enrollment_id, 'S' || array_to_string(t.services, ','), 'R' || t.reason))) as act_key
  from acts as t join instant_day as d on d.instant = t."at"
)
select act_key, any_value(act) as act, any_value("at") as acted_at, any_value(day) as day,
       any_value(application_id) as application_id, any_value(enrollment_id) as enrollment_id, any_value("by") as "by",
       any_value(to_participant_id) as to_participant_id, any_value(to_enrollment_id) as to_enrollment_id,
       any_value(services) as services, min(reason) as reason,
       cast(row_number() over (order by any_value("at"), act_key) as bigint) as act_no,
       case when any_value(day) > $at then 'later' end as outcome, cast(null as varchar) as clause,
       case when any_value(day) > $at then 'is dated after the day of this run' end as because,
       cast(null as varchar) as new_enrollment_id
from keyed group by act_key;

create or replace temp table withdrawal as
select application_id, min(day) as day from act where act = 'withdraw' and outcome is null group by application_id;

create or replace temp table approval as
select application_id, min(day) as day from act
where act = 'approve' and outcome is null and ("by" is null or "by" = 'utility') group by application_id;
