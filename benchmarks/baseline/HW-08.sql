SELECT c.school_id, 'class:' || c.code, t.week, t.done / t.total, CASE WHEN c.grade <= 6 THEN 0.90 ELSE 0.50 END
FROM (SELECT school_class_id, week, sum(minutes) AS total, sum(minutes * done_at_school) AS done
      FROM homework_homeworkitem
      WHERE counts AND done_at_school IS NOT NULL AND day BETWEEN %(since)s AND %(until)s
      GROUP BY school_class_id, week HAVING sum(minutes * done_at_school) < 0.90 * sum(minutes)) t
JOIN schools_schoolclass c ON c.id = t.school_class_id
WHERE c.grade BETWEEN 3 AND 6 OR c.grade >= 7 AND t.done <= 0.50 * t.total
