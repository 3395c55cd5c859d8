SELECT i.id, 'self', greatest('2021-09-01', p.valid_from, i.opened_on, l.gone + 1), 1, 0
FROM bureau_institution i
JOIN training_orgs_orgprofile p ON p.institution_id = i.id AND p.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (p.valid_until IS NULL OR p.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND p.category <> 'subject'
LEFT JOIN LATERAL (
  SELECT bool_or(issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)) AS has_one,
    max(least(expires_on, ended_on - 1)) AS gone
  FROM training_orgs_licence
  WHERE institution_id = i.id AND p.category = ANY(categories)
    AND department = CASE p.category WHEN 'science' THEN 'KG' WHEN 'practice' THEN 'JY' ELSE 'WL' END) l ON true
WHERE i.kind = 'training_org' AND l.has_one IS NOT TRUE AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
