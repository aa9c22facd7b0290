"""The SQL behind the figures: narrow reads over the result tables, exact decimals, fixed order.

Each runs on a connection where participation, performance, lines, statements, ledger and problems are
tables; only small answers come back. `scope` narrows to one participant's enrollments (a table) or is empty.
"""

from __future__ import annotations

ONCE = """
CREATE OR REPLACE TEMP VIEW once AS
WITH several AS (SELECT event_id FROM performance GROUP BY event_id HAVING count(DISTINCT service) > 1)
SELECT * FROM performance WHERE event_id NOT IN (SELECT event_id FROM several)
UNION ALL
SELECT DISTINCT ON (enrollment_id, event_id, start) * FROM performance
WHERE event_id IN (SELECT event_id FROM several) ORDER BY enrollment_id, event_id, start, service
"""
"""Performance with each hour of an enrollment once, also where an event serves several services."""

EVENT_HOURS = """
WITH unmeasured AS (
    SELECT enrollment_id, event_id FROM participation WHERE outcome NOT IN ('performed', 'missed')
)
SELECT p.event_id, min(p.service) AS service, p.start, p.seconds,
       count(*) FILTER (WHERE measured) AS rows_measured,
       coalesce(sum(baseline_kwh) FILTER (WHERE measured), 0) AS baseline_kwh,
       coalesce(sum(metered_kwh) FILTER (WHERE measured), 0) AS metered_kwh,
       coalesce(sum(delivered_kwh) FILTER (WHERE measured), 0) AS delivered_kwh
FROM (
    SELECT once.*, unmeasured.event_id IS NULL AND baseline_kwh IS NOT NULL
           AND metered_kwh IS NOT NULL AND delivered_kwh IS NOT NULL AS measured
    FROM once LEFT JOIN unmeasured USING (enrollment_id, event_id)
    {scope}
) AS p
GROUP BY p.event_id, p.start, p.seconds
ORDER BY p.event_id, p.start, p.seconds
"""
"""Energy per event and step, over enrollments that were called and measured (performed or missed)."""

OUTCOMES = """
SELECT event_id, outcome, count(*) FROM participation {scope} GROUP BY ALL ORDER BY ALL
"""

PAID_BY_EVENT = """
SELECT event_id, min(service), min(period_start), sum(amount_usd) FROM lines
WHERE event_id IS NOT NULL {and_scope} GROUP BY event_id ORDER BY event_id
"""

PAID = """
SELECT period_start, period_end - INTERVAL 1 DAY AS last, component, sum(amount_usd), count(*)
FROM lines GROUP BY ALL ORDER BY ALL
"""

TOTALS = """
SELECT (SELECT coalesce(sum(amount_usd), 0) FROM lines), (SELECT count(*) FROM lines),
       (SELECT count(*) FROM lines WHERE status = 'provisional'),
       (SELECT count(*) FROM statements), (SELECT coalesce(sum(total_usd), 0) FROM statements),
       (SELECT coalesce(sum(debit_usd), 0) FROM ledger), (SELECT coalesce(sum(credit_usd), 0) FROM ledger),
       (SELECT count(*) FROM ledger),
       (SELECT count(*) FROM (SELECT participant_id FROM lines UNION SELECT participant_id FROM statements)),
       (SELECT count(DISTINCT enrollment_id) FROM participation)
"""

PAYEES = """
SELECT participant_id, count(DISTINCT enrollment_id), count(*), sum(amount_usd) AS paid
FROM lines GROUP BY participant_id ORDER BY paid DESC, participant_id LIMIT {limit}
"""

PAY_BY_PARTICIPANT = "SELECT sum(amount_usd) AS x FROM lines GROUP BY participant_id"
PAY_BY_ENROLLMENT = ("SELECT sum(amount_usd) AS x FROM lines WHERE enrollment_id IS NOT NULL GROUP BY enrollment_id")
DELIVERED_KW = """
SELECT CAST(avg(average_kw) AS DECIMAL(18, 6)) AS x FROM participation
WHERE average_kw IS NOT NULL AND outcome IN ('performed', 'missed') GROUP BY enrollment_id
"""

SPREAD = """
WITH points AS ({points})
SELECT count(*), CAST(min(x) AS DECIMAL(38, 6)), CAST(max(x) AS DECIMAL(38, 6)) FROM points
"""

RANKED = """
WITH points AS ({points}),
ranked AS (SELECT row_number() OVER (ORDER BY x) - 1 AS place, CAST(x AS DECIMAL(38, 6)) AS x FROM points)
SELECT place, x FROM ranked WHERE list_contains($places, place)
"""
"""The points at some places of their order, from 0: quantiles come from these, exactly."""

HISTOGRAM = """
WITH points AS ({points}),
micro AS (SELECT CAST(x * 1000000 AS HUGEINT) AS x FROM points)
SELECT CASE WHEN x < $low THEN -1 WHEN x >= $high THEN $steps ELSE CAST((x - $low) // $width AS BIGINT) END AS step,
       count(*) FROM micro GROUP BY step ORDER BY step
"""
"""Counts per step; -1 is below the first step and `steps` above the last. Whole millionths, so no edge is blurred."""

FINDINGS = """
WITH kinds AS (
    SELECT severity, split_part(file, '/', 1) AS file, reason, coalesce(what_to_do, '') AS what_to_do,
           regexp_replace(reason, '[0-9][0-9,.]*', 'N', 'g') AS kind
    FROM problems
)
SELECT severity, file, CASE WHEN count(DISTINCT reason) = 1 THEN min(reason) ELSE kind END AS told, what_to_do,
       count(*) AS many
FROM kinds GROUP BY severity, file, kind, what_to_do ORDER BY severity, many DESC, file, told, what_to_do
"""
"""Findings by kind: reasons that differ only in their numbers are one, with N there; so are one folder's files."""

PROVISIONAL = """
SELECT component, period_start, period_end - INTERVAL 1 DAY AS last, count(*), sum(amount_usd),
       coalesce(arg_min(because, line_id), '')
FROM lines WHERE status = 'provisional' GROUP BY ALL ORDER BY period_start, last, component
"""

NOTES = """
SELECT note, count(DISTINCT enrollment_id || chr(31) || event_id), count(DISTINCT event_id) FROM once
WHERE note IS NOT NULL GROUP BY note ORDER BY 2 DESC, 1 LIMIT 20
"""

LOWEST = """
WITH sums AS (
    SELECT enrollment_id, event_id, sum(baseline_kwh) AS baseline_kwh, sum(metered_kwh) AS metered_kwh,
           sum(delivered_kwh) AS delivered_kwh
    FROM once GROUP BY enrollment_id, event_id HAVING sum(delivered_kwh) < 0
    ORDER BY delivered_kwh, enrollment_id, event_id LIMIT {limit}
)
SELECT sums.*, coalesce(outcome, '') FROM sums LEFT JOIN participation USING (enrollment_id, event_id)
ORDER BY delivered_kwh, enrollment_id, event_id
"""

SCOPE = """
CREATE OR REPLACE TEMP TABLE scope AS
SELECT DISTINCT enrollment_id FROM lines WHERE participant_id = $participant AND enrollment_id IS NOT NULL
"""

IN_SCOPE = "WHERE enrollment_id IN (SELECT enrollment_id FROM scope)"

OWN_TOTALS = """
SELECT count(*), coalesce(sum(amount_usd), 0), list_sort(list(DISTINCT payee_id)),
       (SELECT count(*) FROM statements WHERE participant_id = $participant)
FROM lines WHERE participant_id = $participant
"""

OWN_LINES = """
WITH largest AS (
    SELECT * FROM lines WHERE participant_id = $participant ORDER BY abs(amount_usd) DESC, line_id LIMIT {limit}
)
SELECT line_id, coalesce(enrollment_id, ''), coalesce(event_id, ''), component, coalesce(service, ''), period_start,
       CAST(period_end - INTERVAL 1 DAY AS DATE), coalesce(clause, ''), quantity, coalesce(unit, ''), rate,
       coalesce(rate_unit, ''), amount_usd, status, coalesce(because, '')
FROM largest ORDER BY period_start, period_end, component, event_id, enrollment_id, line_id
"""

OWN_ABSENCES = """
SELECT enrollment_id, event_id, outcome, coalesce(clause, ''), coalesce(because, ''), count(*) OVER ()
FROM participation {scope} AND outcome <> 'performed' ORDER BY event_id, enrollment_id LIMIT {limit}
"""
