-- One month of readings to what the retail bill counts: generation in award hours is added back to the master meter.
-- Reads: mart_day, point (resource_no 0 = the master meter), local_day, local_hour, award_hour, term.
-- Appends to slot_row, demand_row and resource_month; leaves resource_slot for the comparison with the market.

-- A premise's rows last as long as the coarsest of its meters' readings in the month.
create or replace temp table row_length as
select p.premise_no, coalesce(max(m.slot_seconds), 900) as row_s,
       count(distinct p.resource_no) = 2 and count(distinct m.slot_seconds) <= 1 as plain
from point as p left join mart_day as m on m.point_id = p.point_id group by p.premise_no;

create or replace temp table award_day as
select a.resource_no, h.local_date, bit_or(cast(1 as bigint) << cast(h.hour_no as integer)) as hours
from award_hour as a join local_hour as h on h.hour_s = a.hour_s group by a.resource_no, h.local_date;

-- Every meter on every day: a day without readings is a day of missing ones, never of zeros.
create or replace temp table member_day as
select p.premise_no, p.resource_no, d.midnight_s, d.midnight_s + d.day_s as end_s, l.row_s,
       coalesce(m.slot_seconds, l.row_s) as slot_s, coalesce(a.hours, 0) as hours,
       coalesce(m.import_mwh, list_resize(cast([] as bigint[]), (d.day_s + l.row_s - 1) // l.row_s)) as import_mwh,
       coalesce(m.export_mwh, list_resize(cast([] as bigint[]), (d.day_s + l.row_s - 1) // l.row_s)) as export_mwh
from point as p
cross join local_day as d
join row_length as l on l.premise_no = p.premise_no
left join mart_day as m on m.point_id = p.point_id and m.local_date = d.local_date
left join award_day as a on a.resource_no = p.resource_no and a.local_date = d.local_date;

-- A premise with one resource, both read at the row's length, needs no sums: its rows stand side by side in the lists.
create or replace temp table plain_slot as
with pair as (
  select m.premise_no, r.resource_no, m.midnight_s, m.end_s, m.row_s, r.hours, m.import_mwh as master_import,
         m.export_mwh as master_export, r.import_mwh, r.export_mwh
  from member_day as m join member_day as r on r.premise_no = m.premise_no and r.midnight_s = m.midnight_s
  where m.resource_no = 0 and r.resource_no > 0 and m.premise_no in (select premise_no from row_length where plain)
), slotted as (
  select premise_no, resource_no, midnight_s, end_s, row_s, hours, unnest(master_import) as master_import,
         unnest(master_export) as master_export, unnest(import_mwh) as import_mwh, unnest(export_mwh) as export_mwh,
         unnest(range(len(import_mwh))) as slot from pair
)
select premise_no, resource_no, midnight_s + slot * row_s as start_s,
       least(row_s, end_s - (midnight_s + slot * row_s)) as seconds,
       (hours >> cast(slot * row_s // 3600 as integer)) & 1 = 1 as award, master_import - master_export as master_mwh,
       import_mwh, export_mwh
from slotted;

-- The others: readings finer than the row are summed; one missing part makes the row missing.
create or replace temp table summed_slot as
with slotted as (
  select premise_no, resource_no, midnight_s, end_s, row_s, slot_s, hours, unnest(import_mwh) as import_mwh,
         unnest(export_mwh) as export_mwh, unnest(range(len(import_mwh))) as slot
  from member_day where premise_no not in (select premise_no from row_length where plain)
), placed as (
  select premise_no, resource_no, midnight_s + slot * slot_s // row_s * row_s as start_s,
         least(row_s, end_s - (midnight_s + slot * slot_s // row_s * row_s)) as seconds,
         least(slot_s, end_s - (midnight_s + slot * slot_s)) as part_s,
         (hours >> cast(slot * slot_s // 3600 as integer)) & 1 = 1 as award, import_mwh, export_mwh
  from slotted
)
select premise_no, resource_no, start_s, seconds, award,
       case when sum(part_s) filter (where import_mwh is not null) = seconds then cast(sum(import_mwh) as bigint) end
         as import_mwh,
       case when sum(part_s) filter (where export_mwh is not null) = seconds then cast(sum(export_mwh) as bigint) end
         as export_mwh
from placed group by premise_no, resource_no, start_s, seconds, award;

create or replace temp view resource_slot as
select resource_no, premise_no, start_s, seconds, award, import_mwh, export_mwh from plain_slot
union all
select resource_no, premise_no, start_s, seconds, award, import_mwh, export_mwh from summed_slot where resource_no > 0;

create or replace temp table month_slot as
with behind as (
  select premise_no, start_s, bool_or(award) as award,
         case when count(export_mwh) = count(*) then cast(sum(export_mwh) as bigint) end as generation_mwh,
         case when count(export_mwh) filter (where award) = count(*) filter (where award)
              then cast(coalesce(sum(export_mwh) filter (where award), 0) as bigint) end as addback_mwh,
         case when count(import_mwh) filter (where award) = count(*) filter (where award)
              then cast(coalesce(sum(import_mwh) filter (where award), 0) as bigint) end as charging_mwh
  from summed_slot where resource_no > 0 group by premise_no, start_s
), brought as (
  select m.premise_no, m.start_s, m.seconds, b.award, m.import_mwh - m.export_mwh as master_mwh, b.generation_mwh,
         b.addback_mwh, b.charging_mwh
  from summed_slot as m join behind as b on b.premise_no = m.premise_no and b.start_s = m.start_s
  where m.resource_no = 0
  union all
  select premise_no, start_s, seconds, award, master_mwh, export_mwh, case when award then export_mwh else 0 end,
         case when award then import_mwh else 0 end
  from plain_slot
)
select b.premise_no, b.start_s, b.seconds, b.award, b.master_mwh, b.generation_mwh, b.addback_mwh,
       b.master_mwh + b.addback_mwh - case when t.backs_out_charging then b.charging_mwh else 0 end as billed_mwh,
       case when t.backs_out_charging then b.charging_mwh end as backed_out_mwh
from brought as b cross join term as t;

insert into slot_row select * from month_slot;

-- Billing demand on intervals of the tariff's length; an interval of which a part is missing makes no peak.
create or replace temp table demand_interval as
select s.premise_no, s.start_s, s.seconds, s.master_mwh, s.billed_mwh
from month_slot as s cross join term as t where s.seconds = t.demand_s
union all
select s.premise_no, min(s.start_s), sum(s.seconds),
       case when count(s.master_mwh) = count(*) then cast(sum(s.master_mwh) as bigint) end,
       case when count(s.billed_mwh) = count(*) then cast(sum(s.billed_mwh) as bigint) end
from month_slot as s cross join term as t where s.seconds <> t.demand_s
group by s.premise_no, floor_to(s.start_s, t.demand_s);

insert into demand_row
with peak as (
  select premise_no, max(master_mwh) as master_mwh, max(billed_mwh) as billed_mwh, count(*) as intervals,
         count(*) - count(billed_mwh) as missing
  from demand_interval group by premise_no
), earliest as (
  select i.premise_no, min(i.start_s) filter (where i.master_mwh = p.master_mwh) as master_s,
         min(i.start_s) filter (where i.billed_mwh = p.billed_mwh) as billed_s
  from demand_interval as i join peak as p on p.premise_no = i.premise_no group by i.premise_no
)
select p.premise_no, t.month, div_half_away(cast(p.master_mwh as hugeint) * 3600, t.demand_s), e.master_s,
       div_half_away(cast(p.billed_mwh as hugeint) * 3600, t.demand_s), e.billed_s, p.intervals, p.missing,
       p.missing = 0 and t.whole_month
from peak as p join earliest as e on e.premise_no = p.premise_no cross join term as t;

insert into resource_month (resource_no, month, award_hours, generation_mwh, addback_mwh, charging_mwh)
select r.resource_no, t.month, coalesce(a.hours, 0), s.generation_mwh, s.addback_mwh, s.charging_mwh
from resource as r cross join term as t
left join (select resource_no, count(*) as hours from award_hour join local_hour using (hour_s) group by resource_no) as a
  on a.resource_no = r.resource_no
left join (select resource_no, coalesce(sum(export_mwh), 0) as generation_mwh,
                  coalesce(sum(export_mwh) filter (where award), 0) as addback_mwh,
                  coalesce(sum(import_mwh) filter (where award), 0) as charging_mwh
           from resource_slot group by resource_no) as s on s.resource_no = r.resource_no;
