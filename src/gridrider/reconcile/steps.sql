-- The market's energy of a month beside the meters', on steps on which both can be seen.
-- Reads held_line (the statement's run that holds), award_hour, resource_slot, term. Makes paid_step and metered_step.

-- Within an hour, codes of different length are netted on the longest, then paid and charged energy are kept apart.
create or replace temp table paid_step as
with energy as (
  select l.*, max(l.seconds) over (partition by l.resource_no, l.hour_s) as longest_s
  from held_line as l join local_hour as h on h.hour_s = l.hour_s where l.pays = 'energy'
), net as (
  select resource_no, hour_s, longest_s, (start_s - hour_s) // longest_s as place,
         sum(milliwatt_hour) as net_mwh, sum(micro_usd) as micro_usd
  from energy group by resource_no, hour_s, longest_s, place
), stepped as (
  select n.*, case when n.longest_s % l.row_s = 0 then n.longest_s when l.row_s % n.longest_s = 0 then l.row_s else 3600 end
              as step_s
  from net as n join resource as r on r.resource_no = n.resource_no join row_length as l on l.premise_no = r.premise_no
)
select s.resource_no, s.hour_s, s.step_s, s.hour_s + s.place * s.longest_s // s.step_s * s.step_s as start_s,
       at_device(coalesce(sum(s.net_mwh) filter (where s.net_mwh > 0), 0)) as paid_mwh,
       at_device(coalesce(-sum(s.net_mwh) filter (where s.net_mwh < 0), 0)) as charged_mwh,
       sum(s.micro_usd) filter (where s.net_mwh > 0) as paid_micro_usd,
       sum(s.micro_usd) filter (where s.net_mwh < 0) as charged_micro_usd
from stepped as s join award_hour as a on a.resource_no = s.resource_no and a.hour_s = s.hour_s
group by s.resource_no, s.hour_s, s.step_s, s.hour_s + s.place * s.longest_s // s.step_s * s.step_s;

create or replace temp table metered_step as
select s.resource_no, s.premise_no,
       case when p.step_s is null then s.start_s
            else hour_of(s.start_s) + (s.start_s - hour_of(s.start_s)) // p.step_s * p.step_s end as start_s,
       sum(s.seconds) as seconds,
       case when count(s.export_mwh) = count(*) then sum(s.export_mwh) end as generation_mwh,
       case when count(s.import_mwh) = count(*) then sum(s.import_mwh) end as charging_mwh
from resource_slot as s
left join (select distinct resource_no, hour_s, step_s from paid_step) as p
  on p.resource_no = s.resource_no and p.hour_s = hour_of(s.start_s)
where s.award group by 1, 2, 3;
