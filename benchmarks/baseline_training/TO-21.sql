SELECT s.institution_id, 'staff:' || s.number,
  greatest('2021-09-01', i.opened_on, min(greatest(t.valid_from, c.starts_on, s.employed_on, q.gone + 1))), 1, 0
FROM training_orgs_staff s
JOIN bureau_institution i ON i.id = s.institution_id
JOIN training_orgs_courseteacher t ON t.staff_id = s.id AND t.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (t.valid_until IS NULL OR t.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
JOIN training_orgs_course c ON c.id = t.course_id AND c.is_subject AND c.stage IN ('primary', 'junior', 'compulsory')
  AND c.starts_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (c.ends_on IS NULL OR c.ends_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
LEFT JOIN LATERAL (
  SELECT bool_or(valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (valid_until IS NULL OR valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)) AS has_one,
    max(valid_until) FILTER (WHERE valid_until < (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AS gone
  FROM training_orgs_qualification WHERE staff_id = s.id AND holder_name = s.name AND NOT is_lent) q ON true
WHERE s.employed_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (s.left_on IS NULL OR s.left_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND q.has_one IS NOT TRUE
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND EXISTS (
    SELECT FROM training_orgs_licence l WHERE l.institution_id = i.id AND l.issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
      AND l.expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (l.ended_on IS NULL OR l.ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date))
GROUP BY s.id, i.id
