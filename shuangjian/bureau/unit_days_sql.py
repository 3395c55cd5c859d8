"""The statements that derive UnitDay from terms, breaks and overrides. calendar.rebuild_unit_days runs them.

Overrides are resolved once per unit and overridden day (some sixty days a year) and joined to the days, instead of
being looked up for each of the days: 223 schools over three terms take a second, not ten.
"""

from __future__ import annotations

CREATE_TARGET = """
CREATE TEMP TABLE IF NOT EXISTS unit_day_target (
    institution_id bigint NOT NULL, stage varchar(8) NOT NULL, date date NOT NULL, week date NOT NULL,
    is_school_day boolean NOT NULL, week_school_days smallint NOT NULL, week_first_on date,
    is_provisional boolean NOT NULL
) ON COMMIT DELETE ROWS
"""

# Parameters: institutions (array or NULL for all), since, until (whole ISO weeks, or NULL for no bound).
# A day that lies in a term and in a break is a break day; the services do not let such a day come about.
FILL_TARGET = """
INSERT INTO unit_day_target
WITH unit AS (
    SELECT i.id AS institution_id, i.town_id, s.stage
    FROM bureau_institution i CROSS JOIN LATERAL (SELECT DISTINCT unnest(i.stages) AS stage) s
    WHERE i.kind = 'school' AND (%(institutions)s::bigint[] IS NULL OR i.id = ANY(%(institutions)s::bigint[]))
), calendar_year AS (
    SELECT extract(year FROM date)::int AS year, bool_and(certainty = 'provisional') AS is_provisional
    FROM bureau_calendarday
    WHERE level = 'district' AND stage IS NULL AND kind IN ('holiday', 'workday')
    GROUP BY 1
), stage_day AS (
    SELECT DISTINCT ON (span.stage, d.date) span.stage, d.date, span.in_term,
        span.certainty = 'provisional' OR y.is_provisional AS is_provisional
    FROM (
        SELECT stage, starts_on, ends_on, certainty, true AS in_term FROM bureau_term
        UNION ALL SELECT stage, starts_on, ends_on, certainty, false FROM bureau_break
    ) span
    CROSS JOIN LATERAL (
        SELECT g::date AS date
        FROM generate_series(
            greatest(span.starts_on, %(since)s::date)::timestamp,
            least(span.ends_on, %(until)s::date)::timestamp, '1 day'
        ) g
    ) d
    JOIN calendar_year y ON y.year = extract(year FROM d.date)::int
    ORDER BY span.stage, d.date, span.in_term
), override AS (
    SELECT DISTINCT ON (u.institution_id, u.stage, c.date)
        u.institution_id, u.stage, c.date, c.kind, c.certainty = 'provisional' AS is_provisional
    FROM bureau_calendarday c
    JOIN unit u ON (c.stage IS NULL OR c.stage = u.stage)
        AND (c.level = 'district' OR c.town_id = u.town_id OR c.institution_id = u.institution_id)
    ORDER BY u.institution_id, u.stage, c.date,
        array_position(ARRAY['institution', 'town', 'district'], c.level::text), c.stage IS NULL
), unit_day AS (
    SELECT u.institution_id, u.stage, d.date, d.date - extract(isodow FROM d.date)::int + 1 AS week,
        d.in_term AND CASE WHEN o.kind IS NULL THEN extract(isodow FROM d.date) <= 5
                           ELSE o.kind IN ('workday', 'school') END AS is_school_day,
        d.is_provisional OR coalesce(o.is_provisional, false) AS is_provisional
    FROM unit u
    JOIN stage_day d ON d.stage = u.stage
    LEFT JOIN override o ON o.institution_id = u.institution_id AND o.stage = u.stage AND o.date = d.date
)
SELECT institution_id, stage, date, week, is_school_day,
    count(*) FILTER (WHERE is_school_day) OVER unit_week,
    min(date) FILTER (WHERE is_school_day) OVER unit_week,
    is_provisional
FROM unit_day
WINDOW unit_week AS (PARTITION BY institution_id, stage, week)
"""

ANALYZE_TARGET = "ANALYZE unit_day_target"

# Writes what differs and removes what is gone; answers one row per institution with its changed dates.
APPLY_TARGET = """
WITH scope AS (
    SELECT * FROM bureau_unitday
    WHERE (%(institutions)s::bigint[] IS NULL OR institution_id = ANY(%(institutions)s::bigint[]))
        AND (%(since)s::date IS NULL OR date >= %(since)s::date)
        AND (%(until)s::date IS NULL OR date <= %(until)s::date)
), written AS (
    INSERT INTO bureau_unitday AS u (institution_id, stage, date, week, is_school_day, week_school_days,
        week_first_on, is_provisional, calendar_version)
    SELECT t.institution_id, t.stage, t.date, t.week, t.is_school_day, t.week_school_days, t.week_first_on,
        t.is_provisional, %(version)s
    FROM unit_day_target t LEFT JOIN scope s USING (institution_id, stage, date)
    WHERE (s.is_school_day, s.week_school_days, s.week_first_on, s.is_provisional)
        IS DISTINCT FROM (t.is_school_day, t.week_school_days, t.week_first_on, t.is_provisional)
    ON CONFLICT (institution_id, stage, date) DO UPDATE SET
        is_school_day = excluded.is_school_day, week_school_days = excluded.week_school_days,
        week_first_on = excluded.week_first_on, is_provisional = excluded.is_provisional,
        calendar_version = excluded.calendar_version
    RETURNING u.institution_id, u.date
), gone AS (
    DELETE FROM bureau_unitday u USING scope s
    WHERE u.id = s.id AND NOT EXISTS (
        SELECT FROM unit_day_target t
        WHERE t.institution_id = s.institution_id AND t.stage = s.stage AND t.date = s.date
    )
    RETURNING u.institution_id, u.date
)
SELECT institution_id, min(date), max(date), count(*)
FROM (SELECT * FROM written UNION ALL SELECT * FROM gone) changed
GROUP BY institution_id ORDER BY institution_id
"""
