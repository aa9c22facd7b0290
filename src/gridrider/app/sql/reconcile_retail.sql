-- retail.csv: one row per master meter and interval.
select p.premise_point_id, i.said as start, s.seconds, s.award, energy_text(s.master_mwh) as master_kwh,
       energy_text(s.generation_mwh) as generation_kwh, energy_text(s.addback_mwh) as addback_kwh,
       energy_text(s.billed_mwh) as billed_kwh, energy_text(s.backed_out_mwh) as backed_out_kwh
from slot_row as s join premise as p on p.premise_no = s.premise_no join instant as i on i.start_s = s.start_s
where $which
order by s.premise_no, s.start_s
