-- What every month of a reconciliation adds to. The rows of the retail bill are the only large table.
create or replace table slot_row (premise_no integer, start_s bigint, seconds bigint, award boolean, master_mwh bigint,
  generation_mwh bigint, addback_mwh bigint, billed_mwh bigint, backed_out_mwh bigint);
create or replace temp table demand_row (premise_no integer, month varchar, master_peak_milliwatt bigint,
  master_peak_s bigint, billed_peak_milliwatt bigint, billed_peak_s bigint, intervals bigint, intervals_missing bigint,
  complete boolean);
create or replace temp table resource_month (resource_no integer, month varchar, award_hours bigint,
  generation_mwh bigint, addback_mwh bigint, charging_mwh bigint, paid_mwh bigint, charged_mwh bigint,
  micro_usd bigint);
create or replace temp table exception (resource_no integer, premise_no integer, start_s bigint, seconds bigint,
  kind varchar, mwh bigint, micro_usd bigint, because varchar, charge_code varchar, recalculation varchar,
  resource_id varchar);
create or replace temp table wholesale_store (resource_no integer, held_mwh bigint);
