WITH month_end AS (
  SELECT m::date AS month, (m + interval '1 month - 1 day')::date AS day
  FROM generate_series('2021-08-01'::timestamp, date_trunc('month', (%(now)s AT TIME ZONE 'Asia/Shanghai')::date::timestamp) - interval '1 month', '1 month') m
), holder AS (
  SELECT m.month, i.town_id, l.institution_id
  FROM month_end m
  JOIN training_orgs_licence l ON l.kind = 'school_running' AND 'subject' = ANY(l.categories)
    AND l.issued_on <= m.day AND l.expires_on >= m.day AND (l.ended_on IS NULL OR l.ended_on > m.day)
  JOIN bureau_institution i ON i.id = l.institution_id
  GROUP BY 1, 2, 3
), counted AS (
  SELECT b.id AS body, m.month, b.town_id, (
    SELECT count(DISTINCT h.institution_id) FROM holder h
    WHERE h.month = m.month AND (b.town_id IS NULL OR h.town_id = b.town_id)) AS holders
  FROM bureau_institution b CROSS JOIN month_end m
  WHERE b.kind = 'public_body' AND b.category IN ('town', 'bureau')
), bounded AS (
  SELECT c.*, least(lag(holders) OVER (PARTITION BY body ORDER BY month), s.licences) AS bound
  FROM counted c LEFT JOIN training_orgs_subjectbaseline s ON s.town_id IS NOT DISTINCT FROM c.town_id)
SELECT body, 'self', month, holders, bound FROM bounded WHERE holders > bound AND month >= '2021-09-01'
