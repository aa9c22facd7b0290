-- Millionths as a plain number: six decimals at most, no trailing zeros.
create or replace temp macro micro_text(micro) as regexp_replace(kwh_text(micro), '\.?0+$', '');
