SELECT f.institution_id, 'licence:' || f.number, greatest(f.issued_on, '2021-09-01', i.opened_on), 1, 0
FROM (
  SELECT DISTINCT ON (institution_id, sort) *
  FROM (
    SELECT l.*, 'subject' AS sort FROM training_orgs_licence l
    WHERE 'subject' = ANY(categories) AND stages && ARRAY['primary', 'junior', 'compulsory', 'senior']::varchar[]
    UNION ALL
    SELECT l.*, 'preschool' FROM training_orgs_licence l WHERE 'preschool' = ANY(stages)) s
  ORDER BY institution_id, sort, issued_on, id) f
JOIN bureau_institution i ON i.id = f.institution_id
WHERE f.issued_on >= '2021-07-24' AND f.issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND f.expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (f.ended_on IS NULL OR f.ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
GROUP BY 1, 2, 3
