SELECT e.institution_id, 'session:' || c.number, s.day, 1, 0
FROM lists_listentry e
JOIN training_orgs_coursesession s ON s.institution_id = e.institution_id AND s.day >= e.entered_on
  AND (e.left_on IS NULL OR s.day < e.left_on) AND s.day BETWEEN '2021-09-01' AND (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND NOT s.is_cancelled
JOIN training_orgs_course c ON c.id = s.course_id
WHERE e.kind = 'black' GROUP BY e.institution_id, c.number, s.day
UNION ALL
SELECT e.institution_id, 'order:' || o.contract_no, o.paid_on, 1, 0
FROM lists_listentry e
JOIN training_orgs_feeorder o ON o.institution_id = e.institution_id AND o.paid_on >= e.entered_on
  AND (e.left_on IS NULL OR o.paid_on < e.left_on) AND o.paid_on BETWEEN '2021-09-01' AND (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND o.cancelled_on IS NULL
WHERE e.kind = 'black' GROUP BY e.institution_id, o.contract_no, o.paid_on
