-- Nominated power by participant, service and month; a blank service is the only one that is paid so.
create or replace temp table nomination as
select n.source_row, n.participant_id, coalesce(n.service, ?) as service, n.month, n.milliwatt as nominated_milliwatt,
       case when regexp_full_match(n.month, '[12][0-9]{3}-(0[1-9]|1[0-2])') then cast(n.month || '-01' as date) end as month_first
from nominations as n
