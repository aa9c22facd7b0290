-- offers.csv: what may be offered, and what cut it down.
select resource_id, instant_text(start) as start, seconds, product, market,
       mw_text(wanted_milliwatt) as wanted_mw, mw_text(offered_milliwatt) as offered_mw, usd_text(price_micro_usd) as price_usd,
       nullif(limited_by, '') as limited_by, nullif(clause, '') as clause, nullif(because, '') as because
from offered order by resource_id, start, product, market
