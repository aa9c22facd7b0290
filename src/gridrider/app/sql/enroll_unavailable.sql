with suspended as (
  select enrollment_id, since, until from suspension
  union all
  select enrollment_id, suspended_at, $after from enrollment where suspended_at is not null
), every as (
  select enrollment_id, cast(null as varchar) as event_id, since as start, until as "end", 'suspended' as reason,
         cast(null as varchar) as evidence
  from suspended where until > since
  union all
  select u.enrollment_id, u.event_id, u.start, u."end", u.reason, u.evidence
  from unavailable as u
  where not exists (select 1 from suspended as s where s.enrollment_id = u.enrollment_id and s.since = u.start
                    and u.reason = 'suspended')
)
select enrollment_id, event_id, instant_text(start) as start, instant_text("end") as "end", reason, evidence
from every order by enrollment_id, start, event_id, "end", reason, evidence
