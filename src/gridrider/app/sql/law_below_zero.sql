-- Lines below zero that nothing makes good: one row per rider, service and component, with the smallest of them.
select l.rider, l.service, l.component, count(*), amount_text(min(l.amount_cents)),
       arg_min(coalesce(l.enrollment_id, l.participant_id), (l.amount_cents, coalesce(l.enrollment_id, l.participant_id)))
from line as l
left join payment as p on p.pay_no = l.pay_no
left join claw_back as c on c.enrollment_no = l.enrollment_no and l.component = 'claw_back'
where l.amount_cents < 0 and not coalesce(p.floor_over_aggregation or p.floor_sum_over_site, false)
  and not coalesce(c.owed_to_funder, false)
group by l.rider, l.service, l.component order by all
