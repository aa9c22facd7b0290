select s.application_id, s.enrollment_id, s.status, w.queue_position, s.vintage_day as enrolled_on,
       case when s.status = 'refused' then coalesce(s.clause, f.clause) when s.status = 'waitlisted' then w.clause end as clause,
       case s.status when 'refused' then coalesce(s.reasons, f.because)
                     when 'waitlisted' then w.because
                     when 'applied' then 'is dated after the day of this run'
                     when 'pending_review' then 'waits for the utility to review it'
                     when 'withdrawn' then 'withdrawn on ' || s.withdrawn_on end as because
from standing as s
left join waiting as w on w.application_no = s.application_no
left join full_queue as f on f.rider = s.rider
order by s.application_id
