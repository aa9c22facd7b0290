-- Why an event that may be called is not called of an enrollment of its riders, or only in part: every reason at once.
-- share_micro is the millionths of the event that remain.
create or replace temp table asked_of as
select e.enrollment_no, e.enrollment_id, e.aggregation_id, a.*
from enrollment as e
join asked as a on a.rider = e.rider;

create or replace temp table in_force_of as
select o.*, e.nameplate_milliwatt
from asked_of as o
join enrollment as e on e.enrollment_no = o.enrollment_no
where o.local_date between e.starts_on and coalesce(e.ends_on, date '9999-12-31')
  and e.agreement_signed_on <= o.local_date;

create or replace temp table small_aggregation as
select rider, aggregation_id, any_value(aggregation_clause) as clause, sum(nameplate_milliwatt) as milliwatt,
       any_value(aggregation_milliwatt_min) as least
from in_force_of
where aggregation_milliwatt_min is not null
group by rider, aggregation_id
having coalesce(sum(nameplate_milliwatt), 0) < any_value(aggregation_milliwatt_min);

create or replace temp table away as
with clipped as (
  select o.enrollment_no, o.rider, u.reason, o.start_utc, o.end_utc,
         greatest(coalesce(u.start, o.start_utc), o.start_utc) as from_utc,
         least(coalesce(u."end", o.end_utc), o.end_utc) as to_utc
  from unavailable as u
  join asked_of as o on o.enrollment_id = u.enrollment_id
  where (u.event_id = o.event_id or (u.event_id is null and u.start is not null and u."end" is not null))
    and coalesce(u.start, o.start_utc) < o.end_utc and coalesce(u."end", o.end_utc) > o.start_utc
), chained as (
  select *, coalesce(max(to_utc) over (partition by enrollment_no, reason order by from_utc, to_utc
                                       rows between unbounded preceding and 1 preceding), start_utc) as reached_utc
  from clipped
)
select enrollment_no, rider, reason, min(from_utc) as from_utc, max(to_utc) as to_utc,
       any_value(epoch_us(end_utc) - epoch_us(start_utc)) as whole_us,
       sum(greatest(epoch_us(to_utc) - greatest(epoch_us(from_utc), epoch_us(reached_utc)), 0)) as away_us
from chained
group by enrollment_no, rider, reason;

create or replace temp table spared as
select o.enrollment_no, 'not_begun' as cause, 'enrollment' as clause,
       'is enrolled from ' || cast(e.starts_on as varchar) || ' on' as reason, 0 as share_micro
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where e.starts_on > o.local_date
union all
select o.enrollment_no, 'ended', 'enrollment',
       'ended on ' || cast(e.ends_on as varchar) || coalesce(': ' || e.end_reason, ''), 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where e.ends_on < o.local_date
union all
select o.enrollment_no, 'unsigned', o.agreement_clause, 'no agreement is signed by ' || cast(o.local_date as varchar), 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where e.agreement_signed_on is null or e.agreement_signed_on > o.local_date
union all
select o.enrollment_no, 'technology', 'technologies of the rider', e.technology || ' is not of the rider', 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where not list_contains(o.technologies, e.technology)
union all
select o.enrollment_no, 'services', 'services of the enrollment', 'is not enrolled in the service ' || o.service, 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where e.services is not null and not list_contains(e.services, o.service)
union all
select o.enrollment_no, 'zone', 'zone of the event', 'is in zone ' || e.zone || ', and the event is for '
       || array_to_string(list_sort(o.zones), ', '), 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where o.zones is not null and not list_contains(o.zones, e.zone)
union all
select o.enrollment_no, 'duration', o.kind_clause, 'lasts ' || hours_text(e.duration_s) || ' h, and the event '
       || hours_text(o.seconds) || ' h', 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where o.duration_matches and e.duration_s < o.seconds
union all
select o.enrollment_no, 'medical', o.medical_clause, 'is on medical baseline or life support', 0
from asked_of as o join enrollment as e on e.enrollment_no = o.enrollment_no
where o.medical_excluded and (coalesce(e.medical_baseline, false) or coalesce(e.life_support, false))
union all
select a.enrollment_no, a.reason, coalesce(c.clause, 'unavailable time'),
       replace(a.reason, '_', ' ') || ' from ' || instant_text(a.from_utc) || ' to ' || instant_text(a.to_utc),
       cast((a.whole_us - a.away_us) * 1000000 // a.whole_us as integer)
from away as a
left join reason_clause as c on c.rider = a.rider and c.reason = a.reason
union all
select o.enrollment_no, 'opted_out', o.opted_out_clause, 'opted out at ' || instant_text(p."at"),
       cast(greatest(epoch_us(p."at") - epoch_us(o.start_utc), 0) * 1000000
            // (epoch_us(o.end_utc) - epoch_us(o.start_utc)) as integer)
from asked_of as o
join (select event_id, enrollment_id, min(opt_outs."at") as "at" from opt_outs group by 1, 2) as p
  on p.event_id = o.event_id and p.enrollment_id = o.enrollment_id and p."at" < o.end_utc
union all
select u.enrollment_no, 'events_per_month', r.month_clause, 'its battery has been called ' || u.in_month
       || ' times this month, of at most ' || micro_text(r.month_micro), 0
from device_use as u join rider_cap as r on r.rider = u.rider
join asked as a on a.rider = u.rider and a.uses_limits
where (u.in_month + 1) * 1000000 > r.month_micro
union all
select u.enrollment_no, 'events_per_year', r.year_clause, 'its battery has been called ' || u.in_year
       || ' times this year, of at most ' || micro_text(r.year_micro), 0
from device_use as u join rider_cap as r on r.rider = u.rider
join asked as a on a.rider = u.rider and a.uses_limits
where (u.in_year + 1) * 1000000 > r.year_micro
union all
select enrollment_no, 'cycles_per_year', cycles_clause,
       'its battery has ' || micro_text(left_scaled // usable) || ' cycles left, and the event asks '
         || micro_text(ask * 1000000 // usable), cast(left_scaled // ask as integer)
from (select u.enrollment_no, r.cycles_clause, u.usable, least(u.milliwatt * a.seconds, u.most) as ask,
             greatest(r.cycles_micro * u.usable - u.energy * 1000000, 0) as left_scaled
      from device_use as u join rider_cap as r on r.rider = u.rider
      join asked as a on a.rider = u.rider and a.uses_limits)
where ask > 0 and left_scaled < ask * 1000000
union all
select o.enrollment_no, 'aggregation', s.clause, 'its aggregation ' || s.aggregation_id || ' has '
       || micro_text(coalesce(s.milliwatt, 0)) || ' kW, less than ' || micro_text(s.least), 0
from in_force_of as o join small_aggregation as s
  on s.rider = o.rider and s.aggregation_id = o.aggregation_id;

create or replace temp table call_list as
select o.enrollment_no, o.rider, coalesce(min(s.share_micro), 1000000) as share_micro,
       coalesce(bool_or(s.share_micro = 0 and s.cause <> 'opted_out'), false) as never_called,
       min(case when s.cause = 'opted_out' then true end) as opted_out
from asked_of as o
left join spared as s on s.enrollment_no = o.enrollment_no
group by o.enrollment_no, o.rider;
