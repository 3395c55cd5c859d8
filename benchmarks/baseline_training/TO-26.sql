SELECT c.institution_id, 'course:' || c.number,
  greatest('2021-09-01', i.opened_on, coalesce(c.published_on, c.starts_on), l.since), 1, 0
FROM training_orgs_course c
JOIN bureau_institution i ON i.id = c.institution_id
JOIN LATERAL (
  SELECT min(issued_on) AS since, bool_or(
      (CASE WHEN c.is_subject THEN 'subject' = ANY(categories)
            ELSE c.category = 'subject' OR c.category = ANY(categories) END)
      AND (stages = '{}' OR c.stage = ANY(stages)
        OR c.stage = 'compulsory' AND stages && ARRAY['primary', 'junior']::varchar[])) AS holds
  FROM training_orgs_licence WHERE institution_id = c.institution_id AND issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
    AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)) l ON l.since IS NOT NULL AND NOT l.holds
WHERE coalesce(c.published_on, c.starts_on) <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (c.ends_on IS NULL OR c.ends_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
