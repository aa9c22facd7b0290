-- The members' lines of one payment and aggregation whose periods begin within a span; one event's lines, or all;
-- one enrollment's, where the sum of a site is floored.
select *, div_half_away(quantity_n * 1000000, quantity_d) as quantity_e6 from keyed_line
where enrollment_no is not null and pay_no = ? and participant_id = ? and aggregation_id = ?
  and period_start >= ? and period_start < ? and coalesce(event_id = ?, true)
  and coalesce(enrollment_id = ?, true)
order by enrollment_id, event_id, period_start
