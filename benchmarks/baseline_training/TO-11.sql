WITH event AS (
  SELECT institution_id, received_on AS day FROM evidence_complaint
  WHERE institution_id IS NOT NULL AND topic IN ('refund', 'prepayment', 'closed_down') AND duplicate_of_id IS NULL
    AND state <> 'refuted' AND is_confirmed IS NOT FALSE
  UNION ALL
  SELECT institution_id, requested_on FROM training_orgs_refund WHERE withdrawn_on IS NULL
), at AS (
  SELECT DISTINCT institution_id, day, d.back FROM event CROSS JOIN (VALUES (0), (1)) d (back)
  WHERE day BETWEEN '2021-09-01' AND (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
), counted AS (
  SELECT a.*, count(*) FILTER (WHERE e.day > a.day - a.back - 30) AS recent,
    count(*) FILTER (WHERE e.day <= a.day - a.back - 30) AS base
  FROM at a JOIN event e ON e.institution_id = a.institution_id
    AND e.day BETWEEN a.day - a.back - 85 AND a.day - a.back
  GROUP BY a.institution_id, a.day, a.back
), reached AS (
  SELECT *, recent >= 5 AND recent * 56 >= 3 * 30 * base AS is_reached FROM counted)
SELECT t.institution_id, 'self', t.day, t.recent, greatest(5, 3 * t.base * 30.0 / 56)
FROM reached t LEFT JOIN reached y ON y.institution_id = t.institution_id AND y.day = t.day AND y.back = 1
WHERE t.back = 0 AND t.is_reached AND y.is_reached IS NOT TRUE
