-- Family "energy": each counted event's kilowatt-hours times the rate; one line per enrollment and event.
create or replace temp macro most_mwh(power_milliwatt, s) as div_half_away(cast(power_milliwatt as hugeint) * s, 3600);

insert into line
with paid as (       -- where the tariff says so, not more than the committed power over the event's counted time
  select r.* replace (case when p.is_capped
                           then least(r.payable_mwh, most_mwh(coalesce(e.committed_milliwatt, e.nameplate_milliwatt, 0), r.seconds)) else r.payable_mwh end as payable_mwh),
         p.pay_no, p.is_capped and r.payable_mwh > most_mwh(coalesce(e.committed_milliwatt, e.nameplate_milliwatt, 0), r.seconds) as is_cut
  from result as r
  join pays_event as w on w.service_event_no = r.service_event_no
  join payment as p on p.pay_no = w.pay_no and p.family = 'energy'
  join enrollment as e on e.enrollment_no = r.enrollment_no and is_for(e.attributes, p.when_any, p.unless_any)
  where r.counted
)
select r.enrollment_no, e.participant_id, e.aggregation_id, e.payee_id, e.enrollment_id, p.pay_no, v.rider, v.service,
       p.component, v.event_id, v.local_date as period_start, v.local_date + 1 as period_end,
       rate.cite as clause, cast(r.payable_mwh as hugeint) as quantity_n, cast(1000000 as hugeint) as quantity_d,
       'kWh' as unit, rate.rate_micro, rate.unit as rate_unit, rate.effective as rate_effective,
       cast(coalesce(div_half_away(cast(r.payable_mwh as hugeint) * rate.rate_micro, cast(10000000000 as hugeint)), 0)
            as bigint) as amount_cents,
       r.quality < 3 or r.zero as measured, true as whole,
       'Event ' || v.event_id || ' on ' || v.local_date || ': '
       || case when r.outcome = 'opted_out' and r.zero then 'opted out, which counts as zero'
               when r.outcome = 'suspended' and r.zero then 'participation was suspended, which counts as zero'
               when r.outcome = 'missing_readings' then 'readings stayed away, which counts as zero by the rider'
               else kwh_text(r.payable_mwh) || ' kWh ' || v.delivered_words
                    || case when r.taken_mwh = 0 then ''
                            else ', beyond ' || kwh_text(r.taken_mwh) || ' kWh that are paid elsewhere' end
                    || case when r.is_cut then ', not more than the committed power' else '' end end
       || case when rate.rate_micro is null then '; the rate lock has ended and the tariff gives no rate'
               else ', times ' || usd_text(rate.rate_micro) || ' ' || rate.unit
                    || case when rate.words = '' then '' else ' (' || rate.words || ')' end end as because,
       cast(null as varchar) as part
from paid as r
join service_event as v on v.service_event_no = r.service_event_no
join payment as p on p.pay_no = r.pay_no
join enrollment as e on e.enrollment_no = r.enrollment_no
left join service_vintage as t on t.enrollment_no = e.enrollment_no and t.service = p.service
join rate on rate.pay_no = p.pay_no and rate.day = v.local_date and rate.vintage is not distinct from
     case when p.locks then coalesce(t.taken_on, e.vintage_day) end
 and rate.duration_s is not distinct from case when p.by_duration then e.duration_s end
 and rate.customer_class is not distinct from case when p.by_class then e.customer_class end;
