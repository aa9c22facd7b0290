-- How whole numbers are written: exact decimals, never by way of a double.
create or replace temp macro kwh_text(mwh) as cast(cast(mwh as decimal(38, 0)) * cast('0.000001' as decimal(7, 6)) as varchar);
create or replace temp macro amount_text(cents) as cast(cast(cents as decimal(36, 0)) * cast('0.01' as decimal(3, 2)) as varchar);
create or replace temp macro rate_text(micro) as cast(cast(micro as decimal(38, 0)) * cast('0.000001' as decimal(7, 6)) as varchar);
create or replace temp macro usd_text(micro) as
  regexp_replace(rate_text(micro), '^(-?[0-9]+\.[0-9]{2}[0-9]*?)0*$', '\1');
create or replace temp macro hours_text(s) as regexp_replace(kwh_text(cast(s as hugeint) * 1000000 // 3600), '\.?0+$', '');
create or replace temp macro instant_text(t) as strftime(t, '%Y-%m-%dT%H:%M:%SZ');
