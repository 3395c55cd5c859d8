SELECT x.institution_id, 'refund:' || x.number, greatest(x.last_lawful + 1, '2021-09-01', x.opened_on), 1, 0
FROM (
  SELECT r.institution_id, r.number, i.opened_on,
    CASE WHEN r.answered_on IS NULL THEN a.answer_due ELSE p.date END AS last_lawful
  FROM training_orgs_refund r
  JOIN bureau_institution i ON i.id = r.institution_id
  JOIN bureau_districtday d ON d.date = r.requested_on
  CROSS JOIN LATERAL (
    SELECT min(e.date) AS answer_due FROM bureau_districtday e WHERE e.is_workday AND e.workdays = d.workdays + 5) a
  JOIN bureau_districtday b ON b.date = CASE WHEN r.answer = 'approved' AND r.answered_on <= a.answer_due
    THEN r.answered_on ELSE a.answer_due END
  JOIN bureau_districtday p ON p.is_workday AND p.workdays = b.workdays + 15
  WHERE r.paid_on IS NULL AND r.withdrawn_on IS NULL AND r.requested_on >= '2021-09-01'
    AND NOT coalesce(r.answer = 'refused' AND r.reason <> '' AND r.answered_on <= a.answer_due, false)) x
WHERE x.last_lawful < (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
