SELECT d.school_id, 'stage:' || d.stage, d.week, max(d.first_lesson - d.arrival), 30
FROM schools_schoolday d
JOIN bureau_unitday u ON u.institution_id = d.school_id AND u.stage = d.stage AND u.date = d.day AND u.is_school_day
WHERE d.day BETWEEN %(since)s AND %(until)s AND d.first_lesson - d.arrival > 30
GROUP BY d.school_id, d.stage, d.week
