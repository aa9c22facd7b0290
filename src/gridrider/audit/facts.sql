-- What is known of each instruction at the instant at which it was issued: the device, the tariff's words of that day,
-- the latest report, and whatever forbids it. Energy is milliwatt-hours, power milliwatts, time microseconds.
create or replace macro kw(x) as
  rtrim(rtrim(cast(cast(x as decimal(30, 0)) * cast('0.000001' as decimal(7, 6)) as varchar), '0'), '.');
create or replace macro utc(x) as strftime(x, '%Y-%m-%dT%H:%M:%SZ');
create or replace macro micro(x) as cast(cast(x as decimal(24, 12)) * cast(1000000 as decimal(7, 0)) as hugeint);
create or replace macro nano(x) as cast(cast(x as decimal(24, 12)) * cast(1000000000 as decimal(10, 0)) as hugeint);

create or replace temp table finding (kind varchar, rule varchar, instruction_id varchar, enrollment_id varchar,
  "at" timestamp, asked hugeint, allowed hugeint, because varchar);

create or replace temp table member as
select e.enrollment_id, e.rider, e.point_id, e.starts_on, e.ends_on, e.agreement_signed_on, e.zone, e.services,
       e.duration_s, e.suspended_at, coalesce(e.medical_baseline, false) or coalesce(e.life_support, false) as medical,
       coalesce(e.storm_opt_out, false) as storm_opt_out, d.enrollment_id is not null as described, d.verified,
       coalesce(d.technology, e.technology) as technology,
       coalesce(d.technology, e.technology) in ('battery', 'ev')
         or (coalesce(d.technology, e.technology) = 'other' and d.usable_mwh > 0) as stores,
       cast(d.discharge_max_milliwatt as hugeint) as discharge_max, cast(d.charge_max_milliwatt as hugeint) as charge_max,
       cast(d.usable_mwh as hugeint) as usable, cast(d.export_max_milliwatt as hugeint) as export_max,
       nano(d.charge_efficiency) as charge_nano, nano(d.discharge_efficiency) as discharge_nano,
       greatest(micro(d.reserve_customer_pct), micro(d.reserve_device_pct)) as own_reserve_micro_pct
from enrollments as e
left join devices as d on d.enrollment_id = e.enrollment_id;

create or replace temp table report as
select t.*, lag(reported_at) over w as before_at, lag(stored_mwh) over w as before_mwh
from telemetry as t window w as (partition by enrollment_id order by reported_at);

-- An instruction holds until its end, its timer, or the start of what takes its place.
create or replace temp table instruction as
with placed as (
  select supersedes as instruction_id, min(start) as replaced_at from instructions where supersedes is not null group by 1
)
select i.*, p.replaced_at, least(i."end", i.reverts_at, p.replaced_at) as held_until, d.local_date as issued_on,
       nullif(greatest(epoch_us(i.reverts_at) - epoch_us(i.start), 0), 0) as span_us,
       i.origin in ('restore', 'emergency_stop') as releases,
       row_number() over (partition by i.enrollment_id order by i.issued_at, i.source_row) as nth
from instructions as i
left join placed as p on p.instruction_id = i.instruction_id
asof left join days as d on d.from_utc <= i.issued_at;

create or replace temp table program_event_span as
select p.*, v.start, v."end", v.called_at, v.cancelled_at, v.zone as zones, least(v."end", v.cancelled_at) as over_at
from program_events as p
join events as v on v.event_id = p.event_id;

-- What holds a device back at the instant of an instruction, with the row that says so.
create or replace temp table hold as
select i.instruction_id, 'emergency_stop' as rule, 'stopped at ' || utc(s.stopped_at) as because
from instruction as i
join stops as s on s.stopped_at <= i.issued_at and i.issued_at < coalesce(s.resumed_at, timestamp '9999-12-31')
union all
select i.instruction_id, 'suspended', 'suspended from ' || coalesce(utc(u.start), 'the beginning')
from instruction as i
join unavailable as u on u.enrollment_id = i.enrollment_id and u.reason = 'suspended'
 and (u.event_id is null or u.event_id = i.event_id) and coalesce(u.start, i.issued_at) <= i.issued_at
 and i.issued_at < coalesce(u."end", timestamp '9999-12-31')
union all
select i.instruction_id, 'suspended', 'suspended since ' || utc(m.suspended_at)
from instruction as i
join member as m on m.enrollment_id = i.enrollment_id and m.suspended_at <= i.issued_at
union all
select i.instruction_id, 'opted_out', 'opted out of ' || o.event_id || ' at ' || utc(o.at)
from instruction as i
join opt_outs as o on o.enrollment_id = i.enrollment_id and o.event_id = i.event_id and o.at <= i.issued_at
union all
select i.instruction_id, case s.status when 'feed_lost' then 'storm_feed_lost' else s.status end,
       s.status || ' of ' || coalesce(s.alert, 'an alert') || ' from ' || utc(s."from")
from instruction as i
join site_storms as s on s.enrollment_id = i.enrollment_id and s."from" <= i.issued_at
 and i.issued_at < coalesce(s."to", timestamp '9999-12-31');

create or replace temp table held as
select instruction_id,
       min(because) filter (rule = 'emergency_stop') as stop, min(because) filter (rule = 'suspended') as suspended,
       min(because) filter (rule = 'opted_out') as opted_out, min(because) filter (rule = 'lock') as storm_lock,
       min(because) filter (rule = 'pre_arm') as pre_arm, min(because) filter (rule = 'storm_feed_lost') as feed_lost
from hold group by instruction_id;

-- Every instruction with the latest report not later than it.
create or replace temp table fact as
select i.*, m.* exclude (enrollment_id), m.enrollment_id is not null as enrolled, v.event_id is not null as concerned,
       v.start as event_start, case when v.cancelled_at <= i.issued_at then v.over_at else v."end" end as event_end,
       v.called_at, v.local_date, v.zones, v.service, v.duration_matches,
       epoch_us(v."end") - epoch_us(v.start) as event_us, h.* exclude (instruction_id),
       r.reported_at, r.before_at, cast(r.stored_mwh as hugeint) as stored, cast(r.before_mwh as hugeint) as stored_before,
       cast(r.delivered_milliwatt as hugeint) as reported_milliwatt, cast(r.home_net_milliwatt as hugeint) as home_net,
       nano(r.voltage_pu) as voltage_nano, r.connection, r.plugged, r.departs_at,
       cast(r.departure_mwh as hugeint) as departure, cast(i.delivered_milliwatt as hugeint) as asked,
       coalesce(greatest(m.own_reserve_micro_pct, d.reserve_micro_pct), 0) as reserve_micro,
       d.* exclude (rider, local_date)
from instruction as i
left join member as m on m.enrollment_id = i.enrollment_id
left join program_event_span as v on v.event_id = i.event_id and v.rider = m.rider
left join day_rules as d on d.rider = m.rider and d.local_date = coalesce(v.local_date, i.issued_on)
left join held as h on h.instruction_id = i.instruction_id
asof left join report as r on r.enrollment_id = i.enrollment_id and r.reported_at <= i.issued_at;
