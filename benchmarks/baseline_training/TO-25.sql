WITH state AS (
  SELECT i.id, i.opened_on, p.category,
    (SELECT bool_or(issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (expires_on IS NULL OR expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
        AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)) FROM training_orgs_registration r WHERE r.institution_id = i.id)
      AS is_registered,
    (SELECT max(least(expires_on, ended_on - 1)) FROM training_orgs_registration r WHERE r.institution_id = i.id)
      AS registered_to,
    (SELECT bool_or(issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date))
      FROM training_orgs_licence l WHERE l.institution_id = i.id AND kind = 'school_running') AS is_licensed,
    (SELECT max(least(expires_on, ended_on - 1)) FROM training_orgs_licence l
      WHERE l.institution_id = i.id AND kind = 'school_running') AS licensed_to,
    (SELECT min(issued_on) FROM training_orgs_licence l WHERE l.institution_id = i.id) AS first_licence,
    (SELECT min(training_scope_on) FROM training_orgs_registration r WHERE r.institution_id = i.id
      AND issued_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND (expires_on IS NULL OR expires_on >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
      AND (ended_on IS NULL OR ended_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date) AND training_scope_on > '2021-09-01'
      AND training_scope_on < coalesce((SELECT min(issued_on) FROM training_orgs_licence l
        WHERE l.institution_id = i.id), 'infinity')) AS scope_on
  FROM bureau_institution i
  LEFT JOIN training_orgs_orgprofile p ON p.institution_id = i.id AND p.valid_from <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date
    AND (p.valid_until IS NULL OR p.valid_until >= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
  WHERE i.kind IN ('training_org', 'suspected_site') AND (i.opened_on IS NULL OR i.opened_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
    AND (i.closed_on IS NULL OR i.closed_on > (%(now)s AT TIME ZONE 'Asia/Shanghai')::date)
), gap AS (
  SELECT s.*, CASE WHEN is_registered IS NOT TRUE THEN coalesce(registered_to + 1, '2021-09-01') END AS gap1,
    CASE WHEN category = 'subject' AND is_licensed IS NOT TRUE THEN coalesce(licensed_to + 1, '2021-09-01') END AS gap2
  FROM state s
), operating AS (
  SELECT g.id, g.opened_on, g.scope_on, least(
    (SELECT min(day) FROM training_orgs_coursesession s WHERE s.institution_id = g.id AND NOT is_cancelled
      AND day <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND day >= greatest(least(gap1, gap2), '2021-09-01')),
    (SELECT min(paid_on) FROM training_orgs_feeorder o WHERE o.institution_id = g.id AND cancelled_on IS NULL
      AND paid_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND paid_on >= greatest(least(gap1, gap2), '2021-09-01')),
    (SELECT min(occurred_on) FROM evidence_observation o WHERE o.institution_id = g.id AND kind = 'operating'
      AND state = 'confirmed' AND occurred_on <= (%(now)s AT TIME ZONE 'Asia/Shanghai')::date AND occurred_on >= greatest(least(gap1, gap2), '2021-09-01')))
    AS first_on
  FROM gap g WHERE gap1 IS NOT NULL OR gap2 IS NOT NULL OR scope_on IS NOT NULL)
SELECT id, 'self', greatest('2021-09-01', opened_on, least(first_on, scope_on)), 1, 0
FROM operating WHERE first_on IS NOT NULL OR scope_on IS NOT NULL
