-- exceptions.csv: what a person has to look at.
select coalesce(e.resource_id, r.resource_id) as resource_id, instant_text(make_timestamp(e.start_s * 1000000)) as start,
       e.seconds, e.kind, kwh_text(e.mwh) as kwh,
       amount_text(case when e.micro_usd < 0 then -((-e.micro_usd + 5000) // 10000) else (e.micro_usd + 5000) // 10000 end)
         as amount_usd,
       e.because, p.premise_point_id, coalesce(r.load_serving_entity, y.load_serving_entity) as load_serving_entity,
       coalesce(r.scheduling_coordinator, y.scheduling_coordinator) as scheduling_coordinator, e.charge_code, e.recalculation,
       c.clause
from exception as e
left join resource as r on r.resource_no = e.resource_no
left join premise as p on p.premise_no = e.premise_no
left join (select premise_no, string_agg(distinct load_serving_entity, ';' order by load_serving_entity)
                  as load_serving_entity,
                  string_agg(distinct scheduling_coordinator, ';' order by scheduling_coordinator)
                  as scheduling_coordinator
           from resource group by premise_no) as y on y.premise_no = e.premise_no
left join clause as c on c.kind = e.kind
order by 1 nulls first, e.start_s, e.kind, e.seconds, p.premise_point_id nulls first, e.charge_code nulls first,
         e.recalculation nulls first, e.mwh nulls first, e.micro_usd nulls first, e.because
