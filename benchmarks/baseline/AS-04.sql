SELECT d.school_id, 'stage:' || d.stage, d.day, 1, 0
FROM afterschool_serviceday d
WHERE d.day BETWEEN %(since)s AND %(until)s AND d.content && '{new_lesson,collective_tuition}'
UNION ALL
SELECT o.institution_id, 'observation:' || o.number, o.occurred_on, 1, 0
FROM evidence_observation o JOIN bureau_institution i ON i.id = o.institution_id
WHERE o.kind = 'collective_tuition' AND o.state = 'confirmed' AND o.rectified_on IS NULL
  AND o.occurred_on BETWEEN %(since)s AND %(until)s AND i.kind = 'school' AND i.stages && '{primary,junior}'
