SELECT c.school_id, 'class:' || c.code, t.day, t.total, 0
FROM (SELECT school_class_id, day, sum(minutes) AS total FROM homework_homeworkitem
      WHERE counts AND day BETWEEN %(since)s AND %(until)s
        AND school_class_id IN (SELECT id FROM schools_schoolclass WHERE grade <= 2)
      GROUP BY school_class_id, day HAVING sum(minutes) > 0) t
JOIN schools_schoolclass c ON c.id = t.school_class_id
