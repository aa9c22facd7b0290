-- limits.csv, scope enrollment: what each battery has been called for, and what its rider's protections leave of it.
select 'enrollment' as scope, e.enrollment_id as id, null as service, p.parameter,
       p.used, p."left", null as owed, p.clause, null as least, p.most, t.period_start, t.period_end, p.basis
from (
  select u.enrollment_no, 'events_per_month' as parameter, cast(u.in_month as varchar) as used,
         micro_text(cast(r.month_micro as hugeint) - u.in_month * 1000000) as "left", r.month_clause as clause,
         micro_text(r.month_micro) as most, null as basis
  from device_use as u join rider_cap as r on r.rider = u.rider where r.month_micro is not null
  union all
  select u.enrollment_no, 'events_per_year', cast(u.in_year as varchar),
         micro_text(cast(r.year_micro as hugeint) - u.in_year * 1000000), r.year_clause, micro_text(r.year_micro), null
  from device_use as u join rider_cap as r on r.rider = u.rider where r.year_micro is not null
  union all
  select u.enrollment_no, 'cycles_per_year', micro_text(c.used_micro), micro_text(r.cycles_micro - c.used_micro),
         r.cycles_clause, micro_text(r.cycles_micro),
         case when u.usable is null or u.energy is null then 'unknown' when u.estimated > 0 then 'estimated'
              when u.energy > 0 then 'given' end
  from device_use as u join rider_cap as r on r.rider = u.rider
  cross join lateral (select case when u.usable > 0 then (2 * u.energy * 1000000 + u.usable) // (2 * u.usable) end
                        as used_micro) as c
  where r.cycles_micro is not null
) as p
join enrollment as e on e.enrollment_no = p.enrollment_no
join limit_period as t on t.parameter = p.parameter
where $which
order by e.enrollment_id, p.parameter
