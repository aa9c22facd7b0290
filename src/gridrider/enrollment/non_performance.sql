-- Who was silent too often; never money, and nothing ends before the notice is over.
with missed as (
  select p.enrollment_id, e.rider, count(distinct p.event_id) as missed, max(d.day) as last_on
  from participation as p
  join enrollment as e on e.enrollment_id = p.enrollment_id and e.status in ('enrolled', 'suspended')
  join events as v on v.event_id = p.event_id and v.cancelled_at is null
  join instant_day as d on d.instant = v.start
  join silence as s on s.rider = e.rider and s.service = coalesce(v.service, s.only_service)
  join silence_season as w on w.rider = s.rider and w.service = s.service and d.day >= w.first and d.day < w.until
  where d.day <= $at and ((p.outcome = 'missed' and p.counted is distinct from false)
        or (p.outcome = 'opted_out' and s.opted_out = 'counts'))
  group by p.enrollment_id, e.rider
)
select m.enrollment_id, m.missed, r.missed_events as missed_events_max, r.in_seasons as seasons, m.last_on,
       cast($at as date) as notice_on, cast($at as date) + r.notice_days as may_end_on, r.clause,
       'missed ' || m.missed || ' events within ' || r.in_seasons || ' season' || case when r.in_seasons = 1 then '' else 's' end
       || '; the enrollment may be ended, without any penalty' as because
from missed as m
join (select distinct rider, missed_events, in_seasons, notice_days, clause from silence) as r on r.rider = m.rider
where m.missed >= r.missed_events
order by m.enrollment_id
