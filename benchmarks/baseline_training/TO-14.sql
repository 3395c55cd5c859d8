SELECT x.institution_id, 'order:' || x.contract, x.paid_on, max(x.hours), 60
FROM (
  SELECT o.institution_id, o.paid_on, max(o.contract_no COLLATE "C") AS contract, sum(l.hours + l.gift_hours) AS hours
  FROM training_orgs_feeorder o
  JOIN training_orgs_feeline l ON l.order_id = o.id
  WHERE o.cancelled_on IS NULL AND o.paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
  GROUP BY o.institution_id, o.pupil, o.paid_on, l.subject
  HAVING sum(l.hours + l.gift_hours) > 60) x
GROUP BY x.institution_id, x.contract, x.paid_on
