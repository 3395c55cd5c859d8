WITH weeks AS (
  SELECT school_class_id, week,
    bool_or(kind IS NULL OR kind IN ('layered', 'flexible', 'personalised') OR alternative IS NOT NULL) AS varied
  FROM homework_homeworkitem WHERE day BETWEEN %(since)s AND %(until)s GROUP BY school_class_id, week),
calendar AS (SELECT DISTINCT institution_id, stage, week, week_first_on FROM bureau_unitday),
streaks AS (
  SELECT c.school_id, c.code, w.week, row_number() OVER term AS nth,
    count(*) FILTER (WHERE w.varied) OVER (term ROWS 3 PRECEDING) AS varied
  FROM weeks w
  JOIN schools_schoolclass c ON c.id = w.school_class_id AND c.grade >= 3
  LEFT JOIN calendar u ON u.institution_id = c.school_id AND u.stage = c.stage AND u.week = w.week
  LEFT JOIN bureau_term t ON t.stage = c.stage AND t.starts_on <= coalesce(u.week_first_on, w.week + 6)
    AND t.ends_on >= coalesce(u.week_first_on, w.week)
  WINDOW term AS (PARTITION BY c.id, t.id ORDER BY w.week))
SELECT school_id, 'class:' || code, week, 4, 4 FROM streaks WHERE nth >= 4 AND varied = 0
