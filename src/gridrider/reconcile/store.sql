-- Energy bought at wholesale must not serve retail load. What a resource holds of it is max(0, what it held + charged in
-- award hours - generated); generation outside award hours comes out of it first. A running sum less its running
-- minimum below zero is that recursion in closed form.
create or replace temp table month_store as
with moved as (
  select s.resource_no, s.premise_no, s.start_s, s.seconds, s.award, coalesce(s.export_mwh, 0) as export_mwh,
         coalesce(w.held_mwh, 0) + sum(case when s.award then coalesce(s.import_mwh, 0) else 0 end
                                       - coalesce(s.export_mwh, 0)) over so_far as sum_mwh
  from resource_slot as s left join wholesale_store as w on w.resource_no = s.resource_no
  window so_far as (partition by s.resource_no order by s.start_s)
), held as (
  select *, sum_mwh - least(0, min(sum_mwh) over (partition by resource_no order by start_s)) as held_mwh from moved
)
select *, lag(held_mwh) over (partition by resource_no order by start_s) as before_mwh from held;

insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, because)
select m.resource_no, m.premise_no, m.start_s, m.seconds, 'wholesale_energy_used_at_retail',
       least(coalesce(m.before_mwh, w.held_mwh, 0), m.export_mwh),
       'energy charged at wholesale was discharged outside award hours'
from month_store as m left join wholesale_store as w on w.resource_no = m.resource_no
where not m.award and least(coalesce(m.before_mwh, w.held_mwh, 0), m.export_mwh) > 0;

create or replace temp table wholesale_store as
select resource_no, arg_max(held_mwh, start_s) as held_mwh from month_store group by resource_no;
