-- differences.csv: what changed against the prior run.
select coalesce(l.line_id, p.line_id) as line_id, p.amount_usd as before_usd, l.amount_usd as after_usd,
       case when p.line_id is null then 'new line' when l.line_id is null then 'the line is gone'
            else 'was: ' || p.because || ' Is: ' || l.because || '.' end as because
from versioned_line as l full join prior_line as p on p.line_id = l.line_id
where l.amount_usd is distinct from p.amount_usd order by 1
