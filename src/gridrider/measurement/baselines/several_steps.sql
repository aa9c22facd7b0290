-- The load of a row that is several steps of a day's list; one step missing: missing. A row that the event does not
-- have (null) is zero.
create or replace temp macro load_of(loads, place, places) as
  case when place is null then 0
       when list_count(list_select(loads, places)) = len(places) then cast(list_sum(list_select(loads, places)) as bigint) end;
