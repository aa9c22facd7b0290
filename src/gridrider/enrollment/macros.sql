-- A whole number of smallest units as text in the unit of the files: 13500000 milliwatts of 1000000 in a kW are 13.5.
create or replace temp macro plain_text(number, per_unit) as
  case when number < 0 then '-' else '' end || cast(abs(number) // per_unit as varchar)
  || case when abs(number) % per_unit = 0 then ''
     else '.' || rtrim(lpad(cast(cast(abs(number) % per_unit as hugeint) * 1000000 // per_unit as varchar), 6, '0'), '0') end;
create or replace temp macro kw_text(milliwatt) as
  case when milliwatt < 0 then '-' else '' end || cast(abs(milliwatt) // 1000000 as varchar)
  || '.' || lpad(cast(abs(milliwatt) % 1000000 as varchar), 6, '0');
create or replace temp macro instant_text(instant) as strftime(instant, '%Y-%m-%dT%H:%M:%S')
  || case when epoch_us(instant) % 1000000 = 0 then '' else strftime(instant, '.%f') end || 'Z';
