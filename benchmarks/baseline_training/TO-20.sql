SELECT i.id, 'self', greatest('2021-09-01', i.opened_on, min(x.since)), 1, 0
FROM bureau_institution i
JOIN training_orgs_orgprofile p ON p.institution_id = i.id AND p.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (p.valid_until IS NULL OR p.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND NOT p.is_online_only
JOIN LATERAL (
  SELECT min(issued_on) AS since FROM training_orgs_licence
  WHERE institution_id = i.id AND issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
    AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)) l ON l.since IS NOT NULL
CROSS JOIN (VALUES ('premises'), ('fire')) k (kind)
LEFT JOIN LATERAL (
  SELECT checked_on, is_passed FROM training_orgs_safetycheck
  WHERE institution_id = i.id AND kind = k.kind AND checked_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date ORDER BY checked_on DESC LIMIT 1) c ON true
CROSS JOIN LATERAL (
  SELECT CASE WHEN c.checked_on IS NULL THEN l.since WHEN NOT c.is_passed THEN c.checked_on
    WHEN (%(now)s AT TIME ZONE 'Asia/Shanghai')::date > (c.checked_on + interval '12 months')::date THEN (c.checked_on + interval '12 months')::date + 1 END
    AS since) x
WHERE x.since IS NOT NULL AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
GROUP BY i.id, i.opened_on
