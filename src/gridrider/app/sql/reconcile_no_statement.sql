-- Without a statement of the market nothing is known to be paid.
create or replace temp table paid_step as
select cast(null as integer) as resource_no, cast(null as bigint) as start_s, cast(null as bigint) as paid_mwh where false;
