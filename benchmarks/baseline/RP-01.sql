SELECT institution_id, 'return:' || to_char(week, 'IYYY"-W"IW'), week, 1, 0 FROM intake_filing
WHERE NOT is_filed AND due_at < %(now)s AND week BETWEEN %(since)s AND %(until)s
