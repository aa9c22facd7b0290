-- What is enrolled already, as the queue counts it; a row that follows another one is no new power.
create or replace temp table seat as
select enrollment_id, rider, customer_id, coalesce(nameplate_milliwatt, 0) as milliwatt, vintage_day as enrolled_on, ends_on,
       prior_enrollment_id is not null as follows
from enrollment;
