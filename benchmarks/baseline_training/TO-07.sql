SELECT o.institution_id, 'order:' || o.contract_no, o.paid_on, count(DISTINCT (r.course_id, r.day)), 0
FROM (
  SELECT DISTINCT s.course_id, s.day
  FROM training_orgs_course c
  JOIN training_orgs_coursesession s ON s.course_id = c.id
  JOIN bureau_restday d ON d.date = s.day AND d.stage = CASE c.stage WHEN 'junior' THEN 'junior' ELSE 'primary' END
  WHERE c.is_subject AND c.stage IN ('primary', 'junior', 'compulsory') AND NOT s.is_cancelled) r
JOIN training_orgs_feeline l ON l.course_id = r.course_id
JOIN training_orgs_feeorder o ON o.id = l.order_id AND r.day >= o.starts_on AND (o.ends_on IS NULL OR r.day <= o.ends_on)
WHERE o.cancelled_on IS NULL AND o.paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
GROUP BY o.id
