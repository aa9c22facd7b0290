-- Day matching (X of Y): the mean of the picked days' loads, adjusted by what the event's own day shows before it.
-- Choices come from `method`; candidate days, already clear of holidays and events, from `candidate`, latest first.
-- Lists of small numbers instead of window functions over all candidates: half of the work was there.
with needed as (     -- the days that each shape is looked for on
  select distinct c.shape_no, k.local_date
  from (select distinct shape_no, matcher_no from call) as c join candidate as k on k.matcher_no = c.matcher_no
), whole_days as (   -- most series lack nothing on any of these days, and need no closer look
  select l.series_no, count(*) as days from load as l
  where l.whole and l.local_date in (select local_date from needed) group by l.series_no
), doubtful as (
  select c.call_no, c.series_no, c.shape_no, c.matcher_no
  from call as c left join whole_days as w on w.series_no = c.series_no
  where coalesce(w.days, 0) < (select count(distinct local_date) from needed)
), ready as materialized (
  select l.series_no, s.shape_no, l.local_date
  from load as l join shape as s on s.step_seconds = l.step_seconds
  where l.series_no in (select series_no from doubtful)
    and (l.whole or list_count(list_select(l.clock_mwh, s.all_picks)) = len(s.all_picks))
), unusable as (     -- candidates that a call cannot use: not complete, or taken out by its own events and outages
  select d.call_no, k.recency
  from doubtful as d join candidate as k on k.matcher_no = d.matcher_no
  where not exists (select 1 from ready as r where r.series_no = d.series_no and r.shape_no = d.shape_no
                                               and r.local_date = k.local_date)
  union all
  select c.call_no, k.recency
  from own_excluded as x join call as c on c.enrollment_no = x.enrollment_no
  join candidate as k on k.matcher_no = c.matcher_no and k.local_date = x.local_date
), left_out as (
  select call_no, list(recency) as recencies from unusable group by call_no
), latest as (       -- the latest Y complete candidates of each call; recency 1 is the latest
  select c.call_no, t.highest, case when o.call_no is null then m.recencies
         else list_filter(m.recencies, lambda r: not list_contains(o.recencies, r)) end[:t.of_last] as recencies
  from call as c
  join method as t on t.method_no = c.method_no
  join matcher_days as m on m.matcher_no = c.matcher_no
  left join left_out as o on o.call_no = c.call_no
), looked_at as (    -- with their load in the event's rows, where only the highest X count
  select d.call_no, d.highest, d.recency,
         list_sum(list_select(l.clock_mwh, s.flat_picks)) as event_mwh
  from (select call_no, highest, unnest(recencies) as recency from latest where highest < len(recencies)) as d
  join call as c on c.call_no = d.call_no
  join candidate as k on k.matcher_no = c.matcher_no and k.recency = d.recency
  join load as l on l.series_no = c.series_no and l.local_date = k.local_date
  join shape as s on s.shape_no = c.shape_no and s.step_seconds = l.step_seconds
), chosen as (       -- the baseline days of each call, latest first
  select call_no, recencies from latest where highest >= len(recencies) and len(recencies) > 0
  union all
  select call_no, list_sort(list(recency))
  from (select *, row_number() over (partition by call_no order by event_mwh desc, recency) as loaded from looked_at)
  where loaded <= highest group by call_no
), picked as (
  select call_no, unnest(recencies) as recency, unnest(range(1, len(recencies) + 1)) as place from chosen
), weighted as (     -- each baseline day's loads, one number per row of the event, and its weight
  select p.call_no, case when len(t.weights) = 0 then 1 else coalesce(t.weights[p.place], 0) end as weight,
         case when s.one_step_rows then list_select(l.clock_mwh, s.flat_picks)
              else list_transform(s.row_picks, lambda picks: cast(list_sum(list_select(l.clock_mwh, picks)) as bigint)) end
         as row_mwh,
         case when len(s.window_picks) = 0 then cast(0 as hugeint)
              else list_sum(list_select(l.clock_mwh, s.window_picks)) end as window_mwh,
         case when l.clock_quality is null then 0
              else coalesce(list_max(list_select(l.clock_quality, s.all_picks)), 0) end as quality
  from picked as p
  join call as c on c.call_no = p.call_no
  join method as t on t.method_no = c.method_no
  join candidate as k on k.matcher_no = c.matcher_no and k.recency = p.recency
  join load as l on l.series_no = c.series_no and l.local_date = k.local_date
  join shape as s on s.shape_no = c.shape_no and s.step_seconds = l.step_seconds
), picked_sums as (
  select call_no, sum(weight) as weight, sum(weight * window_mwh) as window_sum, max(quality) as quality
  from weighted group by call_no
), picked_days as (
  select p.*, len(c.recencies) as days, list_aggregate(list_select(m.days, c.recencies), 'string_agg', ';') as baseline_days
  from picked_sums as p join chosen as c on c.call_no = p.call_no
  join call on call.call_no = p.call_no join matcher_days as m on m.matcher_no = call.matcher_no
), row_sums as (
  select call_no, row_no, sum(weight * cast(mwh as hugeint)) as row_sum
  from (select call_no, weight, unnest(row_mwh) as mwh, unnest(range(1, len(row_mwh) + 1)) as row_no from weighted)
  group by call_no, row_no
), known as (        -- everything that a row needs, whole numbers only
  select m.call_no, m.row_no, m.seconds, m.metered_mwh, m.window_mwh, s.row_sum, d.weight, d.window_sum, d.baseline_days,
         c.adjusts, t.*, coalesce(g.shift_mwh, 0) as given_mwh, coalesce(d.days, 0) as days,
         greatest(m.quality, coalesce(d.quality, 0), case when c.adjusts then m.window_quality else 0 end) as quality,
         d.days is null or d.days < t.days_min or d.weight = 0 as too_few,
         t.adjust in ('ratio', 'additive') and c.adjusts as windowed
  from metered as m
  join call as c on c.call_no = m.call_no
  join method as t on t.method_no = c.method_no
  left join picked_days as d on d.call_no = m.call_no
  left join row_sums as s on s.call_no = m.call_no and s.row_no = m.row_no
  left join given as g on g.call_no = m.call_no and g.row_no = m.row_no
), guarded as (      -- may a ratio be made? not of a baseline mean that is negative, zero or tiny
  select *, windowed and adjust = 'ratio'
            and (window_sum <= 0 or window_sum * 3600 < cast(smallest_mean_milliwatt as hugeint) * weight * window_s)
            as tiny
  from known
), factored as (     -- the factor as a fraction
  select *,
         case when not windowed or adjust <> 'ratio' or tiny then 1
              when cast(window_mwh as hugeint) * weight * low_d < low_n * window_sum then low_n
              when cast(window_mwh as hugeint) * weight * high_d > high_n * window_sum then high_n
              else cast(window_mwh as hugeint) * weight end as factor_n,
         case when not windowed or adjust <> 'ratio' or tiny then 1
              when cast(window_mwh as hugeint) * weight * low_d < low_n * window_sum then low_d
              when cast(window_mwh as hugeint) * weight * high_d > high_n * window_sum then high_d
              else window_sum end as factor_d,
         case when windowed and adjust = 'additive' then cast(window_mwh as hugeint) * weight - window_sum else 0 end
         as shift_n   -- mWh over the window, times the weights
  from guarded
), shifted as (      -- the additive shift per hour, held within its bounds: power = n / d milliwatts
  select *,
         case when high_milliwatt is not null and shift_n * 3600 > cast(high_milliwatt as hugeint) * weight * window_s
              then cast(high_milliwatt as hugeint)
              when low_milliwatt is not null and shift_n * 3600 < cast(low_milliwatt as hugeint) * weight * window_s
              then cast(low_milliwatt as hugeint) else shift_n * 3600 end as power_n,
         case when (high_milliwatt is not null and shift_n * 3600 > cast(high_milliwatt as hugeint) * weight * window_s)
                or (low_milliwatt is not null and shift_n * 3600 < cast(low_milliwatt as hugeint) * weight * window_s)
              then cast(1 as hugeint) else weight * greatest(window_s, 1) end as power_d
  from factored
), measured as (
  select call_no, row_no, metered_mwh, quality, baseline_days, too_few, windowed, tiny, adjust, adjusts, window_mwh,
         case when not too_few then div_half_away(row_sum, weight) end as baseline_unadjusted_mwh,
         case when not too_few and adjust = 'ratio' and (window_mwh is not null or not windowed)
              then div_half_away(cast(1000000 as hugeint) * factor_n, factor_d) end as factor_e6,
         case when too_few or metered_mwh is null or (windowed and window_mwh is null) then null
              when windowed and adjust = 'additive'
              then div_half_away(row_sum * 3600 * power_d + power_n * seconds * weight, weight * 3600 * power_d)
              when adjust = 'given' then div_half_away(row_sum, weight) + given_mwh
              else div_half_away(row_sum * factor_n, weight * factor_d) end as baseline_mwh
  from shifted
)
select call_no, row_no, cast(baseline_unadjusted_mwh as bigint) as baseline_unadjusted_mwh,
       cast(factor_e6 as bigint) as factor_e6, cast(baseline_mwh as bigint) as baseline_mwh, metered_mwh,
       cast(baseline_mwh as bigint) - metered_mwh as delivered_mwh,
       case when baseline_mwh is null then 4 else quality end as quality, baseline_days,
       case when too_few then 'too_few_days' when metered_mwh is null then 'missing'
            when windowed and window_mwh is null then 'missing_window'
            when adjust in ('ratio', 'additive') and not adjusts then 'window_after_notice'
            when tiny then 'guard' else '' end as note
from measured;
