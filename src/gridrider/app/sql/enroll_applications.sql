-- Where every application stands: by the tariff's word, by an act, or in the line.
create or replace temp table standing as
with first_refusal as (
  select application_no, min_by(clause, number) as clause, string_agg(reason, '. ' order by number) as reasons
  from refusal group by application_no
), stood as (
  select a.application_no, a.application_id, a.enrollment_id, a.rider, a.day, a.nameplate_milliwatt, e.status as known_as,
         c.admitted_on, coalesce(c.turned_away, false) as turned_away, r.clause, r.reasons, w.day as withdrawn_on,
         p.day as approved_on, coalesce(v.by_utility and a.pending, false) as by_utility, e.vintage_day, c.ready_on
  from applicant as a
  left join enrollment as e on e.enrollment_id = a.enrollment_id
  left join candidate as c on c.application_no = a.application_no
  left join first_refusal as r on r.application_no = a.application_no
  left join withdrawal as w on w.application_id = a.application_id
  left join approval as p on p.application_id = a.application_id
  left join review as v on v.rider = a.rider and a.day >= v.first and a.day < v.until
)
select *, case when known_as is not null then known_as
               when day > $at then 'applied'
               when clause is not null or turned_away then 'refused'
               when withdrawn_on is not null then 'withdrawn'
               when by_utility and approved_on is null then 'pending_review'
               else 'waitlisted' end as status
from stood;

create or replace temp table waiting as
select s.application_no, s.application_id, s.rider, s.ready_on, s.nameplate_milliwatt, f.clause, f.because,
       row_number() over (partition by s.rider order by s.ready_on, s.application_no) as queue_position
from standing as s left join full_queue as f on f.rider = s.rider
where s.status = 'waitlisted';
