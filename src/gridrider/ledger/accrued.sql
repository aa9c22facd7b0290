-- What is earned by a month's end and must be accrued, by account. A line that the books hold by then and that may still
-- change moves from its payee; a line that is booked later is earned by the days of its period that lie before the end.
-- `accrue_run` holds one row: the program, the first day after the month, and whether the run was booked by then.
select case when r.booked then 'payable:' || l.payee_id else 'expense:program:' || r.tariff end as account,
       cast(sum(case
         when r.booked or l.period_end <= r.month_end then l.amount_cents
         else sign(l.amount_cents) * ((2 * abs(l.amount_cents) * (r.month_end - l.period_start)
                                       + (l.period_end - l.period_start)) // (2 * (l.period_end - l.period_start)))
       end) as bigint) as cents
from line_now as l, accrue_run as r
where l.period_start < r.month_end and (not r.booked or l.status = 'provisional')
group by 1 order by 1
