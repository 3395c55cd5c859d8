"""The statements that derive DistrictDay and RestDay from statutory days and breaks. derived_days.py runs them."""

from __future__ import annotations

CREATE_TARGETS = """
CREATE TEMP TABLE IF NOT EXISTS district_day_target (
    date date PRIMARY KEY, is_workday boolean NOT NULL, workdays integer NOT NULL, is_known boolean NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS rest_day_target (
    stage varchar(8) NOT NULL, date date NOT NULL, reason varchar(8) NOT NULL, PRIMARY KEY (stage, date)
) ON COMMIT DELETE ROWS;
TRUNCATE district_day_target, rest_day_target;
"""

# From the year of the guideline to the end of the year after the last with a calendar, by the weekday rule there.
FILL_DISTRICT_DAYS = """
INSERT INTO district_day_target
WITH statutory AS (
    SELECT date, kind, extract(year FROM date)::int AS year FROM bureau_calendarday
    WHERE level = 'district' AND stage IS NULL AND kind IN ('holiday', 'workday')
), day AS (
    SELECT g::date AS date
    FROM generate_series(%(first)s::timestamp,
        make_date(coalesce((SELECT max(year) FROM statutory), extract(year FROM %(first)s::date)::int) + 1, 12, 31)
            ::timestamp, '1 day') g
), told AS (
    SELECT d.date, CASE s.kind WHEN 'workday' THEN true WHEN 'holiday' THEN false
            ELSE extract(isodow FROM d.date) <= 5 END AS is_workday,
        EXISTS (SELECT FROM statutory y WHERE y.year = extract(year FROM d.date)) AS is_known
    FROM day d LEFT JOIN statutory s USING (date)
)
SELECT date, is_workday, count(*) FILTER (WHERE is_workday) OVER (ORDER BY date), is_known FROM told
"""

# A holiday goes before a break, a break before a weekend; a swapped workday lifts the weekend alone.
FILL_REST_DAYS = """
INSERT INTO rest_day_target
WITH statutory AS (
    SELECT date, kind, extract(year FROM date)::int AS year FROM bureau_calendarday
    WHERE level = 'district' AND stage IS NULL AND kind IN ('holiday', 'workday')
), day AS (
    SELECT g::date AS date
    FROM (SELECT DISTINCT year FROM statutory) y
    CROSS JOIN LATERAL generate_series(
        make_date(y.year, 1, 1)::timestamp, make_date(y.year, 12, 31)::timestamp, '1 day') g
), told AS (
    SELECT stage.name AS stage, d.date, CASE
        WHEN s.kind = 'holiday' THEN 'holiday'
        WHEN EXISTS (
            SELECT FROM bureau_break b WHERE b.stage = stage.name AND d.date BETWEEN b.starts_on AND b.ends_on
        ) THEN 'break'
        WHEN s.kind IS NULL AND extract(isodow FROM d.date) > 5 THEN 'weekend' END AS reason
    FROM day d CROSS JOIN unnest(%(stages)s::text[]) AS stage(name) LEFT JOIN statutory s USING (date)
)
SELECT stage, date, reason FROM told WHERE reason IS NOT NULL
"""

# What differs goes before what takes its place comes: one new holiday moves the counts of all later days, and
# updated in place two workdays would bear the same count for a moment, which the index refuses.
REMOVE_DISTRICT_DAYS = """
DELETE FROM bureau_districtday d
WHERE NOT EXISTS (
    SELECT FROM district_day_target t
    WHERE (t.date, t.is_workday, t.workdays, t.is_known) = (d.date, d.is_workday, d.workdays, d.is_known)
)
"""
ADD_DISTRICT_DAYS = """
INSERT INTO bureau_districtday (date, is_workday, workdays, is_known)
SELECT t.date, t.is_workday, t.workdays, t.is_known
FROM district_day_target t LEFT JOIN bureau_districtday d USING (date) WHERE d.date IS NULL
"""

APPLY_REST_DAYS = """
WITH gone AS (
    DELETE FROM bureau_restday d
    WHERE NOT EXISTS (SELECT FROM rest_day_target t WHERE t.stage = d.stage AND t.date = d.date)
    RETURNING d.date
), written AS (
    INSERT INTO bureau_restday AS d (stage, date, reason)
    SELECT t.stage, t.date, t.reason FROM rest_day_target t LEFT JOIN bureau_restday o USING (stage, date)
    WHERE o.reason IS DISTINCT FROM t.reason
    ON CONFLICT (stage, date) DO UPDATE SET reason = excluded.reason
    RETURNING d.date
)
SELECT min(date), max(date) FROM (SELECT date FROM gone UNION ALL SELECT date FROM written) changed
"""
