-- lines.csv: every amount with its reason.
select statement_id, line_id, participant_id, aggregation_id, payee_id, enrollment_id, service, component, event_id,
       period_start, period_end, clause, kwh_text(div_half_away(quantity_n * 1000000, quantity_d)) as quantity, unit,
       usd_text(rate_micro) as rate, rate_unit, rate_effective, amount_usd, version, status,
       because || '.' as because
from versioned_line where $which order by statement_id, line_id
