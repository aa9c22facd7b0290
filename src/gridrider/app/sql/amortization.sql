-- amortization.csv: every movement of the asset that spreads upfront payments; what is added to it is above zero.
select line_id, day, act, amount_text(cents) as amount_usd from amortization order by line_id, day, act
