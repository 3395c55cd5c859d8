SELECT i.id, 'self', greatest('2022-01-01', p.valid_from, i.opened_on,
  CASE WHEN r.profit_since IS NOT NULL THEN r.profit_since ELSE r.nonprofit_gone + 1 END), 1, 0
FROM bureau_institution i
JOIN training_orgs_orgprofile p ON p.institution_id = i.id AND p.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (p.valid_until IS NULL OR p.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND p.category = 'subject'
LEFT JOIN LATERAL (
  SELECT min(issued_on) FILTER (WHERE in_force AND NOT is_nonprofit) AS profit_since,
    bool_or(in_force AND is_nonprofit) AS is_nonprofit,
    max(last_day) FILTER (WHERE is_nonprofit AND last_day < (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AS nonprofit_gone
  FROM (SELECT r.*, least(expires_on, ended_on - 1) AS last_day,
      issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (expires_on IS NULL OR expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
        AS in_force
    FROM training_orgs_registration r WHERE r.institution_id = i.id) x) r ON true
WHERE (%(now)s AT TIME ZONE 'Asia/Shanghai')::date >= '2022-01-01' AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (r.profit_since IS NOT NULL OR r.is_nonprofit IS NOT TRUE)
