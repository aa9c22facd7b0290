-- Which run of the market's statement holds, and what a later run changed.
-- Reads statement_line (run_no counts the runs as the tariff lists them); makes held_line.
create or replace temp table held_line as
select resource_no, start_s, seconds, hour_s, local_date, charge_code, pays, recalculation,
       sum(milliwatt_hour) as milliwatt_hour, sum(micro_usd) as micro_usd
from (select s.* from statement_line as s cross join run_rule as u
      qualify case when u.replaces = 'day' then s.run_no = max(s.run_no) over (partition by s.resource_no, s.local_date)
                   else s.run_no = max(s.run_no) over (partition by s.resource_no, s.start_s, s.seconds, s.charge_code) end)
group by resource_no, start_s, seconds, hour_s, local_date, charge_code, pays, recalculation;

insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, micro_usd, because, charge_code, recalculation)
with line as (
  select resource_no, local_date, start_s, seconds, charge_code, run_no, any_value(recalculation) as recalculation,
         sum(milliwatt_hour) as milliwatt_hour, sum(micro_usd) as micro_usd
  from statement_line group by resource_no, local_date, start_s, seconds, charge_code, run_no
), given as (
  select resource_no, local_date, run_no, any_value(recalculation) as recalculation,
         lag(run_no) over (partition by resource_no, local_date order by run_no) as before_no
  from line group by resource_no, local_date, run_no
), by_day as (
  select a.*, p.run_no is not null as had, p.recalculation as before, p.milliwatt_hour as before_mwh, p.micro_usd as before_usd
  from (select g.resource_no, g.local_date, g.run_no, g.before_no, g.recalculation, k.start_s, k.seconds, k.charge_code
        from given as g join (select distinct resource_no, local_date, run_no, start_s, seconds, charge_code from line) as k
          on k.resource_no = g.resource_no and k.local_date = g.local_date and k.run_no in (g.run_no, g.before_no)
        where g.before_no is not null group by all) as a
  left join line as p on p.resource_no = a.resource_no and p.run_no = a.before_no and p.start_s = a.start_s
        and p.seconds = a.seconds and p.charge_code = a.charge_code
), changed_by_day as (
  select d.resource_no, d.start_s, d.seconds, d.charge_code, d.recalculation,
         coalesce(n.milliwatt_hour, 0) - coalesce(d.before_mwh, 0) as mwh, coalesce(n.micro_usd, 0) - coalesce(d.before_usd, 0) as micro_usd,
         g.recalculation as before
  from by_day as d
  left join line as n on n.resource_no = d.resource_no and n.run_no = d.run_no and n.start_s = d.start_s
        and n.seconds = d.seconds and n.charge_code = d.charge_code
  join given as g on g.resource_no = d.resource_no and g.local_date = d.local_date and g.run_no = d.before_no
), changed_by_line as (
  select resource_no, start_s, seconds, charge_code, recalculation,
         milliwatt_hour - lag(milliwatt_hour) over of_line as mwh, micro_usd - lag(micro_usd) over of_line as micro_usd,
         lag(recalculation) over of_line as before
  from line window of_line as (partition by resource_no, start_s, seconds, charge_code order by run_no)
)
select c.resource_no, r.premise_no, c.start_s, c.seconds, 'recalculation_difference', at_device(c.mwh), c.micro_usd,
       'charge code ' || c.charge_code || ': the run ' || coalesce(c.recalculation, 'without a name') || ' differs from '
       || coalesce(c.before, 'the one without a name'), c.charge_code, c.recalculation
from (select c.* from changed_by_day as c join run_rule as u on u.replaces = 'day'
      union all by name
      select c.* from changed_by_line as c join run_rule as u on u.replaces = 'line') as c
join resource as r on r.resource_no = c.resource_no cross join run_rule as u
where u.lists_changes and (c.mwh <> 0 or c.micro_usd <> 0);
