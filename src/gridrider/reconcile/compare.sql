-- The market's statement against meters and awards. Only where there is a statement.
insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, micro_usd, because, charge_code, recalculation)
select l.resource_no, r.premise_no, l.start_s, l.seconds, 'settlement_outside_award', at_device(l.milliwatt_hour),
       l.micro_usd, 'charge code ' || l.charge_code || ' is settled in an hour in which the resource has no award',
       l.charge_code, l.recalculation
from held_line as l join local_hour as h on h.hour_s = l.hour_s join resource as r on r.resource_no = l.resource_no
anti join award_hour as a on a.resource_no = l.resource_no and a.hour_s = l.hour_s
where l.pays <> 'other' and (l.milliwatt_hour <> 0 or l.micro_usd <> 0);

create or replace temp table both_books as
select m.resource_no, m.premise_no, m.start_s, m.seconds, m.generation_mwh, m.charging_mwh,
       coalesce(p.paid_mwh, 0) as paid_mwh, coalesce(p.charged_mwh, 0) as charged_mwh, p.paid_micro_usd,
       p.charged_micro_usd
from metered_step as m left join paid_step as p on p.resource_no = m.resource_no and p.start_s = m.start_s;

insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, micro_usd, because)
select resource_no, premise_no, start_s, seconds, 'statement_difference', paid_mwh - generation_mwh, paid_micro_usd,
       'the market paid ' || kwh_text(paid_mwh) || ' kWh of generation, ' || kwh_text(generation_mwh)
       || ' kWh are added back'
from both_books cross join term as t where abs(paid_mwh - generation_mwh) > t.tolerance_mwh;

insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, micro_usd, because)
select resource_no, premise_no, start_s, seconds, 'double_billed_charging', least(charged_mwh, charging_mwh),
       charged_micro_usd, 'charging is on the retail bill and the market charged it too'
from both_books cross join term as t where not t.backs_out_charging and charged_mwh > 0 and charging_mwh > 0;

insert into exception (resource_no, premise_no, start_s, seconds, kind, mwh, micro_usd, because)
select resource_no, premise_no, start_s, seconds, 'charging_difference', charged_mwh - charging_mwh, charged_micro_usd,
       'the market charged ' || kwh_text(charged_mwh) || ' kWh of charging, the meter shows ' || kwh_text(charging_mwh)
from both_books cross join term as t
where (charged_mwh > 0 or t.backs_out_charging) and abs(charged_mwh - charging_mwh) > t.tolerance_mwh;

update resource_month set paid_mwh = coalesce(b.paid_mwh, 0), charged_mwh = coalesce(b.charged_mwh, 0),
                          micro_usd = coalesce(b.micro_usd, 0)
from (select r.resource_no, p.paid_mwh, p.charged_mwh, l.micro_usd from resource as r
      left join (select resource_no, sum(paid_mwh) as paid_mwh, sum(charged_mwh) as charged_mwh from paid_step
                 group by resource_no) as p on p.resource_no = r.resource_no
      left join (select l.resource_no, sum(l.micro_usd) as micro_usd from held_line as l
                 join local_hour as h on h.hour_s = l.hour_s group by l.resource_no) as l
        on l.resource_no = r.resource_no) as b, term as t
where b.resource_no = resource_month.resource_no and resource_month.month = t.month;
