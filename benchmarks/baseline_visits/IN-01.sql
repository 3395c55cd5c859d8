SELECT r.institution_id, 'rectification:' || r.number, greatest(r.due_on + 1, '2021-09-01', i.opened_on), 1, 0
FROM alerts_rectification r
JOIN bureau_institution i ON i.id = r.institution_id
LEFT JOIN evidence_observation o ON o.id = r.observation_id
WHERE r.state IN ('open', 'returned') AND r.due_on >= '2021-09-01'
  AND (%(now)s AT TIME ZONE 'Asia/Shanghai')::date > r.due_on AND i.kind <> 'public_body'
  AND coalesce(o.kind, '') NOT IN ('safety', 'epidemic', 'unlawful_content', 'price', 'contract', 'competition')
