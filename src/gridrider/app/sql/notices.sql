-- notices.csv: every notice of the event, in order of event, enrollment, time and kind.
select event_id, enrollment_id, notice, case when n."at" is not null then instant_text(n."at") end as "at", channel, "to",
       instant_text(start) as start, instant_text("end") as "end", says
from ($notices) as n
order by event_id, enrollment_id, n."at" nulls first, notice
