SELECT x.institution_id, 'order:' || x.contract_no, x.paid_on,
  CASE WHEN x.paid_on < x.bound THEN x.first - x.paid_on ELSE 1 END,
  CASE WHEN x.paid_on < x.bound THEN x.first - x.bound ELSE 0 END
FROM (
  SELECT o.institution_id, o.contract_no, o.paid_on, f.day, coalesce(f.day, o.starts_on) AS first,
    (coalesce(f.day, o.starts_on) - interval '1 month')::date AS bound
  FROM training_orgs_feeorder o
  LEFT JOIN (
    SELECT q.id, min(s.day) AS day
    FROM training_orgs_feeorder q
    JOIN training_orgs_feeline l ON l.order_id = q.id
    CROSS JOIN LATERAL (
      SELECT s.day FROM training_orgs_coursesession s
      WHERE s.course_id = l.course_id AND s.day >= q.starts_on AND NOT s.is_cancelled ORDER BY s.day LIMIT 1) s
    WHERE q.ends_on IS NULL OR s.day <= q.ends_on
    GROUP BY q.id) f ON f.id = o.id
  WHERE o.cancelled_on IS NULL AND o.paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s) x
WHERE x.paid_on < x.bound OR x.day IS NULL
