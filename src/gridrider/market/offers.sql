-- What may be offered of what is wanted: the least of what the tariff lets, the fleet's power gives and its energy
-- sustains, cut down to the market's step. Reads offers, fleet, hold and offer_term; makes offered.
create or replace temp macro mw_text(milliwatt) as cast(cast(milliwatt as decimal(27, 0)) * cast('0.000000001' as decimal(10, 9)) as varchar);

create or replace temp table offered as
with able as (
  select o.source_row, min(f.discharge_milliwatt) as discharge, min(f.charge_milliwatt) as charge,
         min(f.energy_mwh) as energy_mwh, min(f.room_mwh) as room_mwh,
         coalesce(bool_and(coalesce(f.energy_management, false)), false) as energy_management,
         coalesce(bool_and(coalesce(f.interconnection, 'retail') = 'wdat'), false) as wdat,
         sum(epoch_us(least(f.start + to_seconds(f.seconds), o.start + to_seconds(o.seconds)) - greatest(f.start, o.start)))
           = o.seconds * 1000000 as covered
  from offers as o join fleet as f on f.resource_id = o.resource_id and f.start < o.start + to_seconds(o.seconds)
       and o.start < f.start + to_seconds(f.seconds)
  group by o.source_row, o.seconds
), bounded as (
  select o.*, a.wdat, coalesce(a.covered, false) as covered, h.seconds as hold_s, h.clause as hold_clause,
         case when o.product = 'reg_down' then a.charge else a.discharge end as power,
         case when o.product = 'reg_down' then a.room_mwh else a.energy_mwh end as energy_mwh
  from offers as o left join able as a on a.source_row = o.source_row
  left join hold as h on h.product = o.product and h.market = o.market
       and h.energy_management = coalesce(a.energy_management, false)
), limited as (
  select b.*, t.*, cast(cast(b.energy_mwh as hugeint) * 3600 // b.hold_s as bigint) as sustained,
         case when b.hold_s is null then 'product' when not b.covered then 'fleet'
              when t.needs_wdat and not b.wdat then 'interconnection' end as refused
  from bounded as b cross join offer_term as t
), alone as (
  select *, case when refused is not null then 0
                 else least(milliwatt, most_milliwatt, power, sustained) // step_milliwatt * step_milliwatt end as own
  from limited
), shared as (
  select *, coalesce(sum(own) over (partition by resource_id, start, seconds, market, product = 'reg_down'
                                    order by price_order, product
                                    rows between unbounded preceding and 1 preceding), 0) as before
  from (select *, -coalesce(price_micro_usd, -1) as price_order from alone)
), given as (
  select *, case when refused is not null then 0
                 else greatest(0, least(own, least(power, most_milliwatt) // step_milliwatt * step_milliwatt - before))
                 end as power_given
  from shared
)
select resource_id, start, seconds, product, market, milliwatt as wanted_milliwatt,
       case when power_given < least_milliwatt then 0 else power_given end as offered_milliwatt, price_micro_usd,
       case when refused is not null then refused when power_given < least_milliwatt then 'least'
            when power_given = milliwatt then '' when power_given < own then 'other_offers'
            when sustained <= least(milliwatt, most_milliwatt, power) then 'energy'
            when power <= least(milliwatt, most_milliwatt) then 'power'
            when most_milliwatt <= milliwatt then 'most' else 'step' end as limited_by,
       case limited_by when 'product' then products_clause when 'interconnection' then wdat_clause
            when 'least' then least_clause when 'energy' then hold_clause when 'most' then most_clause else '' end as clause,
       case limited_by
         when 'product' then 'the tariff does not let it be offered'
         when 'fleet' then 'the fleet is not described for the whole of the offer'
         when 'interconnection' then 'the resource is not connected under the wholesale distribution access tariff'
         when 'least' then 'what is left is below the least that may be offered'
         when 'energy' then 'the energy must last ' || hold_s // 60 || ' minutes'
         when 'power' then 'the fleet has no more power'
         when 'most' then 'the most that one resource may offer'
         when 'other_offers' then 'the fleet''s power is in a dearer offer already'
         when 'step' then 'offers are whole multiples of the market''s step' else '' end as because
from given;
