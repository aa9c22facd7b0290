select act_key, act, instant_text(acted_at) as "at", application_id, enrollment_id, "by", outcome, new_enrollment_id, clause, because
from act order by act_no
