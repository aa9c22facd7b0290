-- Timers, primacy, and which instruction takes the place of which.
insert into finding
select 'program', 'lease', f.instruction_id, f.enrollment_id, f.issued_at, f.asked, null,
       'issued ' || utc(f.issued_at) || ', holds ' || utc(f.start) || ' to ' || utc(f."end") || ', reverts ' || utc(f.reverts_at)
       || coalesce('; the event ends ' || utc(f.event_end), '') || '; a lease is ' || o.lease_us // 1000000 || ' s'
from fact as f cross join operation as o
where not f.releases
  and (f."end" <= f.start or f.reverts_at <= f.start
       or f.origin = 'event' and (epoch_us(f.reverts_at) - epoch_us(f.issued_at) > o.lease_us
                                  or f.reverts_at > f.event_end and f.start < f.event_end)
       or f.origin <> 'event' and f.reverts_at > f."end")
union all
select 'program', 'asks_nothing', instruction_id, enrollment_id, issued_at, asked, 0,
       origin || ' holds from ' || utc(start) || ', issued ' || utc(issued_at)
from fact
where releases and (asked <> 0 or floor_mwh is not null and asked is not null or target_mwh is not null
                    or origin = 'emergency_stop' and start > issued_at)
union all
select 'program', 'primacy', f.instruction_id, f.enrollment_id, f.issued_at, f.asked, null,
       'primacy ' || f.primacy || ' of ' || f.origin || ', whose place is ' || p.primacy
from fact as f join primacy as p on p.origin = f.origin
where f.primacy <> p.primacy;

-- What it takes the place of.
insert into finding
select 'program', 'supersedes', i.instruction_id, i.enrollment_id, i.issued_at, i.delivered_milliwatt, null,
       'it takes the place of ' || i.supersedes || ', which is ' || case when b.instruction_id is null then 'not there'
         when b.enrollment_id <> i.enrollment_id then 'of ' || b.enrollment_id else 'not earlier' end
from instruction as i
left join instruction as b on b.instruction_id = i.supersedes
where i.supersedes is not null
  and (b.instruction_id is null or b.enrollment_id <> i.enrollment_id or b.nth >= i.nth)
union all
select 'program', 'primacy', i.instruction_id, i.enrollment_id, i.issued_at, i.delivered_milliwatt, 0,
       i.origin || ' takes the place of ' || b.instruction_id || ', which is ' || b.origin || ' and holds to '
       || utc(least(b."end", b.reverts_at))
from instruction as i
join instruction as b on b.instruction_id = i.supersedes and b.enrollment_id = i.enrollment_id and b.nth < i.nth
join primacy as own on own.origin = i.origin
join primacy as other on other.origin = b.origin
where i.delivered_milliwatt <> 0 and b.delivered_milliwatt <> 0 and own.primacy > other.primacy
  and least(b."end", b.reverts_at) > i.start
union all
select 'program', 'supersedes', instruction_id, enrollment_id, issued_at, delivered_milliwatt, null,
       earlier || ' still holds, to ' || utc(earlier_until) || ', and is not named'
from (select *, max(held_until) filter (not releases) over earlier_rows as earlier_until,
             arg_max(instruction_id, held_until) filter (not releases) over earlier_rows as earlier
      from instruction
      window earlier_rows as (partition by enrollment_id order by nth rows between unbounded preceding and 1 preceding))
where earlier_until > start and "end" > start;
