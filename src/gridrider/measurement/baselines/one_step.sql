-- The load of a row that is one step of a day's list, by its place; a row that the event does not have (null) is zero.
create or replace temp macro load_of(loads, place, places) as case when place is null then 0 else loads[place] end;
