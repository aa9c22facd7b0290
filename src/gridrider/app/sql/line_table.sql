-- The lines while they are being made; quantities are exact fractions.
create or replace temp table line (
  enrollment_no bigint, participant_id varchar, aggregation_id varchar, payee_id varchar, enrollment_id varchar,
  pay_no integer, rider varchar, service varchar, component varchar, event_id varchar, period_start date,
  period_end date, clause varchar, quantity_n hugeint, quantity_d hugeint, unit varchar, rate_micro bigint,
  rate_unit varchar, rate_effective date, amount_cents bigint, measured boolean, whole boolean, because varchar, part varchar)
