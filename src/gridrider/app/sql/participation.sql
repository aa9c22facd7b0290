-- participation.csv: how each enrollment took part in each event, in one sentence.
select e.enrollment_id, v.event_id, r.outcome, r.counted, kwh_text(r.average_milliwatt) as average_kw,
       nullif(case r.outcome when 'unsigned' then v.agreement_clause when 'opted_out' then v.opted_out_clause
            when 'suspended' then v.suspended_clause when 'excused' then v.excused_clause
            when 'missing_readings' then case when r.too_few_days then v.too_few_clause
                 else coalesce(nullif(v.missing_clause, ''), v.method_clause) end
            when 'missed' then coalesce(nullif(v.missed_clause, ''), v.method_clause)
            when 'not_eligible' then 'technologies of the rider'
            when 'cancelled' then v.kind_clause else v.method_clause end, '') as clause,
       case r.outcome
            when 'performed' then 'delivered ' || kwh_text(r.delivered_mwh) || ' kWh in ' || hours_text(r.seconds) || ' h'
            when 'missed' then 'delivered ' || kwh_text(r.delivered_mwh) || ' kWh in ' || hours_text(r.seconds) || ' h, which is not above zero'
            when 'unsigned' then 'no agreement was signed by the day of the event'
            when 'opted_out' then 'opted out at ' || instant_text(r.opted_out_at)
            when 'suspended' then 'participation was suspended'
            when 'excused' then 'unavailable for an excused reason: ' || r.excused_reasons
            when 'missing_readings' then case when r.too_few_days then 'too few baseline days' else 'readings are missing' end
                 || case when r.zero then ', which counts as zero by the rider' else '' end
            when 'not_eligible' then 'the technology is not of this rider'
            when 'cancelled' then 'the event was cancelled before it began' end
       || case when not r.counted and not v.counts then '; events of kind ' || v.kind || ' do not count' else '' end
       || case when r.excused_reasons <> '' and r.seconds > 0 then '; excused in part: ' || r.excused_reasons else '' end
       || '.' as because
from result as r
join enrollment as e on e.enrollment_no = r.enrollment_no
join service_event as v on v.service_event_no = r.service_event_no
where $which
order by e.enrollment_id, v.event_id
