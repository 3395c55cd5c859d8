SELECT i.id, 'self', greatest(make_date(y.year, 7, 1), i.opened_on), 1, 0
FROM bureau_institution i
CROSS JOIN (SELECT extract(year FROM (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)::int AS year) y
LEFT JOIN LATERAL (
  SELECT is_passed FROM training_orgs_annualcheck
  WHERE institution_id = i.id AND year = y.year - 1 ORDER BY checked_on DESC LIMIT 1) c ON true
WHERE (%(now)s AT TIME ZONE 'Asia/Shanghai')::date >= make_date(y.year, 7, 1) AND c.is_passed IS NOT TRUE
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND EXISTS (
    SELECT FROM training_orgs_licence l WHERE l.institution_id = i.id AND l.issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
      AND l.expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (l.ended_on IS NULL OR l.ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date))
  AND EXISTS (
    SELECT FROM training_orgs_licence l WHERE l.institution_id = i.id AND l.issued_on <= make_date(y.year - 1, 12, 31)
      AND l.expires_on >= make_date(y.year - 1, 12, 31)
      AND (l.ended_on IS NULL OR l.ended_on > make_date(y.year - 1, 12, 31)))
