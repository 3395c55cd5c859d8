"""From findings to alerts: one statement a step, over the institutions, rules and periods just judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from shuangjian.alerts.rectification_models import Rectification
from shuangjian.alerts.sla import due_dates
from shuangjian.evidence.kinds import all_kinds
from shuangjian.rules.declare import all_rules
from shuangjian.rules.periods import Span

REOPEN_DAYS = 30  # within 30 days the same alert opens again, later a new episode begins (design.md)

# Findings that count: open, not exempt, not dismissed at these figures, not from before the unit's go-live (补录).
# LATERAL as in the engine: rule by rule through finding_open, never over all that the units ever had.
_GROUPS = """
CREATE TEMP TABLE IF NOT EXISTS alert_group (
  rule text NOT NULL, institution_id bigint NOT NULL, period text NOT NULL, open_findings int NOT NULL,
  severity smallint NOT NULL, first_on date NOT NULL, last_on date NOT NULL, newest timestamptz NOT NULL,
  is_trial boolean NOT NULL) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS regrouped (
  rule text NOT NULL, since date NOT NULL, until date NOT NULL) ON COMMIT DELETE ROWS;
DELETE FROM alert_group;
DELETE FROM regrouped;
INSERT INTO regrouped SELECT * FROM unnest(%(rules)s::text[], %(since)s::date[], %(until)s::date[]);
INSERT INTO alert_group
SELECT f.rule, f.institution_id, f.period, count(*), max(f.severity), min(f.occurred_on), max(f.occurred_on),
  max(f.opened_at), bool_and(f.is_trial)
FROM regrouped r
CROSS JOIN LATERAL (
  SELECT o.* FROM rules_finding o
  WHERE o.institution_id = ANY(%(institutions)s) AND o.rule = r.rule AND o.occurred_on BETWEEN r.since AND r.until
    AND o.cleared_at IS NULL AND NOT o.is_exempt
  OFFSET 0) f
JOIN bureau_institution i ON i.id = f.institution_id AND (i.went_live_on IS NULL OR f.occurred_on >= i.went_live_on)
WHERE NOT EXISTS (SELECT 1 FROM rules_dismissal d
                  WHERE d.finding_id = f.id AND d.observed = f.observed AND d."limit" = f."limit")
GROUP BY f.rule, f.institution_id, f.period;
"""
_FEW_ROWS = 200

_COUNTS = """
UPDATE alerts_alert a SET open_findings = g.open_findings, severity = g.severity, first_on = g.first_on,
  last_on = g.last_on, is_trial = g.is_trial, closing_proposed_at = NULL, changed_at = clock_timestamp(),
  total_findings = greatest(a.total_findings, g.open_findings)
FROM alert_group g
WHERE a.rule = g.rule AND a.institution_id = g.institution_id AND a.period = g.period AND a.closed_at IS NULL
  AND (a.open_findings, a.severity, a.first_on, a.last_on, a.is_trial, a.closing_proposed_at)
      IS DISTINCT FROM (g.open_findings, g.severity, g.first_on, g.last_on, g.is_trial, NULL);
"""

# Nothing left: an alert that nobody touched closes itself; on one that a person works on, closing is only proposed.
# Whoever ordered a rectification works on it, until that is passed or cancelled; not on its mere lateness, which ends
# with what the institution hands in.
_BY_ITSELF = """a.state = 'open' AND (a.rule = ANY(%(lateness)s) OR NOT EXISTS (
      SELECT 1 FROM alerts_rectification z WHERE z.alert_id = a.id AND z.state IN ('open', 'handed_in', 'returned')))"""
_EMPTIED = f"""
WITH emptied AS (
  UPDATE alerts_alert a SET open_findings = 0, changed_at = clock_timestamp(),
    state = CASE WHEN {_BY_ITSELF} THEN 'closed' ELSE a.state END,
    closing = CASE WHEN {_BY_ITSELF} THEN 'by_itself' ELSE a.closing END,
    closed_at = CASE WHEN {_BY_ITSELF} THEN clock_timestamp() END,
    closing_proposed_at = CASE WHEN {_BY_ITSELF} THEN NULL ELSE clock_timestamp() END
  FROM regrouped r
  WHERE a.rule = r.rule AND a.institution_id = ANY(%(institutions)s) AND a.closed_at IS NULL
    AND a.first_on BETWEEN r.since AND r.until AND a.open_findings > 0
    AND NOT EXISTS (SELECT 1 FROM alert_group g
                    WHERE g.rule = a.rule AND g.institution_id = a.institution_id AND g.period = a.period)
  RETURNING a.id, a.state)
INSERT INTO alerts_alertevent (alert_id, act, actor_label, at, note)
SELECT id, CASE WHEN state = 'closed' THEN 'closed' ELSE 'closing_proposed' END, '系统', clock_timestamp(),
  CASE WHEN state = 'closed' THEN '问题已消除，自动办结' ELSE '' END
FROM emptied;
"""  # noqa: S608 - built of constants only

_LATEST = """
latest AS (
  SELECT DISTINCT ON (a.rule, a.institution_id, a.period) a.*
  FROM alerts_alert a JOIN alert_group g USING (rule, institution_id, period)
  ORDER BY a.rule, a.institution_id, a.period, a.episode DESC)
"""

_REOPEN = f"""
WITH {_LATEST}, reopened AS (
  UPDATE alerts_alert a SET state = 'open', closed_at = NULL, closed_by_id = NULL, closing = '', reason = '',
    closing_proposed_at = NULL, open_findings = g.open_findings, severity = g.severity, first_on = g.first_on,
    last_on = g.last_on, is_trial = g.is_trial, due_on = d.due_on, changed_at = clock_timestamp(),
    total_findings = greatest(a.total_findings, g.open_findings)
  FROM latest l JOIN alert_group g USING (rule, institution_id, period)
  JOIN unnest(%(severities)s::int[], %(due)s::date[]) AS d (severity, due_on) ON d.severity = g.severity
  WHERE a.id = l.id AND l.closed_at IS NOT NULL AND g.newest > l.closed_at
    AND l.closed_at >= clock_timestamp() - make_interval(days => %(reopen_days)s)
  RETURNING a.id)
INSERT INTO alerts_alertevent (alert_id, act, actor_label, at, note)
SELECT id, 'reopened', '系统', clock_timestamp(), '' FROM reopened;
"""  # noqa: S608 - built of constants only

# No conflict target: two regroups that overlap may meet at either unique index, alert_one_unclosed or
# alert_episode_once, whichever they write first; a target would let the other one fail the transaction.
_RAISE = f"""
WITH {_LATEST}, raised AS (
  INSERT INTO alerts_alert (rule, institution_id, period, episode, severity, state, open_findings, total_findings,
    first_on, last_on, is_trial, raised_at, due_on, closing, reason, changed_at)
  SELECT g.rule, g.institution_id, g.period, coalesce(l.episode, 0) + 1, g.severity, 'open', g.open_findings,
    g.open_findings, g.first_on, g.last_on, g.is_trial, clock_timestamp(), d.due_on, '', '', clock_timestamp()
  FROM alert_group g
  LEFT JOIN latest l USING (rule, institution_id, period)
  JOIN unnest(%(severities)s::int[], %(due)s::date[]) AS d (severity, due_on) ON d.severity = g.severity
  WHERE l.id IS NULL OR (l.closed_at IS NOT NULL AND g.newest > l.closed_at)
  ON CONFLICT DO NOTHING
  RETURNING id)
INSERT INTO alerts_alertevent (alert_id, act, actor_label, at, note)
SELECT id, 'raised', '系统', clock_timestamp(), '' FROM raised;
"""  # noqa: S608 - built of constants only

# A rectification of something that people found true hangs on the alert of what its rule saw of it, or of the whole
# institution (TO-25); what no rule judges, or not any more, hangs on the alert of its own lateness (IN-01), unless an
# officer ordered it on another. Not one that is over. LATERAL with OFFSET or LIMIT as above: few rectifications, each
# finding looked up in finding_once, never all of a unit's.
_HANG = """
UPDATE alerts_rectification z SET alert_id = h.alert_id, changed_at = clock_timestamp()
FROM (
  SELECT r.id, a.id AS alert_id
  FROM alerts_rectification r
  LEFT JOIN LATERAL (
    SELECT b.kind, b.number FROM evidence_observation b WHERE b.id = r.observation_id OFFSET 0) o ON true
  LEFT JOIN unnest(%(kinds)s::text[], %(judging)s::text[]) AS k (kind, rule) ON k.kind = o.kind
  CROSS JOIN LATERAL (
    SELECT c.rule, c.period FROM (
      SELECT g.rule, g.period, CASE WHEN g.about = 'self' THEN 1 ELSE 0 END AS place FROM rules_finding g
      WHERE g.rule = k.rule AND g.institution_id = r.institution_id
        AND g.about IN ('observation:' || o.number, 'self') AND g.cleared_at IS NULL
      UNION ALL
      SELECT g.rule, g.period, 2 FROM rules_finding g
      WHERE g.rule = ANY(%(lateness)s) AND g.institution_id = r.institution_id
        AND g.about = 'rectification:' || r.number AND g.cleared_at IS NULL
        AND (r.alert_id IS NULL
             OR EXISTS (SELECT 1 FROM alerts_alert w WHERE w.id = r.alert_id AND w.rule = g.rule))) c
    ORDER BY c.place LIMIT 1) f
  JOIN alerts_alert a ON a.rule = f.rule AND a.institution_id = r.institution_id AND a.period = f.period
    AND a.closed_at IS NULL
  WHERE r.institution_id = ANY(%(institutions)s) AND r.state IN ('open', 'handed_in', 'returned')) h
WHERE z.id = h.id AND z.alert_id IS DISTINCT FROM h.alert_id
"""


def regroup(institution_ids: Sequence[int], spans: Mapping[str, Span], now: dt.datetime) -> None:
    """Raise, count, reopen and close alerts of these institutions for the findings inside ``spans``; hang
    rectifications on them.

    Runs in one transaction under the institutions' locks, which closing and dismissing take too: ``opened_at`` and
    ``closed_at`` are both clock_timestamp() under them, so what a person closed stays closed until something new
    happens.
    """
    today = now.date()
    due = due_dates(today)
    kinds = [kind for kind in all_kinds() if kind.rule]
    params: dict[str, Any] = {
        "institutions": list(institution_ids),
        "rules": list(spans),
        "since": [span.since for span in spans.values()],
        "until": [span.until for span in spans.values()],
        "severities": list(due),
        "due": list(due.values()),
        "reopen_days": REOPEN_DAYS,
        "kinds": [kind.code for kind in kinds],
        "judging": [kind.rule for kind in kinds],
        "lateness": [rule.code for rule in all_rules() if rule.about is Rectification],
    }
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, params)
        if cursor.rowcount > _FEW_ROWS:  # as for the engine's own temporary tables
            cursor.execute("ANALYZE alert_group")
        cursor.execute(_COUNTS)
        cursor.execute(_EMPTIED, params)
        cursor.execute(_REOPEN, params)
        cursor.execute(_RAISE, params)
        cursor.execute(_HANG, params)
