SELECT c.school_id, 'class:' || c.code, i.week, sum(i.minutes) / max(u.week_school_days)::numeric,
  CASE WHEN c.grade <= 6 THEN 60 ELSE 90 END
FROM homework_homeworkitem i
JOIN schools_schoolclass c ON c.id = i.school_class_id AND c.grade >= 3
JOIN bureau_unitday u ON u.institution_id = c.school_id AND u.stage = c.stage AND u.date = i.day AND u.is_school_day
  AND u.date BETWEEN %(since)s AND %(until)s
WHERE i.counts AND i.day BETWEEN %(since)s AND %(until)s
GROUP BY c.id, i.week
HAVING sum(i.minutes) > CASE WHEN c.grade <= 6 THEN 60 ELSE 90 END * max(u.week_school_days)
