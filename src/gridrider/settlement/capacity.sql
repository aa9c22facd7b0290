-- Families of power times a rate, per month or season: the average over all counted time, the average weighted by price,
-- or the power that was committed, with or without a performance factor. Power is power_n / power_d milliwatts.
insert into line
with held as (       -- enrollments in force in each month or season that has begun
  select e.*, p.pay_no, p.rider as pay_rider, p.service, p.component, p.family, p.locks, p.by_duration, p.by_class,
         p.prorated, p.floor_period, p.average_over, p.pays_full, p.factor_one, p.low_n, p.low_d, p.high_n, p.high_d,
         m.period_first, m.period_end, m.inside_first, m.inside_end, m.whole, m.words as period_words,
         least(coalesce(e.ends_on + 1, m.inside_end), m.inside_end) - greatest(e.starts_on, m.inside_first) as days_in
  from enrollment as e
  join payment as p on p.rider = e.rider and p.by_power
   and (e.services is null or list_contains(e.services, p.service)) and is_for(e.attributes, p.when_any, p.unless_any)
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
), averaged as (     -- what was delivered, as the family averages it; and what was committed
  select h.*, coalesce(s.events, 0) as events, coalesce(s.seconds, 0) as seconds,
         (h.family = 'capacity_committed' and h.factor_one is null) or coalesce(s.measured, true) as measured,
         case when h.family = 'capacity_price_weighted' then coalesce(s.weighted_mwh, 0) * 3600
              when h.average_over = 'events' then coalesce(s.even_n, 0) else coalesce(s.mwh, 0) * 3600 end as average_n,
         case when h.family = 'capacity_price_weighted' then coalesce(s.weight_s, 0)
              when h.average_over = 'events' then cast(s.even_events as hugeint) * (select lcm_s from event_seconds)
              else cast(coalesce(s.seconds, 0) as hugeint) end as average_d,
         cast(case when h.agreement_signed_on <= greatest(h.starts_on, h.inside_first)
                   then coalesce(h.committed_milliwatt, h.nameplate_milliwatt, 0) else 0 end as hugeint) as committed
  from held as h left join summed as s
    on s.enrollment_no = h.enrollment_no and s.pay_no = h.pay_no and s.period_first = h.period_first
), floored as (      -- the average as a whole fraction with a divisor above zero, not below the floor of its period
  select * replace (case when coalesce(average_d, 0) <= 0 then cast(0 as hugeint)
                         when floor_period then greatest(average_n, 0) else average_n end as average_n,
                    case when coalesce(average_d, 0) <= 0 then cast(1 as hugeint) else average_d end as average_d),
         coalesce(average_d, 0) > 0 and floor_period and average_n < 0 as was_raised
  from averaged
), rounded as (      -- the performance factor in parts of factor_one, before its bounds
  select *, case when committed > 0 then div_half_away(average_n * factor_one, average_d * committed) end as factor_parts
  from floored
), bounded as (
  select *,
         case when factor_one is null or (events = 0 and pays_full) then 1 when events = 0 then 0
              when factor_parts is null then coalesce(low_n, 0)
              when factor_parts * low_d < low_n * factor_one then low_n
              when factor_parts * high_d > high_n * factor_one then high_n else factor_parts end as factor_n,
         case when factor_one is null or events = 0 then 1 when factor_parts is null then coalesce(low_d, 1)
              when factor_parts * low_d < low_n * factor_one then low_d
              when factor_parts * high_d > high_n * factor_one then high_d else factor_one end as factor_d,
         case when family = 'capacity_committed' then committed else average_n end
            * case when prorated then days_in else 1 end as kw_n,
         case when family = 'capacity_committed' then cast(1 as hugeint) else average_d end
            * case when prorated then period_end - period_first else 1 end as kw_d
  from rounded
), rated as (
  select f.*, rate.cite, rate.rate_micro as base_micro, rate.unit as base_unit, rate.effective as base_effective, rate.words,
         case when cast(rate.rate_micro as hugeint) * f.factor_n % f.factor_d = 0
              then cast(cast(rate.rate_micro as hugeint) * f.factor_n // f.factor_d as bigint) end as rate_micro
  from bounded as f
  left join service_vintage as t on t.enrollment_no = f.enrollment_no and t.service = f.service
  join rate on rate.pay_no = f.pay_no and rate.day = f.period_first
   and rate.vintage is not distinct from case when f.locks then coalesce(t.taken_on, f.vintage_day) end
   and rate.duration_s is not distinct from case when f.by_duration then f.duration_s end
   and rate.customer_class is not distinct from case when f.by_class then f.customer_class end
)
select f.enrollment_no, f.participant_id, f.aggregation_id, f.payee_id, f.enrollment_id, f.pay_no, f.pay_rider, f.service,
       f.component, cast(null as varchar) as event_id, f.period_first, f.period_end, f.cite,
       f.kw_n, f.kw_d * 1000000 as quantity_d, 'kW', f.rate_micro, case when f.rate_micro is not null then f.base_unit end,
       case when f.rate_micro is not null then f.base_effective end,
       cast(coalesce(div_half_away(f.kw_n * f.base_micro * f.factor_n, f.kw_d * f.factor_d * cast(10000000000 as hugeint)),
                     0) as bigint),
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
       || case when f.family <> 'capacity_committed' and f.was_raised then ', not below zero' else '' end
       || case when f.prorated and f.days_in < f.period_end - f.period_first
               then ', for ' || f.days_in || ' of ' || (f.period_end - f.period_first) || ' days' else '' end
       || case when f.factor_one is null then ''
               when f.events = 0 then ', times a performance factor of ' || f.factor_n || ' as no event counted'
               else ', times a performance factor of '
                    || case when 1000000 % f.factor_d = 0 then usd_text(f.factor_n * 1000000 // f.factor_d)
                            else f.factor_n || '/' || f.factor_d end || ' from '
                    || kwh_text(div_half_away(f.average_n, f.average_d)) || ' kW on average over '
                    || f.events || case when f.events = 1 then ' event' else ' events' end end
       || case when f.base_micro is null then '; the rate lock has ended and the tariff gives no rate'
               else ', times ' || usd_text(f.base_micro) || ' ' || f.base_unit
                    || case when f.words = '' then '' else ' (' || f.words || ')' end end,
       cast(null as varchar)
from rated as f;
