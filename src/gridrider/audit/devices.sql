-- What devices did that they were not asked. A report tells of the time since the report before it; only what lies
-- inside one instruction is held against it. Of many reports of one kind and instruction the first is told.
create or replace temp table obeyed as
select i.*, a.acknowledged_at, coalesce(
    (select min(n.acknowledged_at) from (select j.enrollment_id, j.supersedes, b.acknowledged_at from instruction as j
       join answered as b on b.instruction_id = j.instruction_id) as n where n.supersedes = i.instruction_id),
    timestamp '9999-12-31') as let_go_at
from instruction as i
left join answered as a on a.instruction_id = i.instruction_id
where not i.releases;

create or replace temp table deed as
select r.*, cast(r.delivered_milliwatt as hugeint) as given, i.instruction_id, i.delivered_milliwatt as asked, i.floor_mwh,
       i.origin, i.issued_at, i.start, i."end", i.reverts_at, i.let_go_at, i.acknowledged_at, i.timer_at,
       i.next_start, m.usable
from report as r
join member as m on m.enrollment_id = r.enrollment_id
asof join (select *, max(least(reverts_at, let_go_at)) over so_far as timer_at,
                  coalesce(lead(start) over so_far, timestamp '9999-12-31') as next_start
           from obeyed window so_far as (partition by enrollment_id order by nth)) as i
  on i.enrollment_id = r.enrollment_id and i.issued_at <= r.before_at
where r.delivered_milliwatt > 100000 and r.before_at is not null;

create or replace temp table misdeed as
select case when r.connection <> 'grid_tied' then 'islanded' when s.enrollment_id is not null then 'storm_hold'
            else 'after_timer' end as rule,
       r.instruction_id, r.enrollment_id, r.reported_at as "at", r.given, cast(0 as hugeint) as allowed,
       'the report of ' || utc(r.reported_at) || ' follows and gives ' || kw(r.given) || ' kW, and nothing asked it from '
       || utc(r.timer_at) || ' on' as because
from deed as r
left join (select enrollment_id, "from", "to" from site_storms where status = 'lock') as s
  on s.enrollment_id = r.enrollment_id and s."from" <= r.before_at and r.before_at < coalesce(s."to", timestamp '9999-12-31')
where r.follows and r.before_at >= r.timer_at and r.reported_at <= r.next_start
union all
select 'more_than_asked', instruction_id, enrollment_id, reported_at, given, greatest(asked, 0),
       'the report of ' || utc(reported_at) || ' gives ' || kw(given) || ' kW on average since ' || utc(before_at)
from deed
where origin = 'event' and before_at >= start and reported_at <= least("end", reverts_at, let_go_at)
  and coalesce(follows, true) and acknowledged_at <= before_at and 10 * given > 11 * greatest(asked, 0) + 1000000
union all
select 'below_floor', instruction_id, enrollment_id, reported_at, given, 0,
       'the report of ' || utc(reported_at) || ' stores ' || kw(stored_mwh) || ' kWh and gives on below its floor of '
       || kw(floor_mwh) || ' kWh'
from deed
where origin = 'event' and before_at >= start and reported_at <= least("end", reverts_at, let_go_at)
  and coalesce(follows, true) and acknowledged_at <= before_at and 100 * (floor_mwh - cast(stored_mwh as hugeint)) > usable;

insert into finding
select 'device', rule, instruction_id, enrollment_id, min("at"), first(given order by "at"), first(allowed order by "at"),
       first(because order by "at") || case when count(*) > 1 then ', and ' || (count(*) - 1) || ' more reports' else '' end
from misdeed group by rule, instruction_id, enrollment_id;
