SELECT c.institution_id, 'course:' || c.number,
  greatest('2021-09-01', i.opened_on, coalesce(c.published_on, c.starts_on)), 1, 0
FROM training_orgs_course c JOIN bureau_institution i ON i.id = c.institution_id
WHERE c.is_full_time AND c.stage IN ('primary', 'junior', 'compulsory')
  AND coalesce(c.published_on, c.starts_on) <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (c.ends_on IS NULL OR c.ends_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
