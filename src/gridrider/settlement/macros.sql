-- How whole numbers are written: exact decimals, never by way of a double.
create or replace temp macro kwh_text(mwh) as cast(cast(mwh as decimal(38, 0)) * cast('0.000001' as decimal(7, 6)) as varchar);
create or replace temp macro amount_text(cents) as cast(cast(cents as decimal(36, 0)) * cast('0.01' as decimal(3, 2)) as varchar);
create or replace temp macro rate_text(micro) as cast(cast(micro as decimal(38, 0)) * cast('0.000001' as decimal(7, 6)) as varchar);
create or replace temp macro usd_text(micro) as
  regexp_replace(rate_text(micro), '^(-?[0-9]+\.[0-9]{2}[0-9]*?)0*$', '\1');
create or replace temp macro hours_text(s) as regexp_replace(kwh_text(cast(s as hugeint) * 1000000 // 3600), '\.?0+$', '');
create or replace temp macro instant_text(t) as strftime(t, '%Y-%m-%dT%H:%M:%SZ');
-- Whether a payment that is for some attributes only is for an enrollment.
create or replace temp macro is_for(attributes, when_any, unless_any) as
  (len(when_any) = 0 or list_has_any(attributes, when_any)) and not list_has_any(attributes, unless_any);
-- A line's id from its settlement key; a null part is none. `span` is the event, or the period's first day.
create or replace temp macro line_id_of(tariff, enrollment_id, participant_id, aggregation_id, rider, service, component,
                                        pay_no, span, condition, part) as
  'L' || substr(sha256(concat_ws(chr(31), tariff, coalesce(enrollment_id, ''),
            case when enrollment_id is null then participant_id || chr(31) || aggregation_id else '' end,
            rider, service, component,
            case when component = 'aggregation_adjustment' then cast(pay_no as varchar) else '' end,
            span, condition, part)), 1, 24);
