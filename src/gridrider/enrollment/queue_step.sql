-- Seats from one day to the next on which anything changes: who waits first, then who comes, nobody overtaking.
create or replace temp table seated as
with taken as (
  select s.customer_id, case when f.application_no is null then s.milliwatt else 0 end as milliwatt, s.enrolled_on,
         s.ends_on, s.follows
  from seat as s
  left join candidate as f on f.follows and f.admitted_on is not null and f.prior_enrollment_id = s.enrollment_id
  where s.rider = $rider
  union all
  select customer_id, milliwatt, admitted_on, leaves_on, follows from candidate
  where rider = $rider and admitted_on is not null
), used as (
  select coalesce(sum(milliwatt) filter (ends_on is null or ends_on >= $first), 0) as milliwatt,
         coalesce(sum(milliwatt) filter (year(enrolled_on) = year($first) and not follows), 0) as milliwatt_year
  from taken
), customers as (
  select customer_id, min(enrolled_on) as since from taken group by customer_id
), used_customers as (
  select count(*) filter (year(since) = year($first)) as new_customers from customers
), waiting as (
  select c.*, greatest(c.ready_on, $first) as seat_on from candidate as c
  where c.rider = $rider and c.admitted_on is null and not c.turned_away and c.ready_on < $until
    and (c.withdrawn_on is null or c.withdrawn_on > greatest(c.ready_on, $first))
), counted as (
  select w.application_no, w.seat_on,
         sum(case when w.follows then 0 else w.milliwatt end) over queue as milliwatt,
         sum(cast(not w.follows and k.customer_id is null and w.application_no = w.first_no as integer)) over queue
           as new_customers
  from (select *, first_value(application_no) over (partition by customer_id, follows order by seat_on, application_no)
        as first_no from waiting) as w
  left join customers as k on k.customer_id = w.customer_id
  window queue as (order by w.seat_on, w.application_no rows unbounded preceding)
)
select application_no, seat_on from counted, used, used_customers
where ($milliwatt_max is null or used.milliwatt + counted.milliwatt <= $milliwatt_max)
  and ($milliwatt_year_max is null or used.milliwatt_year + counted.milliwatt <= $milliwatt_year_max)
  and ($customers_max is null or used_customers.new_customers + counted.new_customers <= $customers_max);

update candidate set admitted_on = seated.seat_on from seated where seated.application_no = candidate.application_no;

update candidate set leaves_on = greatest(l.day, greatest(candidate.start_on, candidate.admitted_on) - 1)
from (select c.application_no, t.act, t.day,
             row_number() over (partition by c.application_no order by t.acted_at, t.act_no) as nth
      from seated as s join candidate as c using (application_no)
      join act as t on t.enrollment_id = c.enrollment_id and t.day >= s.seat_on
      left join participants as p on p.participant_id = t.to_participant_id
      left join rate_lock as k on k.rider = c.rider and s.seat_on >= k.first and s.seat_on < k.until
      left join affiliates as f on t.day >= f.first and t.day < f.until
      where t.outcome is null and t.act in ('unenroll', 'disenroll', 'close', 'move', 're_enroll')
        and (t."by" is null or t."by" = 'utility' or (t.act in ('unenroll', 'move', 're_enroll')
             and t."by" in (c.customer_id, c.participant_id, t.to_participant_id)))
        -- A re-enrollment under the lock, or a move to who may not take the customer, will be refused and ends nothing.
        and (t.act <> 're_enroll' or k.months is null or t.day >= cast(s.seat_on + to_months(k.months) as date))
        and (t.act <> 'move' or (t.to_participant_id <> c.participant_id
             and (coalesce(p.kind, 'aggregator') = 'aggregator' or t.to_participant_id = c.customer_id)
             and not (coalesce(p.kind = 'aggregator', false) and f.clause is not null
                      and (coalesce(p.utility, false) or coalesce(p.utility_affiliate, false)))))) as l
where l.application_no = candidate.application_no and l.nth = 1 and l.act in ('unenroll', 'disenroll', 'close');
