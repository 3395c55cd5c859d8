SELECT o.institution_id, 'observation:' || o.number, greatest(o.occurred_on, i.opened_on), 1, 0
FROM evidence_observation o JOIN bureau_institution i ON i.id = o.institution_id
WHERE o.kind = 'paid_tuition' AND o.state = 'confirmed' AND o.rectified_on IS NULL AND o.occurred_on >= '2021-09-01'
  AND i.kind = 'school' AND i.stages && '{primary,junior}'
