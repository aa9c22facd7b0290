-- Day matching (X of Y): the mean of the picked days' loads, adjusted by what the event's own day shows before it.
-- Choices come from `method`; candidate days, already clear of holidays and events, from `candidate`, latest first.
-- Everything is a column of whole numbers, r1, r2, ... by row of the event; days are picked once for all calls that
-- look at the same candidates and lack the same days.
create or replace temp table needed as
select distinct c.shape_no, k.local_date
from (select distinct shape_no, matcher_no from call) as c join candidate as k on k.matcher_no = c.matcher_no;

create or replace temp table probe as   -- the loads of each complete day in the shape of an event
select * from (
  select l.series_no, s.shape_no, l.local_date, {each: load_of(l.clock_mwh, s.i#, s.p#) as r#},
         {window: case when s.w# is null then 0 else l.clock_mwh[s.w#] end} as window_mwh, quality_of(l.clock_quality, s.all_picks) as quality
  from load as l
  join needed as n on n.local_date = l.local_date
  join shape as s on s.shape_no = n.shape_no and s.step_seconds = l.step_seconds)
where window_mwh is not null and {and: r# is not null};

create or replace temp table gap as     -- which series lack which needed days
with used as (
  select distinct series_no, shape_no from call
), short as (
  select u.series_no, u.shape_no from used as u
  left join (select series_no, shape_no, count(*) as days from probe group by series_no, shape_no) as p
    on p.series_no = u.series_no and p.shape_no = u.shape_no
  where coalesce(p.days, 0) < (select count(*) from needed as n where n.shape_no = u.shape_no)
)
select s.series_no, s.shape_no, list_sort(list(n.local_date)) as days
from short as s join needed as n on n.shape_no = s.shape_no
where not exists (select 1 from probe as p where p.series_no = s.series_no and p.shape_no = s.shape_no
                                            and p.local_date = n.local_date)
group by s.series_no, s.shape_no;

create or replace temp table own_set as -- which days an enrollment's own events and outages take out
select enrollment_no, list_sort(list(local_date)) as days from own_excluded
where local_date in (select local_date from needed) group by enrollment_no;

create or replace temp table lacking as -- each distinct set of days that are lacking, under a number
select row_number() over (order by days) as lacking_no, days
from (select days from gap union select days from own_set);

create or replace temp table picking as -- calls that pick the same days share a number
with keyed as (
  select c.call_no, c.matcher_no, c.method_no, coalesce(g.lacking_no, 0) as gap_no, coalesce(o.lacking_no, 0) as own_no
  from call as c
  left join (select g.series_no, g.shape_no, l.lacking_no from gap as g join lacking as l on l.days = g.days) as g
    on g.series_no = c.series_no and g.shape_no = c.shape_no
  left join (select o.enrollment_no, l.lacking_no from own_set as o join lacking as l on l.days = o.days) as o
    on o.enrollment_no = c.enrollment_no
)
select call_no, matcher_no, method_no, gap_no, own_no,
       dense_rank() over (order by matcher_no, method_no, gap_no, own_no) as pick_no
from keyed;

create or replace temp table pick_day as -- the latest Y complete candidates of each picking
with open_day as (
  select p.pick_no, p.method_no, k.local_date, row_number() over (partition by p.pick_no order by k.recency) as place
  from (select distinct pick_no, matcher_no, method_no, gap_no, own_no from picking) as p
  join candidate as k on k.matcher_no = p.matcher_no
  left join lacking as g on g.lacking_no = p.gap_no
  left join lacking as o on o.lacking_no = p.own_no
  where not coalesce(list_contains(g.days, k.local_date), false) and not coalesce(list_contains(o.days, k.local_date), false)
)
select d.pick_no, d.method_no, d.local_date, d.place
from open_day as d join method as t on t.method_no = d.method_no where d.place <= t.of_last;

create or replace temp table ranked_day as -- where only the highest X of them count, each call has days of its own
with ranked as (
  select c.call_no, k.method_no, k.local_date,
         row_number() over (partition by c.call_no order by {plus: p.r#} desc, k.local_date desc) as loaded
  from picking as c
  join call on call.call_no = c.call_no
  join method as t on t.method_no = c.method_no and t.highest < t.of_last
  join pick_day as k on k.pick_no = c.pick_no
  join probe as p on p.series_no = call.series_no and p.shape_no = call.shape_no and p.local_date = k.local_date
)
select r.call_no, r.method_no, r.local_date, row_number() over (partition by r.call_no order by r.local_date desc) as place
from ranked as r join method as t on t.method_no = r.method_no where r.loaded <= t.highest;

create or replace temp table picked_sums as
with picked as (
  select c.call_no, c.method_no, k.local_date, k.place
  from picking as c join method as t on t.method_no = c.method_no and t.highest >= t.of_last
  join pick_day as k on k.pick_no = c.pick_no
  union all
  select call_no, method_no, local_date, place from ranked_day
), weighted as (
  select c.call_no, case when len(t.weights) = 0 then 1 else coalesce(t.weights[d.place], 0) end as weight, p.*
  from picked as d
  join call as c on c.call_no = d.call_no
  join method as t on t.method_no = d.method_no
  join probe as p on p.series_no = c.series_no and p.shape_no = c.shape_no and p.local_date = d.local_date
)
select call_no, count(*) as days, sum(weight) as weight, max(quality) as quality,
       sum(weight * window_mwh) as window_sum, {each: sum(weight * r#) as s#}
from weighted group by call_no;

create or replace temp table picked_names as
with named as (
  select pick_no, string_agg(cast(local_date as varchar), ';' order by place) as baseline_days from pick_day group by pick_no
), ranked as (
  select call_no, string_agg(cast(local_date as varchar), ';' order by place) as baseline_days from ranked_day group by call_no
)
select c.call_no, coalesce(r.baseline_days, case when t.highest >= t.of_last then n.baseline_days end) as baseline_days
from picking as c
join method as t on t.method_no = c.method_no
left join named as n on n.pick_no = c.pick_no
left join ranked as r on r.call_no = c.call_no;

create or replace temp table measured_row as
with known as (      -- everything that a call needs, whole numbers only
  select c.call_no, c.window_no, c.adjusts, t.*, d.weight, d.window_sum, n.baseline_days, {each: d.s#}, {each: m.m#},
         {each: m.q#}, m.window_mwh,
         greatest(coalesce(d.quality, 0), case when c.adjusts then coalesce(m.window_quality, 0) else 0 end) as around,
         d.days is null or d.days < t.days_min or d.weight = 0 as too_few,
         t.adjust in ('ratio', 'additive') and c.adjusts as windowed
  from call as c
  join method as t on t.method_no = c.method_no
  left join metered as m on m.call_no = c.call_no
  left join picked_sums as d on d.call_no = c.call_no
  left join picked_names as n on n.call_no = c.call_no
), guarded as (      -- may a ratio be made? not of a baseline mean that is negative, zero or tiny
  select *, windowed and adjust = 'ratio' and case when unguarded then window_sum = 0 else
            window_sum <= 0 or window_sum * 3600 < cast(smallest_mean_milliwatt as hugeint) * weight * window_s end
            as tiny,
         -- the ratio's two sides, the lower one above zero
         cast(window_mwh as hugeint) * weight * case when window_sum < 0 then -1 else 1 end as here, abs(window_sum) as mean
  from known
), factored as (     -- the factor as a fraction, and the additive shift: mWh over the window, times the weights
  select *,
         case when not windowed or adjust <> 'ratio' or tiny then 'none'
              when here * low_d < low_n * mean then 'low' when here * high_d > high_n * mean then 'high'
              else 'ratio' end as held,
         case when windowed and adjust = 'additive' then cast(window_mwh as hugeint) * weight - window_sum else 0 end
         as shift_n
  from guarded
), shifted as (      -- the shift per hour held within its bounds, as power = power_n / power_d milliwatts
  select *, case held when 'low' then low_n when 'high' then high_n when 'ratio' then here else 1 end as factor_n,
         case held when 'low' then low_d when 'high' then high_d when 'ratio' then mean else 1 end as factor_d,
         case when shift_n * 3600 > cast(high_milliwatt as hugeint) * weight * window_s then 'high'
              when shift_n * 3600 < cast(low_milliwatt as hugeint) * weight * window_s then 'low' else 'free' end as bound
  from factored
), called as (
  select *, case bound when 'high' then cast(high_milliwatt as hugeint) when 'low' then cast(low_milliwatt as hugeint)
                       else shift_n * 3600 end as power_n,
         case when bound = 'free' then weight * greatest(window_s, 1) else cast(1 as hugeint) end as power_d,
         case when not too_few and adjust = 'ratio' and (window_mwh is not null or not windowed)
              then cast(div_half_away(cast(1000000 as hugeint) * factor_n, factor_d) as bigint) end as factor_e6
  from shifted
), row_of_call as (
  select r.row_no, r.seconds, case r.row_no {case: c.m#} end as metered_mwh, case r.row_no {case: c.s#} end as row_sum,
         greatest(case r.row_no {case: c.q#} end, c.around) as quality, c.call_no, c.too_few, c.windowed, c.tiny, c.adjust,
         c.adjusts, c.weight, c.factor_n, c.factor_d, c.factor_e6, c.power_n, c.power_d, c.window_mwh, c.baseline_days
  from called as c join window_row as r on r.window_no = c.window_no
), measured as (
  select r.*,
         case when not r.too_few then cast(div_half_away(r.row_sum, r.weight) as bigint) end as baseline_unadjusted_mwh,
         case when r.too_few or r.metered_mwh is null or (r.windowed and r.window_mwh is null) then null
              when r.windowed and r.adjust = 'additive'
              then div_half_away(r.row_sum * 3600 * r.power_d + r.power_n * r.seconds * r.weight, r.weight * 3600 * r.power_d)
              when r.adjust = 'given' then div_half_away(r.row_sum, r.weight) + coalesce(g.shift_mwh, 0)
              else div_half_away(r.row_sum * r.factor_n, r.weight * r.factor_d) end as baseline_mwh
  from row_of_call as r left join given as g on g.call_no = r.call_no and g.row_no = r.row_no
)
select call_no, row_no, baseline_unadjusted_mwh, factor_e6, cast(baseline_mwh as bigint) as baseline_mwh, metered_mwh,
       cast(baseline_mwh as bigint) - metered_mwh as delivered_mwh,
       case when baseline_mwh is null then 4 else quality end as quality, baseline_days,
       case when too_few then 'too_few_days' when metered_mwh is null then 'missing'
            when windowed and window_mwh is null then 'missing_window'
            when adjust in ('ratio', 'additive') and not adjusts then 'window_after_notice'
            when tiny then 'guard' else '' end as note
from measured;
