-- Instructions that are not the event's: what must not be sent at all, and the most that they may draw.
create or replace temp table own_bound as
select f.*, coalesce('the report of ' || utc(reported_at), 'no report before it') as report_text,
  case
    when origin = 'pre_charge' and stop is not null then 'emergency_stop'
    when not (enrolled and described) then 'not_in_force'
    when origin = 'pre_charge' and (agreement_signed_on is null or agreement_signed_on > coalesce(local_date, issued_on))
      then 'unsigned'
    when origin = 'pre_charge' and not coalesce(verified, false) and not coalesce(unverified_included, false) then 'unverified'
    when origin = 'pre_charge' and suspended is not null then 'suspended'
    when origin = 'pre_charge' and opted_out is not null then 'opted_out'
    when connection <> 'grid_tied' then 'islanded'
    when connection is null then 'silent'
    when not plugged then 'unplugged'
    when origin = 'storm_charge' and storm_opt_out then 'storm_opt_out'
    when origin = 'storm_charge' and coalesce(storm_lock, pre_arm, feed_lost) is null then 'no_storm'
    when origin = 'pre_charge' and (pre_charge_never or event_id is not null and (event_start is null
      or called_at > issued_at or "end" > event_start)) then 'pre_charge'
  end as forbidden,
  case when origin = 'storm_charge' then usable * charge_to_micro_pct // 100000000 else usable end as target_max,
  stored >= least(target_mwh, usable) as "full"
from fact as f
where not releases and origin <> 'event';

insert into finding
select 'program', forbidden, instruction_id, enrollment_id, issued_at, asked, 0, case forbidden
  when 'emergency_stop' then 'the program is ' || stop
  when 'not_in_force' then 'no row of enrollments and devices knows it'
  when 'unsigned' then 'agreement signed on ' || coalesce(cast(agreement_signed_on as varchar), 'no day')
  when 'unverified' then 'the devices table says that it is not verified'
  when 'suspended' then 'it is ' || suspended
  when 'opted_out' then 'it ' || opted_out
  when 'islanded' then report_text || ' says ' || connection
  when 'silent' then report_text || ' tells no connection'
  when 'unplugged' then report_text || ' has it away from its charger'
  when 'storm_opt_out' then 'its enrollment has left storm charging'
  when 'no_storm' then 'no row of site_storms covers the instruction'
  else 'the rider says never, or ' || coalesce(event_id, 'the event') || ' is not called yet, has begun or is not its own' end
from own_bound where forbidden is not null
union all
select 'program', 'direction', instruction_id, enrollment_id, issued_at, asked, 0, origin || ' never asks to give'
from own_bound where asked > 0
union all
select 'program', case when "full" then 'full' else 'power_limit' end, instruction_id, enrollment_id, issued_at, asked,
       case when "full" then 0 else -coalesce(charge_max, 0) end,
       'it draws at most ' || coalesce(kw(charge_max), 'nothing known') || ' kW; ' || report_text || ' stores '
       || coalesce(kw(stored), '?') || ' kWh, to be charged to ' || kw(least(target_mwh, usable))
from own_bound where forbidden is null and (asked < 0 and "full" or -asked > coalesce(charge_max, 0) + 1)
union all
select 'program', 'target', instruction_id, enrollment_id, issued_at, null, null,
       'target ' || kw(target_mwh) || ' kWh, at most ' || kw(target_max) || ' of ' || kw(usable) || ' kWh'
from own_bound where target_mwh > target_max + 1;
