-- Awards that share all but their power with another; a table of one number per award finds them in little memory.
create or replace temp table repeated_award as
with award as (
  select *, hash(resource_id, start, seconds, product, market, run) as place from awards
)
select * exclude (place) from award
where place in (select place from award group by place having count(*) > 1);
