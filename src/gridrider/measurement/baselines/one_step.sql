-- The load of a row that is one step of a day's list; a row that the event does not have (null picks) is zero.
create or replace temp macro load_of(loads, picks) as case when picks is null then 0 else loads[picks[1]] end;
