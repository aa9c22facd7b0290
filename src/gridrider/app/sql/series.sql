-- Which metering point stands for an enrollment's performance or premise, from when to when. Where `points` names none,
-- the enrollment's own ids hold for all time.
create or replace temp table series as
with named as (
  select e.enrollment_no, p.role, p.point_id, p."from", p."to"
  from points as p join enrollment as e on e.enrollment_id = p.enrollment_id
), own as (
  select enrollment_no, 'performance' as role, point_id from enrollment
  union all
  select enrollment_no, 'premise', premise_point_id from enrollment where premise_point_id is not null
), every as (
  select o.enrollment_no, o.role, o.point_id, cast(null as timestamp) as from_utc, cast(null as timestamp) as to_utc
  from own as o
  where not exists (select 1 from named as n where n.enrollment_no = o.enrollment_no and n.role = o.role)
  union all
  select enrollment_no, role, point_id, "from", "to" from named
)
select enrollment_no * 2 + cast(role = 'premise' as integer) as series_no, * from every;
