-- What the run says of itself: answers, protections, skipped.
create or replace temp table answered as
select instruction_id, min("at") filter (answer not in ('sent', 'unknown')) as acknowledged_at,
       coalesce(bool_or(answer = 'unknown'), false) as unknown, min("at") filter (answer = 'seen') as seen_at,
       coalesce(bool_or(answer in ('seen', 'unknown', 'not_obeyed', 'rejected')), false) as settled
from answers group by instruction_id;

insert into finding
select 'program', 'unknown', i.instruction_id, i.enrollment_id, i.issued_at, i.delivered_milliwatt, null,
       'issued ' || utc(i.issued_at) || ', first acknowledged ' || coalesce(utc(a.acknowledged_at), 'never')
       || ', and no answer says that it is unknown'
from instruction as i cross join operation as o
left join answered as a on a.instruction_id = i.instruction_id
where not coalesce(a.unknown, false) and epoch_us(i.issued_at) + 3 * o.tick_us <= epoch_us(o.run_end)
  and (a.acknowledged_at is null or epoch_us(a.acknowledged_at) - epoch_us(i.issued_at) > 2 * o.tick_us)
union all
select 'program', 'seen', i.instruction_id, i.enrollment_id, i.issued_at, i.delivered_milliwatt, null,
       i.origin || ' was acknowledged ' || utc(a.acknowledged_at) || ' and never verified'
from instruction as i cross join operation as o
join answered as a on a.instruction_id = i.instruction_id
where i.releases and not a.settled and epoch_us(a.acknowledged_at) - epoch_us(i.issued_at) <= 2 * o.tick_us
  and epoch_us(i.issued_at) + 3 * o.tick_us <= epoch_us(o.run_end)
  and (i.replaced_at is null or epoch_us(i.replaced_at) - epoch_us(i.issued_at) > 3 * o.tick_us)
union all
select 'program', 'seen', i.instruction_id, i.enrollment_id, a.seen_at, i.delivered_milliwatt, null,
       'no report after ' || utc(i.issued_at) || ' and up to ' || utc(a.seen_at) || ' says that it follows nothing'
from instruction as i
join answered as a on a.instruction_id = i.instruction_id and a.seen_at is not null
where i.releases
  and not exists (select 1 from report as r where r.enrollment_id = i.enrollment_id and not r.follows
                  and r.reported_at > i.issued_at and r.reported_at <= a.seen_at);

-- A protection that goes on cutting has one row for all of it, at its first instruction. Several protections may have cut one instruction; the least that they gave is what was sent.
create or replace temp table cut as
select p.enrollment_id, p.at, p.event_id, min(p.given_milliwatt) as given, max(p.asked_milliwatt) as asked,
       any_value(p.protection) as protection
from protections as p group by p.enrollment_id, p.at, p.event_id;

insert into finding
select 'program', 'protections', '', enrollment_id, protections."at", asked_milliwatt, given_milliwatt,
       protection || ' made ' || coalesce(kw(asked_milliwatt), 'nothing') || ' kW to ' || coalesce(kw(given_milliwatt), 'nothing')
       || ' kW, which is not milder'
from protections
where asked_milliwatt is null or given_milliwatt is null or given_milliwatt < 0 or given_milliwatt > asked_milliwatt
union all
select 'program', 'protections', coalesce(i.instruction_id, ''), c.enrollment_id, c.at, i.delivered_milliwatt, c.given,
       c.protection || ' left ' || kw(c.given) || ' kW, and the instruction of ' || utc(c.at) || ' asks '
       || coalesce(kw(i.delivered_milliwatt) || ' kW', 'nothing')
from cut as c
left join instruction as i on i.enrollment_id = c.enrollment_id and i.issued_at = c.at and i.origin = 'event'
 and (c.event_id is null or i.event_id = c.event_id)
where c.given >= 0 and abs(coalesce(i.delivered_milliwatt, 0) - c.given) > 1
union all
select 'program', 'protections', i.instruction_id, i.enrollment_id, i.issued_at, i.delivered_milliwatt, null,
       'it names ' || i.protection || ', and the protections table has no such row of the event so far'
from instruction as i
where i.origin = 'event' and i.protection is not null and not exists (
  select 1 from protections as p where p.enrollment_id = i.enrollment_id and p.at <= i.issued_at
   and p.protection = i.protection and coalesce(p.event_id, i.event_id) = i.event_id)
union all
select 'program', 'skipped', i.instruction_id, i.enrollment_id, i.issued_at, i.delivered_milliwatt, 0,
       'skipped for ' || s.event_id || ' because of ' || coalesce(s.reason, 'nothing')
from instruction as i
join skipped as s on s.enrollment_id = i.enrollment_id and s.event_id = i.event_id
where i.origin = 'event' and i.delivered_milliwatt > 0;
