-- Resources, meters, award hours and lines of the statement, numbered in the order of their ids.
create or replace table premise as
select premise_point_id, cast(row_number() over (order by premise_point_id) as integer) as premise_no
from (select distinct premise_point_id from resources);

create or replace temp table resource as
select r.*, p.premise_no, cast(row_number() over (order by r.resource_id) as integer) as resource_no
from resources as r join premise as p on p.premise_point_id = r.premise_point_id;

create or replace temp table point as
select premise_point_id as point_id, premise_no, 0 as resource_no from premise
union all select wholesale_point_id, premise_no, resource_no from resource;

create or replace temp table hour as
select c.local_date, c.midnight_s + 3600 * n as hour_s, n as hour_no
from (select *, unnest(range(day_s // 3600)) as n from calendar) as c;

-- An award of any product above zero makes the whole local clock hour an award hour.
create or replace temp table award_hour as
select distinct w.resource_no, w.hour_s
from (select r.resource_no, unnest(range(hour_of(epoch_us(a.start) // 1000000),
                                         (epoch_us(a.start) + 999999) // 1000000 + a.seconds, 3600)) as hour_s
      from awards as a join resource as r on r.resource_id = a.resource_id where a.milliwatt > 0) as w
join hour as h on h.hour_s = w.hour_s;

create or replace temp table statement_line as
select r.resource_no, epoch_us(s.start) // 1000000 as start_s, s.seconds, h.hour_s, h.local_date, s.charge_code,
       coalesce(m.pays, 'energy') as pays, coalesce(s.milliwatt_hour, 0) as milliwatt_hour,
       coalesce(s.amount_micro_usd, 0) as micro_usd, s.recalculation, coalesce(o.run_no, 0) as run_no
from (select distinct on (resource_id, start, seconds, charge_code, milliwatt_hour, amount_micro_usd, recalculation) *
      from market_statement) as s
join resource as r on r.resource_id = s.resource_id
join hour as h on h.hour_s = hour_of(epoch_us(s.start) // 1000000)
left join charge_meaning as m on m.charge_code = s.charge_code
left join run_order as o on o.recalculation = s.recalculation;

-- Rows of resources that nobody named: once per resource, over the span of its rows.
insert into exception (resource_id, start_s, seconds, kind, because)
select resource_id, min(epoch_us(start) // 1000000), max(epoch_us(start) // 1000000 + seconds) - min(epoch_us(start) // 1000000),
       'award_of_unknown_resource', count(*) || ' awards of a resource that the table resources does not name'
from awards anti join resources using (resource_id) group by resource_id;

insert into exception (resource_id, start_s, seconds, kind, micro_usd, because)
select resource_id, min(epoch_us(start) // 1000000), max(epoch_us(start) // 1000000 + seconds) - min(epoch_us(start) // 1000000),
       'statement_of_unknown_resource', sum(amount_micro_usd),
       count(*) || ' lines of a resource that the table resources does not name'
from market_statement anti join resources using (resource_id) group by resource_id;

insert into exception (resource_no, premise_no, start_s, seconds, kind, because)
select r.resource_no, r.premise_no, c.first_s, c.end_s - c.first_s, 'resource_without_awards',
       'the resource has no award hour in the period'
from resource as r cross join (select min(midnight_s) as first_s, max(midnight_s + day_s) as end_s from calendar) as c
anti join award_hour as a on a.resource_no = r.resource_no;
