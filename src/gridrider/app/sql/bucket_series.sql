-- The metering points of a bucket, by the days for which they stand.
select s.series_no, s.point_id, s.from_date, s.to_date, s.starts from series_day as s
where s.series_no in (select series_no from bucket_call union select premise_series_no from bucket_call)
order by s.series_no, s.starts, s.point_id
