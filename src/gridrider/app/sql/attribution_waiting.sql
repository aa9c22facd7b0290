-- Every row from which something may be taken waits until the rows before it are settled.
create or replace temp table taking as
select call_no, row_no, taker, clause, taken_mwh, cast(0 as bigint) as left_s from claimed;

create or replace temp table waiting as
select distinct s.call_no, s.row_no
from (select call_no, row_no from sharing union select call_no, row_no from claimed) as s
join performance as p on p.call_no = s.call_no and p.row_no = s.row_no
where p.delivered_mwh is not null;

create or replace temp table call_measured as
select call_no, count(*) = count(delivered_mwh) as complete from performance
where call_no in (select other_call_no from sharing) group by call_no;
