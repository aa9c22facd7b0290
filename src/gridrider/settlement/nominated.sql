-- Family "capacity_nominated": a participant's delivered power against the power that it nominated for a month, by a
-- schedule. Delivered power is delivered_n / delivered_d milliwatts, over the whole time of the events that count for
-- any of its enrollments.
create or replace temp table nominated as
with promised as (
  select n.participant_id, n.nominated_milliwatt as nominated, p.pay_no, p.rider, p.service, p.component, p.has_floor,
         p.pays_full, m.period_first, m.period_end, m.inside_first, m.inside_end, m.whole, m.words
  from nomination as n
  join payment as p on p.family = 'capacity_nominated' and p.service = n.service
  join pay_period as m on m.pay_no = p.pay_no and m.period_first = n.month_first
  where m.period_first = m.inside_first   -- the run's period holds the month's first day
), answers as (
  select q.pay_no, q.participant_id, q.period_first, r.service_event_no, v.seconds, r.enrollment_no, r.counted, r.payable_mwh,
         r.unresolved, r.quality < 3 or r.zero as measured
  from promised as q
  join pays_event as w on w.pay_no = q.pay_no
  join service_event as v on v.service_event_no = w.service_event_no
   and v.local_date >= q.inside_first and v.local_date < q.inside_end
  join result as r on r.service_event_no = v.service_event_no
  join enrollment as e on e.enrollment_no = r.enrollment_no and e.participant_id = q.participant_id
), timed as (        -- an event counts when one of the participant's enrollments counts in it
  select pay_no, participant_id, period_first, cast(sum(seconds) as hugeint) as seconds, count(*) as events
  from (select distinct pay_no, participant_id, period_first, service_event_no, seconds from answers where counted)
  group by all
), given as (
  select pay_no, participant_id, period_first, sum(cast(payable_mwh as hugeint)) filter (counted) as mwh,
         coalesce(bool_and(measured) filter (counted), true) and not bool_or(unresolved) as measured,
         count(distinct enrollment_no) filter (unresolved) as silent
  from answers group by all
), signed as (
  select distinct q.pay_no, q.participant_id, q.period_first
  from promised as q join enrollment as e on e.participant_id = q.participant_id and e.rider = q.rider
   and (e.services is null or list_contains(e.services, q.service)) and e.agreement_signed_on < q.inside_end
   and e.starts_on < q.inside_end and coalesce(e.ends_on, date '9999-12-31') >= q.inside_first
)
select q.*, coalesce(t.events, 0) as events, coalesce(t.seconds, 0) as seconds, coalesce(g.measured, true) as measured,
       coalesce(g.silent, 0) as silent, s.pay_no is not null as is_signed,
       case when q.has_floor then greatest(coalesce(g.mwh, 0), 0) else coalesce(g.mwh, 0) end * 3600 as delivered_n,
       greatest(coalesce(t.seconds, 0), 1) as delivered_d
from promised as q
left join timed as t on t.pay_no = q.pay_no and t.participant_id = q.participant_id and t.period_first = q.period_first
left join given as g on g.pay_no = q.pay_no and g.participant_id = q.participant_id and g.period_first = q.period_first
left join signed as s on s.pay_no = q.pay_no and s.participant_id = q.participant_id and s.period_first = q.period_first;

insert into line
with held as (       -- the step with the greatest ratio that was reached, else the one with the least
  select n.pay_no, n.participant_id, n.period_first,
         coalesce(arg_max(s, s.ratio_e6) filter (n.delivered_n * 1000000
                                                 >= cast(s.ratio_e6 as hugeint) * n.nominated * n.delivered_d),
                  arg_min(s, s.ratio_e6)) as step
  from nominated as n join nomination_step as s on s.pay_no = n.pay_no and s.period_first = n.period_first
  group by all
), amounted as (
  select n.*, h.step, rate.rate_micro as base_micro, rate.unit as base_unit, rate.cite, rate.words as rate_words,
         cast(case when n.nominated = 0 then 0
                   when n.events > 0 then div_half_away(rate.rate_micro
                        * (h.step.of_delivered_e6 * n.delivered_n
                           + h.step.of_nominated_e6 * cast(n.nominated as hugeint) * n.delivered_d),
                        n.delivered_d * cast(10000000000000000 as hugeint))
                   when n.pays_full and n.is_signed
                   then div_half_away(cast(n.nominated as hugeint) * rate.rate_micro, cast(10000000000 as hugeint))
                   else 0 end as bigint) as amount_cents
  from nominated as n
  join held as h on h.pay_no = n.pay_no and h.participant_id = n.participant_id and h.period_first = n.period_first
  join rate on rate.pay_no = n.pay_no and rate.day = n.period_first
)
select cast(null as bigint), participant_id, participant_id, participant_id, cast(null as varchar), pay_no, rider, service,
       case when amount_cents < 0 then 'penalty' else component end, cast(null as varchar), period_first, period_end, cite,
       case when events > 0 then delivered_n else 0 end, delivered_d * 1000000, 'kW', cast(null as bigint),
       cast(null as varchar), cast(null as date), amount_cents, measured, whole,
       words || ': '
       || case when nominated = 0 then 'nothing was nominated'
               when events = 0 then 'no event counted, ' || kwh_text(nominated) || ' kW nominated'
                    || case when pays_full and not is_signed then ', and no enrollment was signed'
                            when pays_full then ' are paid in full' else ' and nothing paid' end
               else kwh_text(div_half_away(delivered_n, delivered_d)) || ' kW delivered on average over ' || events
                    || case when events = 1 then ' event' else ' events' end || ' (' || hours_text(seconds) || ' h) of '
                    || kwh_text(nominated) || ' kW nominated; from a ratio of ' || usd_text(step.ratio_e6) || ' on '
                    || usd_text(step.of_delivered_e6) || ' of the delivered and ' || usd_text(step.of_nominated_e6)
                    || ' of the nominated power are paid' end
       || ', at ' || usd_text(base_micro) || ' ' || base_unit
       || case when rate_words = '' then '' else ' (' || rate_words || ')' end
       || case when silent = 0 then '' when silent = 1 then '; 1 member has no readings'
               else '; ' || silent || ' members have no readings' end,
       cast(null as varchar)
from amounted;
