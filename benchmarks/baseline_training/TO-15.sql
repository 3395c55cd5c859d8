WITH paid AS MATERIALIZED (
  SELECT o.institution_id, o.pupil COLLATE "C" AS pupil, l.subject COLLATE "C" AS subject, o.paid_on, o.starts_on, l.id,
    l.hours + l.gift_hours AS hours,
    coalesce(o.ends_on, CASE WHEN p.day >= o.starts_on THEN p.day END) AS last, coalesce(r.day, 'infinity') AS refunded_on
  FROM training_orgs_feeorder o
  JOIN training_orgs_feeline l ON l.order_id = o.id
  LEFT JOIN (
    SELECT q.id, max(s.day) AS day
    FROM training_orgs_feeorder q
    JOIN training_orgs_feeline k ON k.order_id = q.id
    CROSS JOIN LATERAL (
      SELECT s.day FROM training_orgs_coursesession s WHERE s.course_id = k.course_id AND NOT s.is_cancelled
      ORDER BY s.day DESC LIMIT 1) s
    WHERE q.ends_on IS NULL
    GROUP BY q.id) p ON p.id = o.id
  LEFT JOIN (SELECT order_id, min(paid_on) AS day FROM training_orgs_refund GROUP BY order_id) r ON r.order_id = o.id
  WHERE o.cancelled_on IS NULL AND o.paid_on <= %(until)s
), charge AS MATERIALIZED (
  SELECT institution_id, pupil, subject, paid_on, row_number() OVER () AS n
  FROM paid
  GROUP BY institution_id, pupil, subject, paid_on
  HAVING sum(hours) <= 60 AND paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
    AND bool_or(last > (starts_on + interval '3 months')::date - CASE
      WHEN extract(day FROM starts_on + interval '3 months') = extract(day FROM starts_on) THEN 1 ELSE 0 END) IS NOT TRUE
), pair AS MATERIALIZED (
  SELECT c.n, c.paid_on AS day, p.id, p.hours, p.starts_on, p.last,
    p.paid_on >= c.paid_on - 30 AND p.last IS NOT NULL AS is_recent
  FROM charge c
  JOIN paid p ON p.institution_id = c.institution_id AND p.pupil = c.pupil AND p.subject = c.subject
    AND p.paid_on <= c.paid_on AND p.refunded_on > c.paid_on
), total AS (
  SELECT p.n, sum(greatest(p.hours - coalesce(t.hours, 0), 0)) AS hours, min(p.starts_on) FILTER (WHERE is_recent) AS first,
    max(p.last) FILTER (WHERE is_recent) AS last
  FROM pair p
  CROSS JOIN LATERAL (
    SELECT sum(c.hours) AS hours FROM training_orgs_consumption c WHERE c.line_id = p.id AND c.day <= p.day) t
  GROUP BY p.n
)
SELECT c.institution_id, 'pupil:' || c.pupil || '/' || c.subject, c.paid_on,
  CASE WHEN t.hours > 60 THEN t.hours ELSE t.last - t.first + 1 END,
  CASE WHEN t.hours > 60 THEN 60 ELSE l.lawful - t.first + 1 END
FROM total t
JOIN charge c ON c.n = t.n
CROSS JOIN LATERAL (
  SELECT (t.first + interval '3 months')::date - CASE
    WHEN extract(day FROM t.first + interval '3 months') = extract(day FROM t.first) THEN 1 ELSE 0 END AS lawful) l
WHERE t.hours > 60 OR t.last > l.lawful
