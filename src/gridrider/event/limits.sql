-- What each enrollment's battery has been called for in the month and the year.
-- Whom an event calls depends on few things: rider, zone, services, length of discharge, and between which event days
-- the enrollment is in force and signed. Enrollments alike in these are one profile, so that events are matched with
-- some thousand profiles and not with a million enrollments. The events of a profile are kept as bits, sixty to a
-- word: what was not dispatched to an enrollment is taken out of its bits, and the enrollments of one battery are joined
-- by `or`, so that an event of several of them counts once.
create or replace temp table event_day as
select local_date, row_number() over (order by local_date) as day_no
from (select distinct local_date from limit_event);

create or replace temp table day_place as
select d.local_date, cast(count(*) filter (v.local_date < d.local_date) as integer) as days_before,
       cast(count(*) filter (v.local_date <= d.local_date) as integer) as days_through
from (select cast(unnest(generate_series(min(local_date) - 1, max(local_date) + 1, interval 1 day)) as date) as local_date
      from event_day) as d
cross join event_day as v
group by d.local_date;

create or replace temp table day_bound as select min(local_date) as lowest, max(local_date) as highest,
       (select bool_or(duration_matches) from limit_event) as matched
from day_place;

create or replace temp table shared_point as
select point_id, min(enrollment_no) as device_no from enrollment group by point_id having count(*) > 1;

create or replace temp table device_of as
select e.enrollment_no, coalesce(s.device_no, e.enrollment_no) as device_no, s.device_no is not null as shared
from enrollment as e
left join shared_point as s on s.point_id = e.point_id;

-- The days are brought inside the events' days first, so that they can be looked up by equality.
create or replace temp table member as
with placed as materialized (
  select e.enrollment_no, e.rider, e.zone, e.services,
         case when (select matched from day_bound) then e.duration_s end as duration_s,
         greatest(least(greatest(e.starts_on, e.agreement_signed_on), (select highest from day_bound)),
                  (select lowest from day_bound)) as from_day,
         greatest(least(coalesce(e.ends_on, date '9999-12-31'), (select highest from day_bound)),
                  (select lowest from day_bound)) as to_day
  from enrollment as e
  join rider_cap as r on r.rider = e.rider
  where e.agreement_signed_on is not null and list_contains(r.technologies, e.technology)
    and not (r.medical_excluded and (coalesce(e.medical_baseline, false) or coalesce(e.life_support, false)))
)
select p.enrollment_no, p.rider, p.zone, p.services, p.duration_s,
       f.days_before as first_day, t.days_through as last_day
from placed as p
join day_place as f on f.local_date = p.from_day
join day_place as t on t.local_date = p.to_day
where f.days_before < t.days_through;

create or replace temp table profile as
select row_number() over () as profile_no, rider, zone, services, duration_s, first_day, last_day
from (select distinct rider, zone, services, duration_s, first_day, last_day from member);

create or replace temp table profile_event as
with fitting as (
  select p.profile_no, v.service_event_no
  from profile as p
  join limit_event as v on v.rider = p.rider
  join event_day as d on d.local_date = v.local_date and d.day_no > p.first_day and d.day_no <= p.last_day
  where (p.services is null or list_contains(p.services, v.service))
    and (v.zones is null or list_contains(v.zones, p.zone))
    and (not v.duration_matches or p.duration_s is null or v.seconds <= p.duration_s)
)
select f.profile_no, v.event_no
from fitting as f
join limit_event as v on v.service_event_no = f.service_event_no
where not exists (select 1 from longer_event as l join fitting as other
                    on other.service_event_no = l.longer_no and other.profile_no = f.profile_no
                  where l.service_event_no = f.service_event_no);

-- Calls that were not dispatched: an opt-out before the start, or unavailable time that covers the whole event.
create or replace temp table not_dispatched as
with clipped as (
  select e.enrollment_no, v.event_no, v.start_utc, v.end_utc,
         greatest(coalesce(u.start, v.start_utc), v.start_utc) as from_utc,
         least(coalesce(u."end", v.end_utc), v.end_utc) as to_utc
  from unavailable as u
  join limit_event as v on v.event_id = u.event_id
  join enrollment as e on e.enrollment_id = u.enrollment_id and e.rider = v.rider
  where coalesce(u.start, v.start_utc) < v.end_utc and coalesce(u."end", v.end_utc) > v.start_utc
  union all
  select e.enrollment_no, v.event_no, v.start_utc, v.end_utc, greatest(u.start, v.start_utc),
         least(u."end", v.end_utc)
  from unavailable as u
  join limit_event as v on u.start < v.end_utc and u."end" > v.start_utc
  join enrollment as e on e.enrollment_id = u.enrollment_id and e.rider = v.rider
  where u.event_id is null
), chained as (
  select *, max(to_utc) over (partition by enrollment_no, event_no order by from_utc, to_utc
                              rows between unbounded preceding and 1 preceding) as reached_utc
  from clipped
)
select enrollment_no, event_no
from chained
group by enrollment_no, event_no
having min(from_utc) <= min(start_utc) and max(to_utc) >= max(end_utc)
   and not coalesce(bool_or(from_utc > reached_utc), false)
union
select e.enrollment_no, v.event_no
from opt_outs as o
join limit_event as v on v.event_id = o.event_id and o.at < v.start_utc
join enrollment as e on e.enrollment_id = o.enrollment_id and e.rider = v.rider
where o.at <= coalesce((select at_utc from limit_time), o.at);

create or replace temp table away_word as
select enrollment_no, event_no // 60 as word, bit_or(cast(1 as bigint) << (event_no % 60)) as bits
from not_dispatched group by enrollment_no, word;

create or replace temp table profile_word as
select profile_no, event_no // 60 as word, bit_or(cast(1 as bigint) << (event_no % 60)) as bits
from profile_event group by profile_no, word;

create or replace temp table month_word as
select event_no // 60 as word, bit_or(cast(1 as bigint) << (event_no % 60)) as bits
from limit_event where in_month group by word;

create or replace temp table length_word as
select seconds, event_no // 60 as word, bit_or(cast(1 as bigint) << (event_no % 60)) as bits
from limit_event group by seconds, word;

create or replace temp table member_word as
select d.device_no, d.shared, w.word, w.bits & ~coalesce(a.bits, 0) as bits
from member as m
join profile as p on p.rider is not distinct from m.rider and p.zone is not distinct from m.zone
 and p.services is not distinct from m.services and p.duration_s is not distinct from m.duration_s
 and p.first_day = m.first_day and p.last_day = m.last_day
join profile_word as w on w.profile_no = p.profile_no
join device_of as d on d.enrollment_no = m.enrollment_no
left join away_word as a on a.enrollment_no = m.enrollment_no and a.word = w.word;

create or replace temp table device_word as
select device_no, word, bits from member_word where not shared
union all
select device_no, word, bit_or(bits) from member_word where shared group by device_no, word;

-- Energy is in milliwatt-seconds: nameplate times the event's time, up to what is usable above the reserve. What
-- somebody says was discharged stands in place of that.
create or replace temp table device_size as
with own as (
  select d.device_no, d.shared, cast(e.nameplate_milliwatt as hugeint) as milliwatt,
         coalesce(cast(e.usable_mwh as hugeint) * 3600, cast(e.nameplate_milliwatt as hugeint) * e.duration_s) as usable,
         coalesce(cast(e.usable_mwh as hugeint) * 3600, cast(e.nameplate_milliwatt as hugeint) * e.duration_s)
           * (100000 - r.reserve_milli_pct) // 100000 as most
  from enrollment as e
  join rider_cap as r on r.rider = e.rider
  join device_of as d on d.enrollment_no = e.enrollment_no
  where (select bool_or(cycles_micro is not null) from rider_cap)
)
select device_no, milliwatt, usable, most from own where not shared
union all
select device_no, max(milliwatt), max(usable), max(most) from own where shared group by device_no;

create or replace temp table given_event as
select d.device_no, v.event_no, sum(g.mwh) as given_mwh
from called_discharge as g
join limit_event as v on v.event_id = g.event_id
join enrollment as e on e.enrollment_id = g.enrollment_id and e.rider = v.rider
join device_of as d on d.enrollment_no = e.enrollment_no
group by d.device_no, v.event_no;

create or replace temp table given_word as
select device_no, event_no // 60 as word, bit_or(cast(1 as bigint) << (event_no % 60)) as bits
from given_event group by device_no, word;

create or replace temp table given_sum as
select device_no, cast(sum(given_mwh) as hugeint) * 3600 as energy from given_event group by device_no;

create or replace temp table estimated_energy as
select w.device_no, sum(bit_count(w.bits & ~coalesce(g.bits, 0) & l.bits) * least(z.milliwatt * l.seconds, z.most)) as energy,
       sum(bit_count(w.bits & ~coalesce(g.bits, 0) & l.bits)) as events
from device_word as w
join length_word as l on l.word = w.word
join device_size as z on z.device_no = w.device_no
left join given_word as g on g.device_no = w.device_no and g.word = w.word
group by w.device_no;

create or replace temp table device_count as
select w.device_no, sum(bit_count(w.bits & coalesce(m.bits, 0))) as in_month, sum(bit_count(w.bits)) as in_year
from device_word as w
left join month_word as m on m.word = w.word
group by w.device_no;

create or replace temp table device_use as
select e.enrollment_no, e.rider, coalesce(c.in_month, 0) as in_month, coalesce(c.in_year, 0) as in_year,
       coalesce(n.events, 0) as estimated,
       case when z.most is not null then coalesce(n.energy, 0) + coalesce(g.energy, 0) end as energy,
       z.usable, z.milliwatt, z.most
from enrollment as e
join rider_cap as r on r.rider = e.rider and r.capped
join device_of as d on d.enrollment_no = e.enrollment_no
left join device_count as c on c.device_no = d.device_no
left join estimated_energy as n on n.device_no = d.device_no
left join given_sum as g on g.device_no = d.device_no
left join device_size as z on z.device_no = d.device_no
where (select local_date from limit_time) between e.starts_on and coalesce(e.ends_on, date '9999-12-31');
