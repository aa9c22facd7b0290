select s.application_id, r.clause, r.reason
from (select application_no, number, clause, reason from refusal
      union all
      select s.application_no, 9005, f.clause, f.because from standing as s join full_queue as f on f.rider = s.rider
      where s.turned_away and s.known_as is null and s.clause is null) as r
join standing as s on s.application_no = r.application_no
order by s.application_id, r.number
