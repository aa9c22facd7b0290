-- One pass: every waiting row whose earlier rows are all settled gets what is taken from it.
create or replace temp table ready as
select w.call_no, w.row_no from waiting as w
where not exists (select 1 from sharing as s
                  join waiting as o on o.call_no = s.other_call_no and o.row_no = s.other_row_no
                  where s.call_no = w.call_no and s.row_no = w.row_no);

insert into taking
with own as (
  select r.call_no, r.row_no, cast(f.delivered_mwh as hugeint) as mwh
  from ready as r join performance as f on f.call_no = r.call_no and f.row_no = r.row_no
), paid as (    -- what the earlier rows are paid for
  select o.call_no, o.row_no,
         cast(greatest(f.delivered_mwh, 0) - greatest(coalesce(t.taken_mwh, 0), 0) as hugeint) as mwh
  from (select distinct s.other_call_no as call_no, s.other_row_no as row_no
        from sharing as s join ready as r on r.call_no = s.call_no and r.row_no = s.row_no) as o
  join performance as f on f.call_no = o.call_no and f.row_no = o.row_no
  join call_measured as m on m.call_no = o.call_no and m.complete
  left join counted_row as t on t.call_no = o.call_no and t.row_no = o.row_no
)
select s.call_no, s.row_no, s.taker, s.clause,
       case s.rule when 'once' then div_half_away(o.mwh * s.shared_s, s.own_s)
                   when 'forbidden' then case when p.mwh > 0 then greatest(o.mwh, 0) else 0 end
                   else div_half_away(p.mwh * s.shared_s, s.other_s) end as taken_mwh,
       case when s.rule = 'once' then s.shared_s else 0 end as left_s
from sharing as s
join own as o on o.call_no = s.call_no and o.row_no = s.row_no
join paid as p on p.call_no = s.other_call_no and p.row_no = s.other_row_no
where p.mwh > 0 or s.rule = 'once';

insert into counted_row
select r.call_no, r.row_no,
       -- From a row below zero only time that leaves takes anything, with its sign.
       cast(case when f.delivered_mwh < 0
                 then greatest(coalesce(sum(t.taken_mwh) filter (t.left_s > 0), 0), f.delivered_mwh)
                 else least(coalesce(sum(t.taken_mwh), 0), f.delivered_mwh) end as bigint) as taken_mwh,
       least(coalesce(sum(t.left_s), 0), any_value(w.seconds)) as left_s,
       coalesce(string_agg(t.taker, '; ' order by t.taker, t.clause)
                filter (t.taken_mwh <> 0 or t.left_s > 0), '') as takers,
       coalesce(string_agg(distinct t.clause, '; ' order by t.clause)
                filter ((t.taken_mwh <> 0 or t.left_s > 0) and t.clause <> ''), '') as clause
from ready as r
join performance as f on f.call_no = r.call_no and f.row_no = r.row_no
join placed as p on p.call_no = r.call_no
join window_row as w on w.window_no = p.window_no and w.row_no = r.row_no
left join taking as t on t.call_no = r.call_no and t.row_no = r.row_no
where f.delivered_mwh is not null
group by r.call_no, r.row_no, f.delivered_mwh;

delete from waiting using ready where waiting.call_no = ready.call_no and waiting.row_no = ready.row_no;
