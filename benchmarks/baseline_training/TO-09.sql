SELECT o.institution_id, 'observation:' || o.number, greatest(o.occurred_on, '2021-09-01', i.opened_on), 1, 0
FROM evidence_observation o JOIN bureau_institution i ON i.id = o.institution_id
WHERE o.kind = 'privacy' AND o.state = 'confirmed' AND (o.rectified_on IS NULL OR o.rectified_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
