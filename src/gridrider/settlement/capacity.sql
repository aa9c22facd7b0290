-- Families "capacity_*": a power times a rate, per month or season: the average over all counted time, the average
-- weighted by price, or the power that was committed. The power is the fraction power_n / power_d in milliwatts.
insert into line
with held as (       -- enrollments in force in each month or season that has begun
  select e.*, p.pay_no, p.rider as pay_rider, p.service, p.component, p.family, p.locks, p.by_duration, p.by_class,
         p.prorated, p.floor_period, p.average_over, m.period_first, m.period_end, m.inside_first, m.inside_end, m.whole,
         m.words as period_words,
         least(coalesce(e.ends_on + 1, m.inside_end), m.inside_end) - greatest(e.starts_on, m.inside_first) as days_in
  from enrollment as e
  join payment as p on p.rider = e.rider and p.family <> 'energy'
   and (e.services is null or list_contains(e.services, p.service))
  join pay_period as m on m.pay_no = p.pay_no
  where e.starts_on < m.inside_end and coalesce(e.ends_on, date '9999-12-31') >= m.inside_first
), summed as (
  select h.enrollment_no, h.pay_no, h.period_first, count(*) filter (r.counted) as events,
         sum(cast(r.payable_mwh as hugeint)) filter (r.counted) as mwh, sum(r.seconds) filter (r.counted) as seconds,
         sum(r.weighted_mwh) filter (r.counted) as weighted_mwh, sum(r.weight_s) filter (r.counted) as weight_s,
         sum(cast(r.payable_mwh as hugeint) * 3600 * ((select lcm_s from event_seconds) // nullif(r.seconds, 0)))
             filter (r.counted and r.seconds > 0) as even_n,
         count(*) filter (r.counted and r.seconds > 0) as even_events,
         coalesce(bool_and(r.quality < 3 or r.zero) filter (r.counted), true) and not bool_or(r.unresolved) as measured
  from held as h
  join pays_event as p on p.pay_no = h.pay_no
  join service_event as v on v.service_event_no = p.service_event_no
   and v.local_date >= h.inside_first and v.local_date < h.inside_end
  join result as r on r.service_event_no = v.service_event_no and r.enrollment_no = h.enrollment_no
  group by all
), powered as (
  select h.*, coalesce(s.events, 0) as events, h.family = 'capacity_committed' or coalesce(s.measured, true) as measured, coalesce(s.seconds, 0) as seconds,
         case h.family when 'capacity_committed'
                       then cast(case when h.agreement_signed_on <= greatest(h.starts_on, h.inside_first)
                                      then coalesce(h.committed_milliwatt, h.nameplate_milliwatt, 0) else 0 end as hugeint)
                       when 'capacity_price_weighted' then coalesce(s.weighted_mwh, 0) * 3600
                       else case h.average_over when 'events' then coalesce(s.even_n, 0)
                                 else coalesce(s.mwh, 0) * 3600 end end as power_n,
         case h.family when 'capacity_committed' then cast(1 as hugeint)
                       when 'capacity_price_weighted' then coalesce(s.weight_s, 0)
                       else case h.average_over when 'events' then cast(s.even_events as hugeint) * (select lcm_s from event_seconds)
                                 else cast(coalesce(s.seconds, 0) as hugeint) end end as power_d
  from held as h left join summed as s
    on s.enrollment_no = h.enrollment_no and s.pay_no = h.pay_no and s.period_first = h.period_first
), floored as (
  select *, case when coalesce(power_d, 0) <= 0 then cast(0 as hugeint)
                 when floor_period then greatest(power_n, 0) else power_n end
            * case when prorated then days_in else 1 end as kw_n,
         case when coalesce(power_d, 0) <= 0 then cast(1 as hugeint) else power_d end
            * case when prorated then period_end - period_first else 1 end as kw_d
  from powered
)
select f.enrollment_no, f.participant_id, f.aggregation_id, f.payee_id, f.enrollment_id, f.pay_no, f.pay_rider, f.service,
       f.component, cast(null as varchar) as event_id, f.period_first, f.period_end, rate.cite,
       f.kw_n, f.kw_d * 1000000 as quantity_d, 'kW', rate.rate_micro, rate.unit, rate.effective,
       cast(coalesce(div_half_away(f.kw_n * rate.rate_micro, f.kw_d * cast(10000000000 as hugeint)), 0) as bigint),
       f.measured, f.whole,
       f.period_words || ': '
       || case when f.family = 'capacity_committed' and f.agreement_signed_on is null then 'no signed agreement, no payment'
               when f.family = 'capacity_committed' and f.agreement_signed_on > greatest(f.starts_on, f.inside_first)
               then 'the agreement was signed after the period began, no payment'
               when f.family = 'capacity_committed' then kwh_text(div_half_away(f.kw_n, f.kw_d)) || ' kW committed'
               when f.events = 0 then 'no event counted'
               else kwh_text(div_half_away(f.kw_n, f.kw_d)) || ' kW on '
                    || case when f.family = 'capacity_price_weighted' then 'price-weighted ' else '' end || 'average over '
                    || f.events || case when f.events = 1 then ' event' else ' events' end
                    || ' (' || hours_text(f.seconds) || ' h)' end
       || case when f.floor_period and f.power_n < 0 then ', not below zero' else '' end
       || case when f.prorated and f.days_in < f.period_end - f.period_first
               then ', for ' || f.days_in || ' of ' || (f.period_end - f.period_first) || ' days' else '' end
       || case when rate.rate_micro is null then '; the rate lock has ended and the tariff gives no rate'
               else ', times ' || usd_text(rate.rate_micro) || ' ' || rate.unit
                    || case when rate.words = '' then '' else ' (' || rate.words || ')' end end
from floored as f
join rate on rate.pay_no = f.pay_no and rate.day = f.period_first
 and rate.vintage is not distinct from case when f.locks then f.vintage_day end
 and rate.duration_s is not distinct from case when f.by_duration then f.duration_s end
 and rate.customer_class is not distinct from case when f.by_class then f.customer_class end;
