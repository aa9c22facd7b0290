-- wholesale.csv: what load-serving entity and scheduling coordinator both need of a resource and month.
select r.resource_id, m.month, m.award_hours, kwh_text(m.generation_mwh) as generation_kwh,
       kwh_text(m.addback_mwh) as addback_kwh, kwh_text(m.paid_mwh) as paid_kwh, kwh_text(m.charging_mwh) as charging_kwh,
       kwh_text(m.charged_mwh) as charged_kwh,
       amount_text(case when m.micro_usd < 0 then -((-m.micro_usd + 5000) // 10000) else (m.micro_usd + 5000) // 10000 end)
         as amount_usd,
       r.load_serving_entity, r.scheduling_coordinator
from resource_month as m join resource as r on r.resource_no = m.resource_no order by r.resource_no, m.month
