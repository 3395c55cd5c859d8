SELECT institution_id, 'return:' || to_char(week, 'IYYY"-W"IW'), week, 1, 0 FROM intake_filing
WHERE first_submitted_at > due_at AND week BETWEEN %(since)s AND %(until)s
