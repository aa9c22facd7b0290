-- awards.csv from a market's files.
select resource_id, instant_text(start) as start, seconds, product, market, run,
       cast(cast(milliwatt as decimal(27, 0)) * cast('0.000000001' as decimal(10, 9)) as varchar) as mw
from awards_all order by resource_id, start, product, market, run, seconds, milliwatt
