SELECT DISTINCT c.school_id, 'class:' || c.code, i.day, 1, 0
FROM homework_homeworkitem i JOIN schools_schoolclass c ON c.id = i.school_class_id
WHERE i.day BETWEEN %(since)s AND %(until)s AND i.marked_by IN ('self', 'peer')
