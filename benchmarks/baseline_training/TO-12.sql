SELECT DISTINCT ON (x.institution_id, x.contract_no) x.institution_id, 'order:' || x.contract_no, x.paid_on,
  x.price, x.bound
FROM (
  SELECT o.institution_id, o.contract_no, o.paid_on, l.position, g.price * 1.1 AS bound,
    l.amount * CASE c.mode WHEN 'offline' THEN 45 ELSE 30 END / ((l.hours + l.gift_hours) * l.lesson_minutes) AS price
  FROM training_orgs_feeline l
  JOIN training_orgs_course c ON c.id = l.course_id
  JOIN training_orgs_feeorder o ON o.id = l.order_id
  JOIN training_orgs_guideprice g ON g.mode = c.mode AND c.class_size >= g.size_from
    AND (g.size_to IS NULL OR c.class_size <= g.size_to)
    AND o.paid_on >= g.valid_from AND (g.valid_until IS NULL OR o.paid_on <= g.valid_until)
  WHERE c.is_subject AND c.stage IN ('primary', 'junior', 'compulsory') AND l.hours + l.gift_hours > 0
    AND o.cancelled_on IS NULL AND o.paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
    AND l.amount * CASE c.mode WHEN 'offline' THEN 45 ELSE 30 END
      > g.price * 1.1 * (l.hours + l.gift_hours) * l.lesson_minutes) x
ORDER BY x.institution_id, x.contract_no, x.price / x.bound DESC, x.position
