-- What the account of paying back is made of, in micro-dollars.
create or replace temp macro cents_of(micro_usd) as
  case when micro_usd < 0 then -((-micro_usd + 5000) // 10000) else (micro_usd + 5000) // 10000 end;
create or replace temp macro usd_cents_text(micro_usd) as amount_text(cents_of(micro_usd));
create or replace temp table spent (month varchar, micro_usd hugeint);
create or replace temp table cost (cost_id varchar, month varchar, category varchar, micro_usd bigint, because varchar);
create or replace temp table revenue (resource_id varchar, month varchar, micro_usd bigint,
                                      scheduling_coordinator varchar);
create or replace temp table posting (entry_id varchar, posting_no varchar, posted_at timestamp, micro_usd bigint);
create or replace temp table posted_month (posted_at timestamp, month varchar);
