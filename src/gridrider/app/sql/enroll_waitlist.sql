select rider, queue_position, application_id, ready_on as waiting_since, kw_text(nameplate_milliwatt) as nameplate_kw,
       clause, because
from waiting order by rider, queue_position
