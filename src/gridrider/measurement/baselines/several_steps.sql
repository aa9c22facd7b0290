-- The load of a row that is several steps of a day's list; one step missing: missing. A row that the event does not
-- have (null picks) is zero.
create or replace temp macro load_of(loads, picks) as
  case when picks is null then 0
       when list_count(list_select(loads, picks)) = len(picks) then cast(list_sum(list_select(loads, picks)) as bigint) end;
