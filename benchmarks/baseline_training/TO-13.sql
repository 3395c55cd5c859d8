SELECT x.institution_id, 'order:' || x.contract_no, x.paid_on, x.last - x.starts_on + 1, x.lawful - x.starts_on + 1
FROM (
  SELECT o.institution_id, o.contract_no, o.paid_on, o.starts_on, coalesce(o.ends_on, p.day) AS last,
    m.after - CASE WHEN extract(day FROM m.after) = extract(day FROM o.starts_on) THEN 1 ELSE 0 END AS lawful
  FROM training_orgs_feeorder o
  CROSS JOIN LATERAL (SELECT (o.starts_on + interval '3 months')::date AS after) m
  LEFT JOIN (
    SELECT q.id, max(s.day) AS day
    FROM training_orgs_feeorder q
    JOIN training_orgs_feeline l ON l.order_id = q.id
    CROSS JOIN LATERAL (
      SELECT s.day FROM training_orgs_coursesession s WHERE s.course_id = l.course_id AND NOT s.is_cancelled
      ORDER BY s.day DESC LIMIT 1) s
    WHERE q.ends_on IS NULL AND s.day >= q.starts_on
    GROUP BY q.id) p ON p.id = o.id
  WHERE o.cancelled_on IS NULL AND o.paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s) x
WHERE x.last > x.lawful
