-- What each battery has been asked and has given before an instruction: events of the month and year, and cycles, over
-- every service and successive enrollment at its point.
create or replace temp table asked_event as
select f.point_id, f.event_id, any_value(f.local_date) as local_date, min(f.issued_at) as first_asked_at
from fact as f
where f.origin = 'event' and f.asked > 0 and f.local_date is not null
group by f.point_id, f.event_id;

create or replace temp table other_event as
select f.instruction_id,
       count(*) filter (date_trunc('month', a.local_date) = date_trunc('month', f.local_date)) as in_month,
       count(*) as in_year
from fact as f
join asked_event as a on a.point_id = f.point_id and a.event_id <> f.event_id and a.first_asked_at <= f.issued_at
 and year(a.local_date) = year(f.local_date)
where f.origin = 'event' and f.asked > 0 and (f.month_events is not null or f.year_events is not null)
group by f.instruction_id;

-- Spans in which an event held a device: instructions that touch are one span.
create or replace temp table called_span as
with marked as (
  select f.point_id, f.enrollment_id, year(f.local_date) as year, f.start, f.held_until,
         f.start > coalesce(max(f.held_until) over (partition by f.enrollment_id order by f.start, f.held_until
                              rows between unbounded preceding and 1 preceding), timestamp '0001-01-01') as opens
  from fact as f
  where f.origin = 'event' and f.asked > 0 and f.local_date is not null and f.stores and f.held_until > f.start
    and f.enrollment_id in (select m.enrollment_id from member as m join day_rules as d on d.rider = m.rider
                            where d.cycles_micro is not null)
), numbered as (
  select *, count(*) filter (opens) over (partition by enrollment_id order by start, held_until
                                         rows between unbounded preceding and current row) as span_no
  from marked
)
select point_id, enrollment_id, any_value(year) as year, min(start) as from_at, max(held_until) as to_at
from numbered group by point_id, enrollment_id, span_no;

-- Energy is milliwatt-microseconds, so that nothing is rounded.
create or replace temp table called_energy as
with given as (
  select s.point_id, s.year, r.reported_at,
         sum(cast(r.delivered_milliwatt as hugeint)
             * (least(epoch_us(r.reported_at), epoch_us(s.to_at)) - greatest(epoch_us(r.before_at), epoch_us(s.from_at)))
            ) as energy
  from report as r
  join called_span as s on s.enrollment_id = r.enrollment_id and r.before_at < s.to_at and r.reported_at > s.from_at
  where r.delivered_milliwatt > 0
  group by s.point_id, s.year, r.reported_at
)
select point_id, year, reported_at,
       cast(sum(energy) over (partition by point_id, year order by reported_at
                              rows between unbounded preceding and current row) as hugeint) as energy
from given;
