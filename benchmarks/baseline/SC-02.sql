SELECT d.school_id, 'stage:' || d.stage, d.week, min(d.first_lesson), 480
FROM schools_schoolday d
JOIN bureau_unitday u ON u.institution_id = d.school_id AND u.stage = d.stage AND u.date = d.day AND u.is_school_day
WHERE d.day BETWEEN %(since)s AND %(until)s AND d.stage = 'junior' AND d.first_lesson < 480
GROUP BY d.school_id, d.stage, d.week
