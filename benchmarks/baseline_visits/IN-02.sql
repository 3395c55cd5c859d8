WITH judged (kind, rule, severity) AS (VALUES
  ('homework_difficulty', 'HW-05', 3), ('homework_mechanical', 'HW-06', 3), ('teaching_ahead', 'SC-06', 3),
  ('exam_beyond', 'SC-09', 3), ('admission_target', 'SC-12', 4), ('paid_tuition', 'SC-13', 4),
  ('collective_tuition', 'AS-04', 3), ('provider_misconduct', 'AS-07', 3), ('privacy', 'TO-09', 3),
  ('advertising', 'TO-10', 3), ('operating', 'TO-25', 4), ('content', 'TO-30', 3), ('foreign_course', 'TO-31', 3),
  ('enrolment_link', 'TO-32', 4), ('safety', 'TO-33', 3), ('epidemic', 'TO-33', 3), ('unlawful_content', 'TO-33', 3),
  ('price', 'TO-33', 3), ('contract', 'TO-33', 3), ('competition', 'TO-33', 3)),
grave AS (
  SELECT o.institution_id, o.number, o.occurred_on, o.confirmed_on, j.rule,
    coalesce('b' || t.brand_id, 'i' || o.institution_id) AS operator
  FROM evidence_observation o JOIN judged j USING (kind)
  LEFT JOIN training_orgs_trainingorg t ON t.institution_id = o.institution_id
  WHERE o.state = 'confirmed' AND coalesce(o.severity, j.severity) >= 3)
SELECT l.institution_id, 'observation:' || l.number, greatest(l.occurred_on, i.opened_on), count(*), 0
FROM grave l
JOIN grave e ON e.operator = l.operator AND e.rule = l.rule AND e.confirmed_on >= '2023-10-15'
  AND e.confirmed_on < l.occurred_on AND l.occurred_on <= (e.confirmed_on + interval '24 months')::date
JOIN bureau_institution i ON i.id = l.institution_id
WHERE l.occurred_on >= '2021-09-01' AND i.kind <> 'public_body'
GROUP BY l.institution_id, l.number, l.occurred_on, i.opened_on
