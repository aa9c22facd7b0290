-- Upfront payments, adders and claw-backs (settlement rules, "Upfront payments"); and the asset that spreads them.
create or replace temp table upfront_part as
select d.enrollment_no, d.enrollment_id, d.participant_id, d.aggregation_id, d.payee_id, d.rider, d.due_on, d.ends_on,
       d.end_reason, d.due_now, d.left_now, t.term_months, t.amortize_months, t.excused, t.owed_to_funder,
       t.clause as claw_clause, cast(d.due_on + to_months(cast(coalesce(t.term_months, 0) as integer)) as date) as term_end,
       a.part, a.component, a.per_kw, a.rate_micro, a.unit as rate_unit, a.effective, a.cite,
       case when a.per_kw then least(coalesce(d.committed_milliwatt, d.nameplate_milliwatt, 0), t.power_milliwatt_max)
            else 1000000 end as quantity_e6,
       case when a.per_kw then coalesce(d.committed_milliwatt, d.nameplate_milliwatt, 0) > t.power_milliwatt_max
            else false end as is_capped,
       d.vintage_day, t.power_milliwatt_max, d.committed_milliwatt is not null as is_committed,
       cast(div_half_away(cast(quantity_e6 as hugeint) * a.rate_micro, cast(10000000000 as hugeint)) as bigint) as cents,
       line_id_of((select tariff from run), d.enrollment_id, d.participant_id, d.aggregation_id, d.rider,
                  cast(null as varchar), a.component, cast(null as integer), 'once', cast(null as varchar), a.part) as line_id
from upfront_due as d
join upfront_terms as t on t.rider = d.rider and t.vintage_day = d.vintage_day
join upfront_rate as a on a.rider = d.rider and a.vintage_day = d.vintage_day
 and a.duration_s is not distinct from d.duration_s and a.customer_class is not distinct from d.customer_class
 and (len(a.when_any) = 0 or list_has_any(d.attributes, a.when_any));

insert into line
select enrollment_no, participant_id, aggregation_id, payee_id, enrollment_id, cast(null as integer), rider,
       cast(null as varchar), component, cast(null as varchar), due_on,
       case when term_months is null then due_on + 1 else term_end end, cite, cast(quantity_e6 as hugeint),
       cast(1000000 as hugeint), case when per_kw then 'kW' else 'enrollment' end, rate_micro, rate_unit, effective, cents,
       true, true,
       'Due on ' || due_on || ': '
       || case when not per_kw then 'once for the enrollment'
               else kwh_text(quantity_e6) || ' kW ' || case when is_committed then 'committed' else 'of nameplate power' end
                    || case when is_capped then ' as paid for at most' else '' end end
       || case when component = 'adder' then ', ' || replace(replace(part, ' once', ''), ' per kW', '') else '' end
       || ', times ' || usd_text(rate_micro) || ' ' || rate_unit || ' as of the vintage day ' || vintage_day, part
from upfront_part where due_now;

create or replace temp table claw_back as    -- a month that has begun is served
with served as (
  select *, datediff('month', due_on, ends_on)
            + case when due_on + to_months(cast(datediff('month', due_on, ends_on) as integer)) <= ends_on then 1 else 0 end
            as months_served
  from upfront_part
  where left_now and term_months is not null and ends_on < term_end - 1
    and not list_contains(excused, coalesce(end_reason, ''))
), summed as (
  select enrollment_no, enrollment_id, participant_id, aggregation_id,
         case when owed_to_funder then participant_id else payee_id end as payee_id, rider, ends_on, term_end, term_months,
         term_months - months_served as months_left, claw_clause, owed_to_funder, cast(sum(cents) as hugeint) as paid_cents
  from served group by all
)
select *, -cast(div_half_away(paid_cents * months_left, cast(term_months as hugeint)) as bigint) as cents,
       line_id_of((select tariff from run), enrollment_id, participant_id, aggregation_id, rider, cast(null as varchar),
                  'claw_back', cast(null as integer), 'once', cast(null as varchar), cast(null as varchar)) as line_id
from summed;

insert into line
select enrollment_no, participant_id, aggregation_id, payee_id, enrollment_id, cast(null as integer), rider,
       cast(null as varchar), 'claw_back', cast(null as varchar), ends_on + 1, term_end, claw_clause,
       cast(months_left as hugeint) * 1000000, cast(1000000 as hugeint), 'month', cast(null as bigint), cast(null as varchar),
       cast(null as date), cents, true, true,
       'Left on ' || ends_on || ' with ' || months_left || ' of ' || term_months || ' months left: '
       || amount_text(paid_cents) || ' USD were paid upfront'
       || case when owed_to_funder then '; the funder''s, passed through the participant' else '' end,
       cast(null as varchar)
from claw_back;

create or replace temp table amortization as
with spread as (     -- whole months from the due day to a day, by which so many parts have been moved
  select p.*, case when p.left_now then least(p.amortize_months, datediff('month', p.due_on, p.ends_on)) end as moved_until_left
  from upfront_part as p where p.amortize_months is not null and p.cents <> 0
), monthly as (
  select s.line_id, s.cents, s.amortize_months, s.due_on, s.ends_on,
         unnest(range(greatest(1, datediff('month', s.due_on, r.period_first)),
                      1 + least(s.amortize_months, datediff('month', s.due_on, r.period_end - 1)))) as month_no
  from spread as s cross join run as r
), dated as (
  select *, cast(date_trunc('month', due_on) + to_months(cast(month_no as integer)) as date) as day from monthly
), leaving as (      -- what is left of the asset, one entry for the enrollment
  select s.enrollment_no, min(s.line_id) as line_id, s.ends_on,
         cast(sum(s.cents - div_half_away(cast(s.cents as hugeint) * s.moved_until_left, cast(s.amortize_months as hugeint)))
              as bigint) as left_cents
  from spread as s where s.left_now group by all
)
select line_id, due_on as day, 'booked' as act, cents from spread where due_now
union all
select d.line_id, d.day, 'amortized',
       -cast(div_half_away(cast(d.cents as hugeint) * d.month_no, cast(d.amortize_months as hugeint))
             - div_half_away(cast(d.cents as hugeint) * (d.month_no - 1), cast(d.amortize_months as hugeint)) as bigint)
from dated as d cross join run as r
where d.day >= r.period_first and d.day < r.period_end and d.day <= r.as_of_day and coalesce(d.day <= d.ends_on, true)
union all
select c.line_id, c.ends_on, 'clawed_back', c.cents from claw_back as c
where c.enrollment_no in (select enrollment_no from spread) and c.cents <> 0
union all
select coalesce(c.line_id, l.line_id), l.ends_on, 'written_off', -(l.left_cents + coalesce(c.cents, 0))
from leaving as l left join claw_back as c on c.enrollment_no = l.enrollment_no
where l.left_cents + coalesce(c.cents, 0) <> 0;
