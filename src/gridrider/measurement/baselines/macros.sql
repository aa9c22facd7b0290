-- Divide whole numbers once, the divisor above zero, ties away from zero (settlement rules, "Numbers").
create or replace temp macro div_half_away(n, d) as
  case when n < 0 then -((d - 2 * n) // (2 * d)) else (2 * n + d) // (2 * d) end;
-- The worst quality among some steps of a day's list; a day without a list is all actual.
create or replace temp macro quality_of(qualities, picks) as
  case when qualities is null then 0 else coalesce(list_max(list_select(qualities, picks)), 0) end;
-- The lists of three days in a row as one; a day without a list is so many nulls.
create or replace temp macro three_days(before, steps_before, own, steps, after, nothing) as
  list_concat(list_concat(coalesce(before, list_resize(nothing, steps_before)), coalesce(own, list_resize(nothing, steps))),
              coalesce(after, nothing));
-- The same list with the clock's change taken into account: what a wall clock reads, always 24 hours.
create or replace temp macro by_clock(loads, step_s, change_s, shift_s) as
  case when shift_s is null then loads
       when change_s % step_s <> 0 or shift_s % step_s <> 0 then loads[:change_s // step_s]
       when shift_s > 0 then list_concat(list_concat(loads[:change_s // step_s],
            list_resize(loads[:0], shift_s // step_s)), loads[change_s // step_s + 1:])
       else list_concat(loads[:change_s // step_s], loads[(change_s - shift_s) // step_s + 1:]) end;
