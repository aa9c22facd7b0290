-- The price of each row of an event, where a payment averages or pays by price.
create or replace temp table row_weight as
with needed as (
  select distinct c.window_no, c.zone
  from call_window as c join service_event as v on v.service_event_no = c.service_event_no
  where (v.price_weighted or v.priced) and v.counts and not v.cancelled and not c.unsigned and not c.not_eligible
)
select n.window_no, r.row_no, n.zone, z.series, r.start, p.micro_usd_per_mwh as weight_micro
from needed as n
join window_row as r on r.window_no = n.window_no
left join zone_series as z on z.zone = n.zone
left join prices as p on p.series = z.series and p.start <= r.start and p.start + to_seconds(p.seconds) > r.start;
