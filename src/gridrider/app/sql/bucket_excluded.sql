-- The days that a bucket's own events and outages take out of its baselines.
select * from own_excluded where enrollment_no in (select enrollment_no from bucket_call)
