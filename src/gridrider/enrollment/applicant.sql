-- The applications in the order in which they came, each with its day, its first day and what its participant is.
create or replace temp table applicant as
with named as (
  select a.rowid as place, coalesce(a.application_id, a.enrollment_id) as application_id,
         coalesce(a.enrollment_id, a.application_id) as enrollment_id, a.applied_at,
         coalesce(a.applied_on, d.day, a.enrolled_on, a.starts_on, $at) as day
  from applications as a
  left join instant_day as d on d.instant = a.applied_at
), numbered as (  -- only what the order needs is sorted; the wide rows are joined to it
  select place, application_id, enrollment_id, day,
         cast(row_number() over (order by day, applied_at nulls first, application_id) as bigint) as application_no
  from named
)
select a.* exclude (application_id, enrollment_id, rider, low_income),
       n.application_id, n.enrollment_id, n.day, n.application_no, coalesce(a.rider, $only_rider) as rider,
       coalesce(a.low_income, low_income_by(n.day, a.household_income_micro_usd,
                greatest(a.median_income_state_micro_usd, a.median_income_area_micro_usd))) as low_income,
       greatest(coalesce(a.starts_on, a.enrolled_on, n.day), coalesce(a.enrolled_on, n.day)) as start_on,
       coalesce(p.kind, case when a.participant_id = a.customer_id then 'direct' else 'aggregator' end)
         as participant_kind,
       p.utility as participant_utility, p.utility_affiliate as participant_affiliate,
       p.agreement_signed_on as participant_signed_on, p.data_agreement_signed_on as participant_data_signed_on,
       e.enrollment_id is not null as known
from applications as a
join numbered as n on n.place = a.rowid
left join participants as p on p.participant_id = a.participant_id
left join enrollments as e on e.enrollment_id = n.enrollment_id;

create or replace temp table refusal (application_no bigint, number integer, clause varchar, reason varchar);
