"""The SQL behind the figures of dispatch: small answers in fixed order, from the tables that a replay writes.

A table that the folder lacks is not there to be asked; `dispatch_summarise` looks first.
"""

from __future__ import annotations

STEPS = """
SELECT event_id, start, max(seconds), CASE WHEN count(target_kw) = count(*) THEN sum(target_kw) END, sum(asked_kw),
       max(delivered_kw), sum(shortfall_kw), CAST(sum(devices) AS BIGINT), min(stored_p10_pct),
       sum(stored_p50_pct * devices) FILTER (WHERE stored_p50_pct IS NOT NULL)
           / nullif(sum(devices) FILTER (WHERE stored_p50_pct IS NOT NULL), 0),
       max(stored_p90_pct)
FROM fleet_steps WHERE asked_kw IS NOT NULL AND delivered_kw IS NOT NULL AND seconds > 0
GROUP BY event_id, start ORDER BY min(start) OVER (PARTITION BY event_id), event_id, start
"""
"""An event that calls two riders has a row for each in a step: what was asked adds up, and what was delivered is the
event's in both. Their states of charge become the widest band and the mean of the medians."""

WITHHELD = """
SELECT event_id, start, protection, sum(withheld_kw) FROM withheld GROUP BY ALL ORDER BY ALL
"""

SKIPPED_PER_EVENT = "SELECT event_id, count(*) FROM skipped GROUP BY event_id"
OPTED_OUT_PER_EVENT = "SELECT event_id, CAST(sum(opted_out) AS BIGINT) FROM events_table GROUP BY event_id"

SKIPPED = """
SELECT reason, count(*), count(DISTINCT enrollment_id), count(DISTINCT event_id),
       coalesce(arg_min(clause, (event_id, enrollment_id)), ''),
       coalesce(arg_min(because, (event_id, enrollment_id)), '')
FROM skipped GROUP BY reason ORDER BY reason
"""

ASKED_LESS = """
SELECT protection, count(DISTINCT enrollment_id), count(DISTINCT event_id),
       coalesce(arg_min(clause, ("at", enrollment_id)), ''), coalesce(arg_min(reason, ("at", enrollment_id)), '')
FROM protections GROUP BY protection ORDER BY protection
"""

RESERVES = """
SELECT min(pct), quantile_disc(pct, 0.5), max(pct) FROM (
    SELECT greatest(coalesce(reserve_customer_pct, 0), coalesce(reserve_device_pct, 0)) AS pct FROM devices
    WHERE usable_kwh > 0) AS homes
HAVING count(*) > 0
"""

MOMENT = """
WITH moments AS (
    SELECT event_id, start, sum(asked_kw) AS asked_kw, count(*) FILTER (WHERE dual > 0) AS binding FROM feeder_steps
    GROUP BY event_id, start)
SELECT event_id, start FROM moments
QUALIFY event_id = first_value(event_id) OVER (ORDER BY binding DESC, asked_kw DESC, start, event_id)
ORDER BY asked_kw DESC, start LIMIT 1
"""
"""The step in which most was asked, of the event in which most caps bound at once."""

FEEDERS = """
WITH shown AS (
    SELECT feeder, sum(asked_kw) AS asked_kw, max(dual) AS dual, max(export_max_kw) AS cap_kw FROM feeder_steps
    WHERE event_id = $event_id AND start = $start GROUP BY feeder),
most AS (
    SELECT feeder, max(asked_kw) AS asked_kw_max, count(*) FILTER (WHERE dual > 0) AS binding, max(dual) AS dual_max,
           max(export_max_kw) AS cap_kw
    FROM (SELECT feeder, event_id, start, sum(asked_kw) AS asked_kw, max(dual) AS dual,
                 max(export_max_kw) AS export_max_kw FROM feeder_steps GROUP BY ALL) AS steps
    GROUP BY feeder)
SELECT feeder, coalesce(f.parent, ''), f.longitude_deg, f.latitude_deg,
       coalesce(shown.cap_kw, most.cap_kw, f.export_max_kw), coalesce(shown.asked_kw, 0), coalesce(shown.dual, 0),
       coalesce(most.asked_kw_max, 0), coalesce(most.binding, 0), coalesce(most.dual_max, 0)
FROM feeders AS f FULL JOIN most USING (feeder) LEFT JOIN shown USING (feeder) ORDER BY feeder
"""

STORM_CHANGES = """
WITH spans AS (
    SELECT enrollment_id, status, "from" AS since, coalesce("to", (SELECT max(greatest("from", "to")) FROM site_storms))
           AS until FROM site_storms),
turns AS (
    SELECT since AS "at", status, 1 AS change FROM spans WHERE until > since
    UNION ALL SELECT until, status, -1 FROM spans WHERE until > since)
SELECT "at", status, CAST(sum(change) AS BIGINT) FROM turns GROUP BY ALL ORDER BY ALL
"""

STORM_CHARGES = """
SELECT coalesce(product, ''), coalesce(status, ''), count(DISTINCT enrollment_id), min(onset), max(onset),
       quantile_disc(stored_pct, 0.5), quantile_disc(expected_pct, 0.1), quantile_disc(expected_pct, 0.5),
       quantile_disc(expected_pct, 0.9)
FROM storm_charges GROUP BY product, status ORDER BY min(onset), product, status LIMIT {limit}
"""
