-- The days on which two meters of one series overlap.
select distinct p.series_no, cast(unnest(generate_series(p.first_date, p.last_date, interval 1 day)) as date) as local_date
from shared_span as p where p.series_no in (select series_no from bucket_call union select premise_series_no from bucket_call)
 and p.last_date < date '9999-01-01' and p.first_date > date '0001-01-01'
