SELECT d.school_id, 'stage:' || d.stage, d.day, 1, 0
FROM afterschool_serviceday d
WHERE d.day BETWEEN %(since)s AND %(until)s AND d.content && '{new_lesson,collective_tuition}'
