-- Every event that concerned the enrollments at hand, with its outcome and what it was measured by.
select r.*, c.window_no, c.shape_no, c.method_no, c.matcher_no, c.adjusts, c.given, c.group_no, c.nameplate_milliwatt,
       c.zone, c.local_date, c.to_measure, v.event_id, v.service, v.rider, v.kind, v.start_utc, v.end_utc, v.counts,
       v.seconds as event_seconds, v.price_weighted, v.priced, v.floor_row, v.floor_event, v.missed_zero,
       u.spans as unavailable, e.enrollment_id
from result as r
join call_window as c on c.call_no = r.call_no
join service_event as v on v.service_event_no = r.service_event_no
join enrollment as e on e.enrollment_no = r.enrollment_no
left join unavailable_call as u on u.call_no = r.call_no
order by v.start_utc, v.event_id, e.enrollment_id
