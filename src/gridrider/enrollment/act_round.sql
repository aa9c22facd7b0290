-- One act of each enrollment, the earliest that is not dealt with; rounds follow until none is left.
create or replace temp table due as
select t.*, e.status, e.rider, e.customer_id, e.participant_id, e.point_id, e.starts_on, e.ends_on, e.vintage_day,
       e.suspended_at, e.acts_done, e.services as services_taken, s.after,
       least(e.vintage_day, e.starts_on) as since,
       coalesce(t.to_enrollment_id, t.enrollment_id || '-' || strftime(t.day, '%Y%m%d')) as made_id
from act as t
join enrollment as e on e.enrollment_id = t.enrollment_id
left join step as s on s.status = e.status and s.act = t.act
where t.outcome is null
qualify row_number() over (partition by t.enrollment_id order by t.acted_at, t.act_no) = 1;

-- Two that would make the same row take turns.
delete from due where act in ('move', 're_enroll') and act_no not in (
  select min(act_no) from due where act in ('move', 're_enroll') group by made_id);

create or replace temp table verdict as
with asked as (
  select d.*, p.participant_id as found_id,
         coalesce(p.kind, case when d.to_participant_id = d.customer_id then 'direct' else 'aggregator' end) as to_kind,
         coalesce(p.utility, false) or coalesce(p.utility_affiliate, false) as to_utility,
         l.months, l.lock_clause, l.holder, f.clause as affiliate_clause,
         exists (select 1 from enrollment as o where o.enrollment_id = d.made_id) as made_before
  from due as d
  left join participants as p on p.participant_id = d.to_participant_id
  left join rate_lock as l on l.rider = d.rider and d.vintage_day >= l.first and d.vintage_day < l.until
  left join affiliates as f on d.day >= f.first and d.day < f.until
)
select *, case
  when list_contains(acts_done, act_key) then 'repeated'
  when after is null then 'where it stands: an enrollment that is ' || status || ' has no ' || act
  when day < since then 'when: the enrollment began on ' || since
  when act in ('disenroll', 'close') and "by" <> 'utility' then 'who: only the utility may ' || act
  when "by" is not null and "by" <> 'utility' and "by" <> customer_id and "by" <> participant_id
       and "by" is distinct from to_participant_id then 'who: ' || "by" || ' is neither its customer nor its participant'
  when act = 'move' and to_participant_id = participant_id then 'where it stands: it is with ' || participant_id
  when act = 'move' and to_kind = 'direct' and to_participant_id <> customer_id
       then 'a direct participant is the customer itself: ' || to_participant_id || ' is not ' || customer_id
  when act = 'move' and to_kind = 'aggregator' and to_utility and affiliate_clause is not null
       then affiliate_clause || ': the aggregator is a utility or the affiliate of one'
  when act in ('move', 're_enroll') and made_before then 'where it stands: there is an enrollment ' || made_id
  when act = 're_enroll' and (ends_on is null or ends_on >= day) and months is not null
       and day < cast(vintage_day + to_months(months) as date)
       then lock_clause || ': its rate is locked until ' || cast(vintage_day + to_months(months) as date)
  when act = 'add_service' and services_taken is null then 'where it stands: it takes every service of its rider'
  when act = 'add_service' and list_has_any(services, services_taken)
       then 'where it stands: it takes ' || array_to_string(list_intersect(services, services_taken), ', ') || ' already'
  end as refused
from asked;

update act set outcome = case when v.refused is null then 'done' when v.refused = 'repeated' then 'repeated'
                              else 'refused' end,
               clause = case when v.refused <> 'repeated' then left(v.refused, strpos(v.refused, ': ') - 1) end,
               because = case when v.refused is null then act.reason when v.refused = 'repeated' then 'was dealt with before'
                              else substr(v.refused, strpos(v.refused, ': ') + 2) end,
               new_enrollment_id = case when v.refused is null and act.act in ('move', 're_enroll') then v.made_id end
from verdict as v where v.act_no = act.act_no;

insert into suspension
select enrollment_id, suspended_at, acted_at from verdict
where refused is null and suspended_at is not null and act <> 'add_service';

insert into enrollment by name
select e.* replace (v.made_id as enrollment_id, e.enrollment_id as prior_enrollment_id,
         case when v.act = 'move' then v.to_participant_id else e.participant_id end as participant_id,
         case when v.act = 'move' then null else e.aggregation_id end as aggregation_id,
         case when v.act = 'move' and e.payee_id = e.participant_id then null else e.payee_id end as payee_id,
         case when v.act = 'move' and coalesce(v.holder, 'customer') = 'customer' then v.vintage_day else v.day end
           as enrolled_on,
         case when v.act = 'move' and coalesce(v.holder, 'customer') = 'customer' then v.vintage_day else v.day end
           as vintage_day,
         greatest(v.day, case when v.act = 'move' then e.starts_on end) as starts_on,
         case when v.act = 'move' then e.ends_on end as ends_on, null as end_reason,
         case when v.act = 'move' and v.status = 'suspended' then v.acted_at end as suspended_at,
         case when v.act = 'move' then v.status else 'enrolled' end as status, null as acts_done)
from verdict as v join enrollment as e on e.enrollment_id = v.enrollment_id
where v.refused is null and v.act in ('move', 're_enroll');

insert into service_terms by name
select v.made_id as enrollment_id, s.service, s.taken_on
from verdict as v join service_terms as s on s.enrollment_id = v.enrollment_id
where v.refused is null and v.act = 'move' and coalesce(v.holder, 'customer') = 'customer';

insert into service_terms by name
select enrollment_id, unnest(services) as service, day as taken_on from verdict
where refused is null and act = 'add_service';

update enrollment set
  status = v.after,
  ends_on = case v.act when 'move' then least(enrollment.ends_on, greatest(v.day, v.starts_on) - 1)
                       when 're_enroll' then least(enrollment.ends_on, greatest(v.day, v.starts_on) - 1)
                       when 'unenroll' then least(enrollment.ends_on, greatest(v.day, v.starts_on - 1))
                       when 'disenroll' then least(enrollment.ends_on, greatest(v.day, v.starts_on - 1))
                       when 'close' then least(enrollment.ends_on, greatest(v.day, v.starts_on - 1))
                       else enrollment.ends_on end,
  end_reason = case v.act when 'move' then 'moved'
                          when 're_enroll' then 're_enrolled'
                          when 'unenroll' then coalesce(v.reason, 'unenrolled')
                          when 'disenroll' then coalesce(v.reason, 'disenrolled')
                          when 'close' then 'closed' || coalesce(': ' || coalesce(v.reason, $successor), '')
                          else enrollment.end_reason end,
  suspended_at = case when v.act = 'suspend' then v.acted_at when v.act = 'add_service' then enrollment.suspended_at end,
  services = case when v.act = 'add_service' then list_concat(enrollment.services, v.services) else enrollment.services end
from verdict as v
where v.enrollment_id = enrollment.enrollment_id and v.refused is null;

update enrollment set acts_done = list_append(coalesce(enrollment.acts_done, []), v.act_key)
from verdict as v
where v.enrollment_id = enrollment.enrollment_id and v.refused is distinct from 'repeated';
