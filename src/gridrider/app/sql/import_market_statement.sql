-- market_statement.csv from a market's files.
select resource_id, instant_text(start) as start, seconds, charge_code,
       cast(cast(milliwatt_hour as decimal(27, 0)) * cast('0.000000001' as decimal(10, 9)) as varchar) as mwh,
       rate_text(amount_micro_usd) as amount_usd, recalculation
from market_statement_all order by resource_id, start, charge_code, recalculation, seconds, milliwatt_hour, amount_micro_usd
