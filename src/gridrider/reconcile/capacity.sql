-- Capacity that the statement pays beside the capacity that was awarded, hour by hour.
insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, micro_usd, because)
with awarded as (
  select resource_no, hour_s, product, sum(milliwatt_s) as milliwatt_s from award_share group by all
), paid as (
  select resource_no, hour_s, pays as product, sum(milliwatt_hour) as milliwatt_hour, sum(micro_usd) as micro_usd
  from held_line where pays in ('reg_up', 'reg_down') group by all
)
select coalesce(a.resource_no, p.resource_no), r.premise_no, coalesce(a.hour_s, p.hour_s), 3600, 'capacity_difference',
       coalesce(p.milliwatt_hour, 0) - div_half_away(coalesce(a.milliwatt_s, 0), 3600), p.micro_usd,
       'the market paid ' || kwh_text(coalesce(p.milliwatt_hour, 0)) || ' kW of ' || coalesce(a.product, p.product)
       || ' over the hour, ' || kwh_text(div_half_away(coalesce(a.milliwatt_s, 0), 3600)) || ' kW were awarded'
from awarded as a full join paid as p on p.resource_no = a.resource_no and p.hour_s = a.hour_s and p.product = a.product
join resource as r on r.resource_no = coalesce(a.resource_no, p.resource_no)
join local_hour as h on h.hour_s = coalesce(a.hour_s, p.hour_s)
where coalesce(p.milliwatt_hour, 0) * 3600 <> coalesce(a.milliwatt_s, 0);
