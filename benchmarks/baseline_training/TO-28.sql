WITH word AS (
  SELECT word, is_exception FROM training_orgs_listedword
  WHERE list = 'preschool' AND valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
    AND (valid_until IS NULL OR valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
), cut AS (
  SELECT coalesce(string_agg(regexp_replace(word, '([.\\+*?\[^\]$(){}=!<>|:#-])', '\\\1', 'g'), '|' ORDER BY length(word) DESC),
    '(?!)') AS exceptions
  FROM word WHERE is_exception)
SELECT c.institution_id, 'course:' || c.number,
  greatest('2021-09-01', i.opened_on, coalesce(c.published_on, c.starts_on)), 1, 0
FROM training_orgs_course c JOIN bureau_institution i ON i.id = c.institution_id CROSS JOIN cut
WHERE c.stage = 'preschool' AND c.identified <> 'non_subject'
  AND coalesce(c.published_on, c.starts_on) <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (c.ends_on IS NULL OR c.ends_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND (c.mode = 'online' OR c.is_subject OR EXISTS (
    SELECT FROM word WHERE NOT is_exception
      AND position(word IN regexp_replace(c.title || ' ' || c.text, cut.exceptions, ' ', 'g')) > 0))
