SELECT d.school_id, 'stage:' || d.stage, d.day, 1, 0
FROM afterschool_serviceday d
JOIN bureau_unitday u ON u.institution_id = d.school_id AND u.stage = d.stage AND u.date = d.day AND u.is_school_day
WHERE d.day BETWEEN %(since)s AND %(until)s AND d.minutes = 0
