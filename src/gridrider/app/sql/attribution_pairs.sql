-- Every pair of different services whose rows share energy, on each local date.
select distinct c.rider, d.rider, c.service, d.service, c.local_date
from contender as s
join placed as c on c.call_no = s.call_no
join placed as d on d.call_no = s.other_call_no
where c.service <> d.service
order by all
