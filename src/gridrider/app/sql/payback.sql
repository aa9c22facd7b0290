-- payback.csv: one row per month in which something was spent, paid or earned.
select month, usd_cents_text(rebates) as rebates_usd, usd_cents_text(facilitation) as facilitation_usd,
       usd_cents_text(revenue) as revenue_usd, usd_cents_text(rebates_total) as rebates_total_usd,
       usd_cents_text(facilitation_total) as facilitation_total_usd, usd_cents_text(revenue_total) as revenue_total_usd,
       usd_cents_text(left_over) as left_usd, usd_cents_text(surplus) as surplus_usd
from payback order by month
