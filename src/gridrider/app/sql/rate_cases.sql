-- Every case for which a rate is needed: the payment, its day, and what its rate depends on.
select distinct p.pay_no, v.local_date as day, v.local_date + 1 as period_end,
       case when p.locks then coalesce(t.taken_on, e.vintage_day) end,
       case when p.by_duration then e.duration_s end, case when p.by_class then e.customer_class end
from result as r join enrollment as e using (enrollment_no) join service_event as v using (service_event_no)
join pays_event as w on w.service_event_no = r.service_event_no
join payment as p on p.pay_no = w.pay_no and p.family = 'energy' and is_for(e.attributes, p.when_any, p.unless_any)
left join service_vintage as t on t.enrollment_no = e.enrollment_no and t.service = p.service
where r.counted
union
select distinct p.pay_no, m.period_first, m.period_end, case when p.locks then coalesce(t.taken_on, e.vintage_day) end,
       case when p.by_duration then e.duration_s end, case when p.by_class then e.customer_class end
from enrollment as e join payment as p on p.rider = e.rider and p.by_power
 and (e.services is null or list_contains(e.services, p.service)) and is_for(e.attributes, p.when_any, p.unless_any)
left join service_vintage as t on t.enrollment_no = e.enrollment_no and t.service = p.service
join pay_period as m on m.pay_no = p.pay_no
where e.starts_on < m.inside_end and coalesce(e.ends_on, date '9999-12-31') >= m.inside_first
union
select distinct p.pay_no, m.period_first, m.period_end, cast(null as date), cast(null as bigint), cast(null as varchar)
from nomination as n
join payment as p on p.family = 'capacity_nominated' and p.service = n.service
join pay_period as m on m.pay_no = p.pay_no and m.period_first = n.month_first
where m.period_first = m.inside_first
order by all
