SELECT o.institution_id, 'order:' || o.contract_no, o.paid_on, x.amount, 5000
FROM (
  SELECT l.order_id, sum(l.amount) AS amount
  FROM training_orgs_feeline l JOIN training_orgs_course c ON c.id = l.course_id
  WHERE NOT c.is_subject
  GROUP BY l.order_id HAVING sum(l.amount) > 5000) x
JOIN training_orgs_feeorder o ON o.id = x.order_id
WHERE o.cancelled_on IS NULL AND o.paid_on BETWEEN greatest(%(since)s, '2022-12-29') AND %(until)s
