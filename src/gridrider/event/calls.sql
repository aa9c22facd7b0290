-- One row per enrollment in force and event that concerns it (settlement rules, "Which events concern which
-- enrollment"), with what is known before any reading is looked at.
create or replace temp table concerned as
select e.enrollment_no, v.service_event_no
from enrollment as e
join service_event as v on v.rider = e.rider
 and v.local_date between e.starts_on and coalesce(e.ends_on, date '9999-12-31')
 and (e.services is null or list_contains(e.services, v.service))
 and (v.zones is null or list_contains(v.zones, e.zone))
 and (not v.duration_matches or e.duration_s is null or v.seconds <= e.duration_s);

create or replace temp table call as
select row_number() over (order by c.enrollment_no, v.event_id) as call_no, c.enrollment_no, c.service_event_no,
       e.agreement_signed_on is null or e.agreement_signed_on > v.local_date as unsigned,
       not list_contains(v.technologies, e.technology) as not_eligible,
       o.at as opted_out_at
from concerned as c
join enrollment as e on e.enrollment_no = c.enrollment_no
join service_event as v on v.service_event_no = c.service_event_no
left join (select o.enrollment_id, o.event_id, min(o.at) as at from opt_outs as o group by 1, 2) as o
  on o.enrollment_id = e.enrollment_id and o.event_id = v.event_id and o.at < v.end_utc
where v.in_period
  and not exists (select 1 from longer_event as l join concerned as other
                    on other.service_event_no = l.longer_no and other.enrollment_no = c.enrollment_no
                  where l.service_event_no = c.service_event_no);
