-- Contiguous ranges of customers, ordered by their first point; every point of a customer in one bucket.
create or replace temp table bucket_of as
with customers as (
  select e.customer_id, min(s.point_id) as first_point, count(*) as points
  from enrollment as e join series_day as s on s.enrollment_no = e.enrollment_no group by e.customer_id
), placed as (
  select *, sum(points) over (order by first_point, customer_id rows unbounded preceding) - points as before
  from customers
)
select e.enrollment_no, cast(p.before // $points_per_bucket as integer) as bucket_no
from enrollment as e join placed as p on p.customer_id = e.customer_id;
