SELECT o.institution_id, 'observation:' || o.number, greatest(d.due + 1, '2021-09-01', i.opened_on), 1, 0
FROM evidence_observation o
JOIN bureau_institution i ON i.id = o.institution_id
CROSS JOIN LATERAL (
  SELECT coalesce(o.due_on, (
    SELECT min(e.date) FROM bureau_districtday s JOIN bureau_districtday e ON e.workdays = s.workdays + 5
    WHERE s.date = o.confirmed_on)) AS due) d
WHERE o.kind = 'provider_misconduct' AND o.state = 'confirmed' AND o.rectified_on IS NULL
  AND o.occurred_on >= '2021-09-01' AND (%(now)s AT TIME ZONE 'Asia/Shanghai')::date > d.due
  AND i.kind = 'school' AND i.stages && '{primary,junior}'
