-- Devices that should have been let go of, and enrollments that an event forgot.
create or replace temp table ask as
select f.instruction_id, f.enrollment_id, f.origin, f.issued_at, f.held_until, coalesce(f.event_id, f.origin) as event_id,
       f.pre_arm_hold, f.release_us, f.technology
from fact as f
where not f.releases and f.asked is not null;

-- What is over before the next tick, nobody looked at: it makes nobody leave. A stop acts at once, however short.
create or replace temp table cause as
select a.*, 'opted out' as cause, o.at as since, timestamp '9999-12-31' as lasts_to
from ask as a
join opt_outs as o on o.enrollment_id = a.enrollment_id and o.event_id = a.event_id
where a.origin = 'event' and a.issued_at <= o.at and o.at < a.held_until
union all
select a.*, 'suspended', s.at, coalesce(s."end", timestamp '9999-12-31')
from ask as a
join (select enrollment_id, start as "at", "end", event_id from unavailable where reason = 'suspended' and start is not null
      union all select enrollment_id, suspended_at, null, null from member where suspended_at is not null) as s
  on s.enrollment_id = a.enrollment_id and (s.event_id is null or s.event_id = a.event_id)
where a.origin = 'event' and a.issued_at <= s.at and s.at < a.held_until
union all
select a.*, 'storm ' || s.status, s."from", coalesce(s."to", timestamp '9999-12-31')
from ask as a
join site_storms as s on s.enrollment_id = a.enrollment_id
 and (s.status in ('lock', 'feed_lost') or s.status = 'pre_arm' and a.pre_arm_hold)
where a.origin = 'event' and a.issued_at <= s."from" and s."from" < a.held_until
union all
select a.*, 'telemetry says ' || r.connection, r.reported_at, timestamp '9999-12-31'
from ask as a
join report as r on r.enrollment_id = a.enrollment_id and r.connection <> 'grid_tied'
where a.origin = 'event' and a.issued_at <= r.reported_at and r.reported_at < a.held_until
union all
select a.*, 'the stop', s.stopped_at, timestamp '9999-12-31'
from ask as a
join stops as s on a.issued_at <= s.stopped_at and s.stopped_at < a.held_until;

-- The first release from the cause on; after a stop only one that asks for nothing will do.
create or replace temp table unreleased as
select c.enrollment_id, c.event_id, c.cause, c.since, c.instruction_id, r.issued_at as released_at, o.tick_us as within_us
from cause as c
cross join operation as o
asof left join (select enrollment_id, issued_at from instruction where releases or origin = 'storm_charge') as r
  on r.enrollment_id = c.enrollment_id and r.issued_at >= c.since
where c.cause <> 'the stop' and epoch_us(c.lasts_to) - epoch_us(c.since) > o.tick_us
union all
select c.enrollment_id, c.event_id, c.cause, c.since, c.instruction_id, r.issued_at, o.tick_us
from cause as c
cross join operation as o
asof left join (select enrollment_id, issued_at from instruction where releases) as r
  on r.enrollment_id = c.enrollment_id and r.issued_at >= c.since
where c.cause = 'the stop'
union all
select e.enrollment_id, e.event_id, 'the end of ' || e.event_id, greatest(e.over_at, e.last_at), e.instruction_id, r.issued_at,
       case when e.technology in ('thermostat', 'water_heater') then greatest(e.release_us, o.tick_us) else o.tick_us end
from (select a.enrollment_id, a.event_id, any_value(v.over_at) as over_at, max(a.issued_at) as last_at,
             arg_max(a.instruction_id, a.issued_at) as instruction_id, any_value(a.technology) as technology,
             any_value(a.release_us) as release_us
      from ask as a join program_event_span as v on v.event_id = a.event_id where a.origin = 'event' group by 1, 2) as e
cross join operation as o
asof left join (select enrollment_id, issued_at from instruction where releases or origin = 'storm_charge') as r
  on r.enrollment_id = e.enrollment_id and r.issued_at >= e.last_at;

insert into finding
select 'program', 'restore', first(u.instruction_id order by u.since, u.instruction_id), u.enrollment_id, min(u.since), null, null,
       'after ' || first(u.cause order by u.since, u.instruction_id) || ' at ' || utc(min(u.since)) || ' it gets nothing until '
       || coalesce(utc(first(u.released_at order by u.since, u.instruction_id)), 'the end of the run') || '; within '
       || first(u.within_us order by u.since, u.instruction_id) // 1000000 || ' s is due'
from unreleased as u cross join operation as o
where epoch_us(u.since) + u.within_us < epoch_us(o.run_end)
  and (u.released_at is null or epoch_us(u.released_at) - epoch_us(u.since) > u.within_us)
group by u.enrollment_id, u.event_id;

-- Everybody whom an event calls is asked or skipped. An event gives way to a longer one that fits the enrollment too.
create or replace temp table called as
select v.event_id, v.service, v.rider, v.start, v."end", v.duration_matches, m.enrollment_id
from program_event_span as v
join member as m on m.rider = v.rider and v.local_date between m.starts_on and coalesce(m.ends_on, date '9999-12-31')
 and (m.services is null or list_contains(m.services, v.service)) and (v.zones is null or list_contains(v.zones, m.zone))
 and (not v.duration_matches or m.duration_s is null or epoch_us(v."end") - epoch_us(v.start) <= m.duration_s * 1000000)
join day_rules as d on d.rider = v.rider and d.local_date = v.local_date and list_contains(d.technologies, m.technology)
cross join operation as o
where v.start >= o.period_start and v.over_at <= least(o.as_of, o.run_end) and v.over_at > v.start;

insert into finding
select 'program', 'left_out', '', c.enrollment_id, c.start, null, null,
       'it is called for ' || c.event_id || ', and neither instructions nor skipped has a row of it'
from called as c
where not exists (select 1 from instruction as i where i.event_id = c.event_id and i.enrollment_id = c.enrollment_id
                  and i.origin = 'event')
  and not exists (select 1 from skipped as s where s.event_id = c.event_id and s.enrollment_id = c.enrollment_id)
  -- A target that was met at every step may need nobody else, and where a feeder's cap binds not everybody can help.
  and not exists (select 1 from fleet_steps as f where f.event_id = c.event_id
                  having count(*) > 0 and bool_and(coalesce(f.shortfall_milliwatt, 1) <= 0))
  and not exists (select 1 from feeder_steps as f where f.event_id = c.event_id and f.dual > 0)
  and not exists (select 1 from called as l where c.duration_matches and l.duration_matches
                  and l.enrollment_id = c.enrollment_id and l.service = c.service and l.event_id <> c.event_id
                  and l.start < c."end" and c.start < l."end"
                  and epoch_us(l."end") - epoch_us(l.start) > epoch_us(c."end") - epoch_us(c.start));
