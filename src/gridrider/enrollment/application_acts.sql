-- What came of the acts on applications.
update act set
  outcome = case when s.was = 'known' and act.act = 'approve' then 'repeated' when s.after is null then 'refused'
                 when act.act = 'approve' and not coalesce(act."by" = 'utility', true) then 'refused'
                 else 'done' end,
  clause = case when s.after is null and not (s.was = 'known' and act.act = 'approve') then 'where it stands'
                when act.act = 'approve' and not coalesce(act."by" = 'utility', true) then 'who' end,
  because = case when s.was = 'known' and act.act = 'approve' then 'was dealt with before'
                 when s.after is null then 'an application that is ' || case s.was when 'known' then 'enrolled' else s.was end
                      || ' has no ' || act.act
                 when act.act = 'approve' and not coalesce(act."by" = 'utility', true) then 'only the utility may approve'
                 else act.reason end
from (
  select t.act_no, w.was, p.after
  from act as t
  join (select t.act_no, case
          when a.known then 'known'
          when r.application_no is not null then 'refused'
          when c.admitted_on is null and t.act_no > coalesce(x.first_no, t.act_no) then 'withdrawn'
          when a.day > t.day then 'applied'
          when c.admitted_on is not null and c.admitted_on <= t.day then
               case when t.act = 'approve' and q.first_no = t.act_no then 'pending_review' else 'enrolled' end
          when coalesce(v.by_utility and a.pending, false) and (q.day is null or q.first_no >= t.act_no) then 'pending_review'
          else 'waitlisted' end as was
        from act as t join applicant as a on a.application_id = t.application_id
        left join (select distinct application_no from refusal) as r on r.application_no = a.application_no
        left join candidate as c on c.application_no = a.application_no
        left join review as v on v.rider = a.rider and a.day >= v.first and a.day < v.until
        left join (select application_id, min(day) as day, min(act_no) as first_no from act where act = 'approve'
                   group by application_id) as q on q.application_id = a.application_id
        left join (select application_id, min(act_no) as first_no from act where act = 'withdraw' and day <= $at
                   group by application_id) as x on x.application_id = a.application_id) as w using (act_no)
  left join application_step as p on p.status = w.was and p.act = t.act
) as s
where s.act_no = act.act_no and act.outcome is null;

-- Acts on an enrollment that never came to be.
update act set outcome = 'refused', clause = 'where it stands', because = 'its application is not enrolled'
where outcome is null and enrollment_id is not null
  and enrollment_id not in (select enrollment_id from enrollment);
