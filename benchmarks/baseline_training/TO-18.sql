SELECT institution_id, 'order:' || contract_no, paid_on, 1, 0
FROM training_orgs_feeorder
WHERE is_loan AND cancelled_on IS NULL AND paid_on BETWEEN greatest(%(since)s, '2021-09-01') AND %(until)s
