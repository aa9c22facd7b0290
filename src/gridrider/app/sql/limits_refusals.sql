-- refusals.csv: what refuses the event itself, the aggregations that are too small, and whom it spares, each with
-- every reason.
select enrollment_id, clause, reason, micro_text(share_micro) as share, scope, id, cause
from (
  select null as enrollment_id, clause, reason, null as share_micro, 'program' as scope, id, 'operating_parameter' as cause
  from program_refusal
  union all
  select null, s.clause, 'aggregation ' || s.aggregation_id || ' has ' || micro_text(coalesce(s.milliwatt, 0))
         || ' kW, less than ' || micro_text(s.least), 0, 'aggregation', s.aggregation_id, 'aggregation'
  from small_aggregation as s
  union all
  select e.enrollment_id, s.clause, s.reason, s.share_micro, 'enrollment', e.enrollment_id, s.cause
  from spared as s join enrollment as e on e.enrollment_no = s.enrollment_no
)
order by enrollment_id nulls first, clause, reason, scope, id, cause
