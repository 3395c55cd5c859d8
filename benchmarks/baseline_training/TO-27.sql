WITH word AS (
  SELECT word, is_exception, in_course_text_only FROM training_orgs_listedword
  WHERE list = 'subject' AND valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
    AND (valid_until IS NULL OR valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
), cut AS (
  SELECT coalesce(string_agg(regexp_replace(word, '([.\\+*?\[^\]$(){}=!<>|:#-])', '\\\1', 'g'), '|' ORDER BY length(word) DESC),
    '(?!)') AS exceptions
  FROM word WHERE is_exception
), unit AS (
  SELECT i.*, p.valid_from, regexp_replace(concat_ws(' ', i.name, p.registered_name, p.sign_name), cut.exceptions, ' ', 'g')
      AS named
  FROM bureau_institution i
  LEFT JOIN training_orgs_orgprofile p ON p.institution_id = i.id
    AND p.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
    AND (p.valid_until IS NULL OR p.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  CROSS JOIN cut
  WHERE i.kind IN ('training_org', 'suspected_site') AND p.category IS DISTINCT FROM 'subject'
    AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
    AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date))
SELECT u.id, 'self', greatest('2021-09-01', u.opened_on, u.valid_from), 1, 0 FROM unit u
WHERE EXISTS (SELECT FROM word WHERE NOT is_exception AND NOT in_course_text_only AND position(word IN u.named) > 0)
  AND NOT EXISTS (
    SELECT FROM training_orgs_identification d
    WHERE d.institution_id = u.id AND d.course_id IS NULL AND d.result = 'non_subject'
      AND d.decided_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
UNION ALL
SELECT c.institution_id, 'course:' || c.number,
  greatest('2021-09-01', u.opened_on, coalesce(c.published_on, c.starts_on)), 1, 0
FROM training_orgs_course c JOIN unit u ON u.id = c.institution_id CROSS JOIN cut
WHERE c.category <> 'subject' AND c.identified <> 'non_subject'
  AND coalesce(c.published_on, c.starts_on) <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND (c.ends_on IS NULL OR c.ends_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  AND EXISTS (
    SELECT FROM word WHERE NOT is_exception
      AND position(word IN regexp_replace(c.title || ' ' || c.text, cut.exceptions, ' ', 'g')) > 0)
