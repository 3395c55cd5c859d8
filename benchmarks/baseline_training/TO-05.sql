SELECT c.institution_id, 'session:' || c.number, s.day, 1, 0
FROM training_orgs_course c
JOIN training_orgs_coursesession s ON s.course_id = c.id
JOIN bureau_restday r ON r.date = s.day
  AND r.stage = CASE WHEN c.stage IN ('junior', 'senior') THEN 'junior' ELSE 'primary' END
WHERE c.is_subject AND NOT s.is_cancelled AND s.day BETWEEN '2021-09-01' AND (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
GROUP BY c.institution_id, c.number, s.day
