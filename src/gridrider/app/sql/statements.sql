-- statements.csv: one per payee, participant and payment period.
select statement_id, payee_id, participant_id, period_start, period_end, amount_text(total_cents) as total_usd, version,
       (select tariff_hash from published) as tariff_hash
from statement order by statement_id
