SELECT s.institution_id, 'staff:' || s.number, greatest('2021-09-01', i.opened_on, s.employed_on, t.valid_from), 1, 0
FROM training_orgs_inserviceteacher t
JOIN training_orgs_staff s ON s.identity_hash = t.identity_hash
JOIN bureau_institution i ON i.id = s.institution_id
WHERE (t.valid_from IS NULL OR t.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (t.valid_until IS NULL OR t.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND s.employed_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (s.left_on IS NULL OR s.left_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
