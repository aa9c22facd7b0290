-- Months and seasons whose counted hours have prices that sum to zero or less.
select m.words, min(e.enrollment_id)
from result as r
join enrollment as e on e.enrollment_no = r.enrollment_no
join service_event as v on v.service_event_no = r.service_event_no
join pays_event as w on w.service_event_no = r.service_event_no
join payment as p on p.pay_no = w.pay_no and p.family = 'capacity_price_weighted'
 and is_for(e.attributes, p.when_any, p.unless_any)
join pay_period as m on m.pay_no = p.pay_no and v.local_date >= m.inside_first and v.local_date < m.inside_end
where r.counted
group by m.words, r.enrollment_no
having sum(r.weight_s) <= 0 and sum(r.seconds) > 0
order by 1, 2 limit 100;
