-- performance.csv: one row per call and row of its event.
select e.enrollment_id, v.event_id, v.service, instant_text(r.start) as start, r.seconds, s.point_id,
       kwh_text(p.baseline_unadjusted_mwh) as baseline_unadjusted_kwh, kwh_text(p.factor_e6) as adjustment_factor,
       kwh_text(p.baseline_mwh) as baseline_kwh, kwh_text(p.metered_mwh) as metered_kwh,
       kwh_text(p.delivered_mwh) as delivered_kwh, kwh_text(coalesce(w.weight_micro, 1000000)) as weight,
       list_extract(['actual', 'validated', 'edited', 'estimated', 'missing'], p.quality + 1) as quality, p.baseline_days,
       case p.note when 'missing' then 'a reading is missing'
                   when 'missing_window' then 'a reading in the adjustment window is missing'
                   when 'too_few_days' then 'too few baseline days: ' || v.too_few_clause
                   when 'window_after_notice' then 'not adjusted: the window does not precede the notice'
                   when 'deemed' then 'deemed delivered, without a reading'
                   when 'guard' then 'not adjusted: the baseline in the window is negative or too small'
                   else nullif(p.note, '') end as note
from performance as p
join call_window as c on c.call_no = p.call_no
join enrollment as e on e.enrollment_no = c.enrollment_no
join service_event as v on v.service_event_no = c.service_event_no
join window_row as r on r.window_no = c.window_no and r.row_no = p.row_no
left join row_weight as w on w.window_no = c.window_no and w.row_no = p.row_no and w.zone is not distinct from c.zone
 and v.price_weighted
left join point_of as s on s.series_no = c.enrollment_no * 2 and s.local_date = r.local_date
where $which
order by e.enrollment_id, v.event_id, v.service, r.start
