-- Who is told what: every notice of the event to every enrollment that is called, except while it is suspended and
-- after it has opted out. Through the aggregator where one stands between the customer and the program.
select a.event_id, e.enrollment_id, n.notice, n.at_utc as "at",
       case when e.participant_id = e.customer_id then 'direct' else 'aggregator' end as channel,
       e.participant_id as "to", a.start_utc as start, a.end_utc as "end", n.says
from call_list as c
join enrollment as e on e.enrollment_no = c.enrollment_no
join asked as a on a.rider = c.rider
join notice_due as n on n.rider = c.rider
where not c.never_called
  and not exists (select 1 from opt_outs as o
                  where o.event_id = a.event_id and o.enrollment_id = e.enrollment_id and o."at" <= n.at_utc)
  and not exists (select 1 from unavailable as u
                  where u.enrollment_id = e.enrollment_id and u.reason = 'suspended'
                    and u.start <= n.at_utc and u."end" > n.at_utc)
