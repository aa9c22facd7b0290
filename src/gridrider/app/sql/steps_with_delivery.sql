-- What the devices that an event asked gave at the end of each of its steps: a report counts if the last instruction
-- before it was the event's and asked for power. What a battery gives its own home after it left does not count.
with told as (
  select r.enrollment_id, r.reported_at, greatest(r.delivered_milliwatt, 0) as milliwatt, i.event_id
  from report as r
  asof join instruction as i on i.enrollment_id = r.enrollment_id and i.issued_at < r.reported_at
  where i.origin = 'event' and i.delivered_milliwatt > 0
), given as (
  select event_id, reported_at, sum(milliwatt) as milliwatt from told group by event_id, reported_at
)
select s.*, cast(coalesce(g.milliwatt, 0) as bigint) as delivered_milliwatt
from step as s
left join given as g on g.event_id = s.event_id and g.reported_at = s.start + to_seconds(s.seconds)
order by s.event_id, s.start
