SELECT c.school_id, 'class:' || c.code, t.day, t.total, CASE WHEN c.grade <= 6 THEN 60 ELSE 90 END
FROM (SELECT school_class_id, day, sum(minutes) AS total FROM homework_homeworkitem
      WHERE counts AND day BETWEEN %(since)s AND %(until)s
      GROUP BY school_class_id, day HAVING sum(minutes) > 60) t
JOIN schools_schoolclass c ON c.id = t.school_class_id
WHERE c.grade >= 3 AND t.total > CASE WHEN c.grade <= 6 THEN 60 ELSE 90 END
