-- Family "energy_at_price": each row's kilowatt-hours times the price of its zone's series, one line per enrollment and
-- event. A price in micro-dollars per MWh times mWh is 1e-15 dollars.
insert into line
select r.enrollment_no, e.participant_id, e.aggregation_id, e.payee_id, e.enrollment_id, p.pay_no, v.rider, v.service,
       p.component, v.event_id, v.local_date as period_start, v.local_date + 1 as period_end, z.clause,
       cast(r.payable_mwh as hugeint) as quantity_n, cast(1000000 as hugeint) as quantity_d, 'kWh' as unit,
       cast(null as bigint) as rate_micro, cast(null as varchar) as rate_unit, cast(null as date) as rate_effective,
       cast(div_half_away(cast(r.priced_mwh as hugeint), cast(10000000000000 as hugeint)) as bigint) as amount_cents,
       r.quality < 3 or r.zero as measured, true as whole,
       'Event ' || v.event_id || ' on ' || v.local_date || ': '
       || case when r.outcome = 'opted_out' and r.zero then 'opted out, which counts as zero'
               when r.outcome = 'suspended' and r.zero then 'participation was suspended, which counts as zero'
               when r.outcome = 'missing_readings' then 'readings stayed away, which counts as zero by the rider'
               else kwh_text(r.payable_mwh) || ' kWh ' || v.delivered_words || ', each row at its price of ' || z.series end
       as because, cast(null as varchar) as part
from result as r
join service_event as v on v.service_event_no = r.service_event_no
join pays_event as w on w.service_event_no = r.service_event_no
join payment as p on p.pay_no = w.pay_no and p.family = 'energy_at_price'
join enrollment as e on e.enrollment_no = r.enrollment_no and is_for(e.attributes, p.when_any, p.unless_any)
left join zone_series as z on z.zone = e.zone
where r.counted;
