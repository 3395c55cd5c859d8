SELECT b.id, 'org:' || i.code, greatest(d."on", i.opened_on), 1, 0
FROM (SELECT "on" FROM lists_listdate WHERE "on" <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date ORDER BY "on" DESC LIMIT 1) d
JOIN bureau_institution i ON i.kind IN ('training_org', 'suspected_site')
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
JOIN bureau_institution b ON b.kind = 'public_body' AND b.category = 'bureau'
WHERE EXISTS (
    SELECT FROM training_orgs_licence l WHERE l.institution_id = i.id AND l.issued_on <= d."on" AND l.expires_on >= d."on"
      AND (l.ended_on IS NULL OR l.ended_on > d."on"))
  AND NOT EXISTS (
    SELECT FROM lists_listentry e WHERE e.institution_id = i.id AND e.entered_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
      AND (e.left_on IS NULL OR e.left_on > d."on"))
