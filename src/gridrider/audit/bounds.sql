-- The most that each instruction of an event may ask, row by row of the page; null = the row sets no bound.
-- A milliwatt is let pass for the last digit of a kernel's floating number, a milliwatt-hour for that of telemetry.
create or replace temp table event_bound as
with needed as (
  select f.*, o.in_month, o.in_year, coalesce(e.energy, 0) as used,
         (f.usable * f.reserve_micro + 99999999) // 100000000 as reserve_mwh,
         case when f.departs_at is null and f.departure is null then 0
           else greatest(coalesce(f.departure, f.usable) - coalesce(f.charge_max, 0) * coalesce(f.charge_nano, 0)
                         * coalesce(greatest(epoch_us(f.departs_at) - epoch_us(f.reverts_at), 0), 0)
                         // 3600000000000000000, 0) end as must_keep
  from fact as f
  left join other_event as o on o.instruction_id = f.instruction_id
  asof left join called_energy as e on e.point_id = f.point_id and e.year = year(f.local_date)
   and e.reported_at <= f.issued_at
  where f.origin = 'event'
), told as (
  select *, case
    when stores and (100 * stored < -usable or 100 * stored > 101 * usable) then 'stored ' || kw(stored) || ' of ' || kw(usable) || ' kWh'
    when 10 * reported_milliwatt > 11 * discharge_max + 1000000
      or stores and -10 * reported_milliwatt > 11 * charge_max + 1000000
      then 'power ' || kw(reported_milliwatt) || ' kW'
    when not stores or stored_before is null or stored is null
      or epoch_us(reported_at) - epoch_us(before_at) > 1800000000 then null
    when coalesce(reported_milliwatt, 0) >= 0 and 10 * abs((stored - stored_before) * 3600000000 * discharge_nano
           + coalesce(reported_milliwatt, 0) * (epoch_us(reported_at) - epoch_us(before_at)) * 1000000000)
         > usable * 3600000000 * discharge_nano
      or reported_milliwatt < 0 and 10 * abs((stored - stored_before) * 3600000000 * 1000000000
           + reported_milliwatt * (epoch_us(reported_at) - epoch_us(before_at)) * charge_nano)
         > usable * 3600000000 * 1000000000
      then 'stored ' || kw(stored_before) || ' then ' || kw(stored) || ' kWh at ' || kw(coalesce(reported_milliwatt, 0)) || ' kW'
    end as contradiction
  from needed
)
select *,
  case when stop is not null then 0 end as emergency_stop,
  case when enrolled and described and concerned and local_date between starts_on and coalesce(ends_on, date '9999-12-31')
         and list_contains(technologies, technology) and (services is null or list_contains(services, service))
         and (zones is null or list_contains(zones, zone))
         and (not duration_matches or duration_s is null or event_us <= duration_s * 1000000) then null
       else 0 end as not_in_force,
  case when agreement_signed_on is null or agreement_signed_on > local_date then 0 end as unsigned,
  case when not coalesce(verified, false) and not coalesce(unverified_included, false) then 0 end as unverified,
  case when medical and medical_excluded then 0 end as medical_bound,
  case when suspended is not null then 0 end as suspended_bound,
  case when opted_out is not null then 0 end as opted_out_bound,
  case when connection <> 'grid_tied' then 0 end as islanded,
  case when storm_lock is not null or pre_arm_hold and pre_arm is not null then 0 end as storm_hold,
  case when feed_lost is not null then 0 end as storm_feed_lost,
  case when in_month >= month_events then 0 end as events_per_month,
  case when in_year >= year_events then 0 end as events_per_year,
  case when stores and cycles_micro is not null
       then coalesce(greatest(cycles_micro * usable * 3600 - used + 3600000000000, 0) // span_us, 0) end as cycles_per_year,
  case when start < event_start or "end" > event_end or start >= event_end or called_at > issued_at then 0
       end as outside_event,
  case when connection is null or stores and (stored is null or export_max is not null and home_net is null) then 0
       end as silent,
  case when epoch_us(issued_at) - epoch_us(reported_at) > telemetry_us then 0 end as stale,
  case when contradiction is not null then 0 end as contradictory,
  case when not coalesce(plugged, technology <> 'ev') then 0 end as unplugged,
  case when stores and (departs_at is not null or departure is not null)
       then coalesce(greatest(stored + 1 - must_keep, 0) * discharge_nano * 18 // (5 * span_us), 0) end as ev_departure,
  case when stores
       then coalesce(greatest(stored + 1 - reserve_mwh, 0) * discharge_nano * 18 // (5 * span_us), 0) end as reserve,
  case when stores and voltage_nano > 1060000000
       then coalesce(greatest(discharge_max * (1100000000 - voltage_nano), 0) // 40000000, 0) end as high_voltage,
  case when stores and export_max is not null then greatest(coalesce(export_max + home_net, 0), 0) end as export_limit,
  coalesce(discharge_max, 0) as power_limit
from told;

create or replace temp table event_breach as
with least_of as (
  select *, least(emergency_stop, not_in_force, unsigned, unverified, medical_bound, suspended_bound, opted_out_bound,
                  islanded, storm_hold, storm_feed_lost, events_per_month, events_per_year, cycles_per_year,
                  outside_event, silent, stale, contradictory, unplugged, ev_departure, reserve, high_voltage,
                  export_limit, power_limit) as allowed
  from event_bound
)
select *,
  case allowed when emergency_stop then 'emergency_stop' when not_in_force then 'not_in_force' when unsigned then 'unsigned'
    when unverified then 'unverified' when medical_bound then 'medical' when suspended_bound then 'suspended'
    when opted_out_bound then 'opted_out' when islanded then 'islanded' when storm_hold then 'storm_hold'
    when storm_feed_lost then 'storm_feed_lost' when events_per_month then 'events_per_month'
    when events_per_year then 'events_per_year' when cycles_per_year then 'cycles_per_year'
    when outside_event then 'outside_event' when silent then 'silent' when stale then 'stale'
    when contradictory then 'contradictory' when unplugged then 'unplugged' when ev_departure then 'ev_departure'
    when reserve then 'reserve' when high_voltage then 'high_voltage' when export_limit then 'export_limit'
    else 'power_limit' end as rule,
  coalesce('the report of ' || utc(reported_at), 'no report before it') as report_text
from least_of where asked > allowed + 1;

insert into finding
select 'program', rule, instruction_id, enrollment_id, issued_at, asked, allowed, case rule
  when 'emergency_stop' then 'the program is ' || stop
  when 'not_in_force' then 'no row of enrollments, devices and events lets ' || coalesce(event_id, 'a blank event')
    || ' call it: in force ' || coalesce(cast(starts_on as varchar), 'never') || ' to ' || coalesce(cast(ends_on as varchar), 'open')
  when 'unsigned' then 'agreement signed on ' || coalesce(cast(agreement_signed_on as varchar), 'no day') || ', event of '
    || coalesce(cast(local_date as varchar), 'no day')
  when 'unverified' then 'the devices table says that it is not verified'
  when 'medical' then 'its enrollment is on medical baseline or life support'
  when 'suspended' then 'it is ' || suspended
  when 'opted_out' then 'it ' || opted_out
  when 'islanded' then report_text || ' says ' || connection
  when 'storm_hold' then coalesce(storm_lock, pre_arm)
  when 'storm_feed_lost' then feed_lost
  when 'events_per_month' then point_id || ' was asked in ' || in_month || ' other events of the month, of ' || month_events
  when 'events_per_year' then point_id || ' was asked in ' || in_year || ' other events of the year, of ' || year_events
  when 'cycles_per_year' then point_id || ' gave ' || kw(used // 3600000000) || ' kWh in events of the year; '
    || kw(cycles_micro) || ' cycles of ' || kw(usable) || ' kWh are the most'
  when 'outside_event' then 'it holds ' || utc(start) || ' to ' || utc("end") || ', the event ' || utc(event_start) || ' to '
    || utc(event_end) || coalesce(', called at ' || utc(called_at), '')
  when 'silent' then report_text || ' tells no connection, stored energy or home''s net import'
  when 'stale' then report_text || ' is older than ' || telemetry_us // 60000000 || ' minutes'
  when 'contradictory' then report_text || ' contradicts itself: ' || contradiction
  when 'unplugged' then report_text || ' has it away from its charger'
  when 'ev_departure' then report_text || ' stores ' || kw(stored) || ' kWh, and ' || kw(must_keep)
    || ' cannot be charged again by ' || coalesce(utc(departs_at), 'a departure that nobody told')
  when 'reserve' then report_text || ' stores ' || kw(stored) || ' kWh over a floor of ' || kw(reserve_mwh) || ' until '
    || utc(reverts_at)
  when 'high_voltage' then report_text || ' has ' || rtrim(kw(voltage_nano // 1000), '.') || ' pu'
  when 'export_limit' then report_text || ' has a home''s net import of ' || kw(home_net) || ' kW, export at most '
    || kw(export_max)
  else 'the device gives at most ' || coalesce(kw(discharge_max), 'nothing known') end as because
from event_breach
union all
select 'program', 'direction', instruction_id, enrollment_id, issued_at, asked, 0, 'an event never asks to draw'
from fact where origin = 'event' and asked < 0
union all
select 'program', 'floor', instruction_id, enrollment_id, issued_at, null, null,
       'floor ' || coalesce(kw(floor_mwh) || ' kWh', 'blank') || ', at least '
       || kw(greatest(reserve_mwh, must_keep)) || ' kWh by the devices and report of '
       || coalesce(utc(reported_at), 'nobody')
from event_bound
where stores and asked is not null
  and (floor_mwh is null or floor_mwh + 1 < greatest(reserve_mwh, must_keep));
