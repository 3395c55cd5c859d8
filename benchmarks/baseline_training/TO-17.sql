SELECT o.institution_id, 'order:' || o.contract_no, o.paid_on, b.unconsumed, coalesce(r.amount, 0)
FROM training_orgs_feeorder o
JOIN training_orgs_dailybalance b ON b.institution_id = o.institution_id AND b.day = o.paid_on
LEFT JOIN training_orgs_reserve r ON r.institution_id = o.institution_id AND r.valid_from <= o.paid_on
  AND (r.valid_until IS NULL OR r.valid_until >= o.paid_on)
WHERE o.channel = 'direct' AND o.cancelled_on IS NULL AND b.unconsumed > coalesce(r.amount, 0)
  AND o.paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
UNION ALL
SELECT institution_id, 'self', day, ledger, paid - consumed - refunded
FROM training_orgs_dailybalance
WHERE ledger <> paid - consumed - refunded AND day BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
