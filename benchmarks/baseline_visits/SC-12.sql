SELECT o.institution_id, 'observation:' || o.number, o.occurred_on, 1, 0
FROM evidence_observation o JOIN bureau_institution i ON i.id = o.institution_id
WHERE o.kind = 'admission_target' AND o.state = 'confirmed' AND o.rectified_on IS NULL
  AND o.occurred_on BETWEEN %(since)s AND %(until)s AND i.kind = 'school' AND i.stages && '{primary,junior}'
