WITH late AS (
  SELECT DISTINCT school_class_id, week, day FROM homework_homeworkitem
  WHERE day BETWEEN %(since)s AND %(until)s AND (published_on IS NULL OR published_on > day))
SELECT c.school_id, 'class:' || c.code, t.week, t.days, 0
FROM (SELECT school_class_id, week, count(*) AS days FROM late
      WHERE NOT EXISTS (SELECT 1 FROM homework_homeworkitem i
                        WHERE i.school_class_id = late.school_class_id AND i.day = late.day
                          AND i.published_on <= i.day AND i.publication IS NOT NULL)
      GROUP BY school_class_id, week) t
JOIN schools_schoolclass c ON c.id = t.school_class_id
