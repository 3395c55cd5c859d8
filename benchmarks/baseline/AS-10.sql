SELECT d.school_id, 'stage:' || d.stage, d.week, min(d.served / d.wanting::numeric), 1
FROM afterschool_serviceday d
JOIN bureau_unitday u ON u.institution_id = d.school_id AND u.stage = d.stage AND u.date = d.day AND u.is_school_day
WHERE d.day BETWEEN %(since)s AND %(until)s AND d.wanting > 0 AND d.served < d.wanting
GROUP BY d.school_id, d.stage, d.week
