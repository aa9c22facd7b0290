-- Leave only the enrollments that a line speaks of, and those whose meters tie them to one of these, however far; they
-- keep their numbers.
create or replace temp table meter as
select enrollment_no, point_id from enrollment
union
select enrollment_no, premise_point_id from enrollment where premise_point_id is not null
union
select e.enrollment_no, p.point_id from points as p join enrollment as e on e.enrollment_id = p.enrollment_id;

create or replace temp table behind as
with recursive reached as (
  select enrollment_no from enrollment
  where case when $enrollment_id <> '' then enrollment_id = $enrollment_id
             else participant_id = $participant_id   -- a participant's own line looks at all of its aggregations
              and ($component <> 'aggregation_adjustment' or aggregation_id = $aggregation_id) end
  union
  select other.enrollment_no
  from reached as r join meter as m on m.enrollment_no = r.enrollment_no
  join meter as other on other.point_id = m.point_id
)
select enrollment_no from reached;

delete from enrollment where enrollment_no not in (select enrollment_no from behind);
