-- Capacity awarded in each hour, as milliwatts times seconds; a later run of a market replaces an earlier one.
create or replace temp table award_share as
select r.resource_no, hour_of(epoch_us(a.start) // 1000000) as hour_s, a.product,
       cast(a.milliwatt as hugeint) * a.seconds as milliwatt_s
from (select distinct on (resource_id, start, seconds, product, market) * from awards
      order by resource_id, start, seconds, product, market, run desc nulls last, source_row) as a
join resource as r on r.resource_id = a.resource_id where a.product in ('reg_up', 'reg_down') and a.milliwatt > 0;
