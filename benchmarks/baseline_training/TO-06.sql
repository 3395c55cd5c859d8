SELECT c.institution_id, 'session:' || c.number, s.day, max(s.ends_at),
  CASE c.mode WHEN 'online' THEN 1260 ELSE 1230 END
FROM training_orgs_coursesession s JOIN training_orgs_course c ON c.id = s.course_id
WHERE s.ends_at > 1230 AND NOT s.is_cancelled AND s.day <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
  AND s.day >= CASE WHEN c.is_subject THEN date '2021-09-01' ELSE date '2022-12-29' END
  AND s.ends_at > CASE c.mode WHEN 'online' THEN 1260 ELSE 1230 END
GROUP BY c.institution_id, c.number, s.day, c.mode
