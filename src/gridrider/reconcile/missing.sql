-- Intervals without a reading, those of one local day in a row taken together. A missing reading is never a zero.
insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, because)
with gap as (
  select s.premise_no, s.start_s, s.seconds, h.local_date from month_slot as s
  join local_hour as h on h.hour_s = hour_of(s.start_s) where s.master_mwh is null
), begun as (
  select *, start_s is distinct from lag(start_s + seconds) over (partition by premise_no, local_date order by start_s)
            as begins from gap
), run as (
  select *, sum(cast(begins as integer)) over (partition by premise_no, local_date order by start_s) as run_no from begun
)
select null, premise_no, min(start_s), sum(seconds), 'missing_master_reading', null,
       'the master meter has no reading; what is billed is not known in ' || count(*) || ' intervals'
from run group by premise_no, local_date, run_no;

insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, because)
with gap as (
  select s.resource_no, s.premise_no, s.start_s, s.seconds, s.award, h.local_date from resource_slot as s
  join local_hour as h on h.hour_s = hour_of(s.start_s) where s.export_mwh is null
), begun as (
  select *, start_s is distinct from lag(start_s + seconds)
            over (partition by resource_no, local_date, award order by start_s) as begins from gap
), run as (
  select *, sum(cast(begins as integer)) over (partition by resource_no, local_date, award order by start_s) as run_no
  from begun
), joined as (
  select resource_no, premise_no, min(start_s) as start_s, sum(seconds) as seconds, award, count(*) as intervals
  from run group by resource_no, premise_no, local_date, award, run_no
)
select j.resource_no, j.premise_no, j.start_s, j.seconds,
       case when j.award then 'generation_without_meter' else 'missing_wholesale_reading' end,
       (select sum(p.paid_mwh) from paid_step as p where j.award and p.resource_no = j.resource_no
        and p.start_s >= j.start_s and p.start_s < j.start_s + j.seconds),
       case when j.award then 'an award, and no reading of the wholesale meter: what is added back is not known in '
            else 'no reading of the wholesale meter outside award hours: nothing is added back in ' end
       || j.intervals || ' intervals'
from joined as j;
