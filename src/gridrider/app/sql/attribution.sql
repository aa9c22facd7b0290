-- attribution.csv: every row from which something was taken before it counted, with who took it.
select e.enrollment_id, v.event_id, v.service, instant_text(r.start) as start, r.seconds,
       kwh_text(p.delivered_mwh) as delivered_kwh, kwh_text(t.taken_mwh) as taken_kwh,
       kwh_text(p.delivered_mwh - t.taken_mwh) as counted_kwh, t.takers as taken_by, t.clause,
       'Of ' || kwh_text(p.delivered_mwh) || ' kWh delivered, ' || kwh_text(t.taken_mwh) || ' kWh are paid elsewhere: '
       || t.takers || '.' as because
from counted_row as t
join performance as p on p.call_no = t.call_no and p.row_no = t.row_no
join call_window as c on c.call_no = t.call_no
join enrollment as e on e.enrollment_no = c.enrollment_no
join service_event as v on v.service_event_no = c.service_event_no
join window_row as r on r.window_no = c.window_no and r.row_no = t.row_no
join result as counted on counted.call_no = t.call_no and counted.counted and not counted.zero
where t.taken_mwh <> 0 or t.left_s > 0
order by e.enrollment_id, v.event_id, v.service, r.start
