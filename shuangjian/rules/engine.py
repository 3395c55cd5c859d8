"""One evaluation: a set of rules over at most one town, in one transaction, set-based from end to end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from shuangjian.bureau.models import CalendarVersion
from shuangjian.core.locks import lock_institutions
from shuangjian.journal.runs import Counts
from shuangjian.rules import verdict
from shuangjian.rules.declare import Period, Rule
from shuangjian.rules.models import Evaluation, ParameterOverride
from shuangjian.rules.parameters import Overrides, frozen
from shuangjian.rules.periods import Span, terms_for, whole_spans, widen
from shuangjian.rules.registries import regroups

# Where nothing differs no row is written, so that a rerun changes nothing and wakes nobody. A finding opens again
# after a clear, or when its figures are no longer those at which a person dismissed it.
# What is written is told apart by the row as it was: within one statement a subquery still reads that.
_UPSERT = """
WITH written AS (
INSERT INTO rules_finding AS f (
  rule, institution_id, about, occurred_on, period, severity, observed, "limit", facts, return_version,
  parameters_version, calendar_version, opened_at, changed_at, is_stale, is_trial, is_exempt)
SELECT v.rule, v.institution_id, v.about, v.occurred_on, v.period, v.severity, v.observed, v."limit", v.facts,
  CASE WHEN j.source = 'return' AND NOT starts_with(v.about, 'observation:') THEN c.return_version END,
  %(parameters)s, %(calendar)s, t.at, t.at, false, v.mode = 'trial', v.is_exempt
FROM verdict v
CROSS JOIN (SELECT clock_timestamp() AS at) t
JOIN judged j USING (rule)
LEFT JOIN covered c ON c.institution_id = v.institution_id
  AND c.week = v.occurred_on - (extract(isodow FROM v.occurred_on)::int - 1)
ON CONFLICT (rule, institution_id, about, occurred_on) DO UPDATE SET
  severity = excluded.severity, observed = excluded.observed, "limit" = excluded."limit", facts = excluded.facts,
  return_version = excluded.return_version, parameters_version = excluded.parameters_version,
  calendar_version = excluded.calendar_version, is_trial = excluded.is_trial, is_exempt = excluded.is_exempt,
  opened_at = CASE WHEN f.cleared_at IS NULL AND NOT (
      (f.observed, f."limit") IS DISTINCT FROM (excluded.observed, excluded."limit")
      AND EXISTS (SELECT 1 FROM rules_dismissal d WHERE d.finding_id = f.id))
    THEN f.opened_at ELSE excluded.opened_at END,
  changed_at = excluded.changed_at, cleared_at = NULL, is_stale = false
WHERE (f.severity, f.observed, f."limit", f.facts, f.return_version, f.is_trial, f.is_exempt, f.is_stale)
      IS DISTINCT FROM (excluded.severity, excluded.observed, excluded."limit", excluded.facts,
        excluded.return_version, excluded.is_trial, excluded.is_exempt, false)
   OR f.cleared_at IS NOT NULL
RETURNING f.rule, CASE WHEN xmax = 0 OR f.opened_at = f.changed_at THEN 'added'
  WHEN EXISTS (SELECT FROM rules_finding o WHERE o.id = f.id
    AND (o.severity, o.observed, o."limit", o.facts, o.is_trial, o.is_exempt)
        IS NOT DISTINCT FROM (f.severity, f.observed, f."limit", f.facts, f.is_trial, f.is_exempt))
  THEN 'touched' ELSE 'changed' END AS what)
SELECT rule, what, count(*) FROM written GROUP BY rule, what
"""

# Open findings that no rule sees any more. LATERAL with OFFSET, so that each rule's dates are looked for in
# finding_open: joined freely, PostgreSQL reads every finding that the units ever had. What people found at a school is
# a leg of rules about returns too: no return covers it, and once it is not seen it is gone.
_GONE = """
CREATE TEMP TABLE IF NOT EXISTS gone (id bigint NOT NULL, is_covered boolean NOT NULL) ON COMMIT DELETE ROWS;
DELETE FROM gone;
INSERT INTO gone
SELECT f.id, j.source = 'register' OR c.week IS NOT NULL OR starts_with(f.about, 'observation:')
FROM judged j
CROSS JOIN LATERAL (
  SELECT o.id, o.rule, o.institution_id, o.about, o.occurred_on FROM rules_finding o
  WHERE o.institution_id = ANY(%(institutions)s) AND o.rule = j.rule AND o.occurred_on BETWEEN j.since AND j.until
    AND o.cleared_at IS NULL
  OFFSET 0) f
LEFT JOIN verdict v ON v.rule = f.rule AND v.institution_id = f.institution_id AND v.about = f.about
  AND v.occurred_on = f.occurred_on
LEFT JOIN covered c ON c.institution_id = f.institution_id
  AND c.week = f.occurred_on - (extract(isodow FROM f.occurred_on)::int - 1)
WHERE v.rule IS NULL;
"""
_CLEAR = """
WITH written AS (
UPDATE rules_finding f SET cleared_at = clock_timestamp(), changed_at = clock_timestamp(), is_stale = false
FROM gone WHERE gone.id = f.id AND gone.is_covered RETURNING f.rule)
SELECT rule, 'cleared', count(*) FROM written GROUP BY rule
"""
_STALE = """
WITH written AS (
UPDATE rules_finding f SET is_stale = true, changed_at = clock_timestamp()
FROM gone WHERE gone.id = f.id AND NOT gone.is_covered AND NOT f.is_stale RETURNING f.rule)
SELECT rule, 'stale', count(*) FROM written GROUP BY rule
"""
_SEEN = "SELECT rule, 'violations', count(*) FROM verdict GROUP BY rule"


@dataclass(frozen=True)
class Receipt(Counts):
    """What one evaluation did, in all and by rule (rules that saw and changed nothing are left out)."""

    by_rule: dict[str, Counts] = field(default_factory=dict)


def evaluate(
    rules: Sequence[Rule],
    institution_ids: Sequence[int],
    span: Span,
    *,
    now: dt.datetime,
    cause: str,
    scope: str = "",
) -> Receipt:
    """Judge ``rules`` over the institutions and the whole periods of ``span``; write findings, then alerts.

    Runs inside the caller's transaction or its own. Takes the institutions' locks before it reads anything.
    """
    started = dt.datetime.now(tz=dt.UTC)
    with transaction.atomic():
        lock_institutions(institution_ids)
        terms = terms_for(rules)
        spans = whole_spans(rules, span, terms)
        with frozen(current_overrides()) as parameters:
            verdict.fill(rules, institution_ids, spans, now, parameters=parameters, terms=terms)
            calendar = _calendar_version()
            with connection.cursor() as cursor:
                receipt = _write(cursor, institution_ids, parameters, calendar)
            for regroup in regroups():  # with the same standards: an alert's last day is one of them
                regroup(institution_ids, spans, now)
        Evaluation.objects.create(
            scope=scope or f"{len(institution_ids)} 个单位",
            rules="全部" if len(rules) > 10 else " ".join(rule.code for rule in rules),
            since=span.since,
            until=span.until,
            cause=cause,
            started_at=started,
            finished_at=dt.datetime.now(tz=dt.UTC),
            violations=receipt.violations,
            added=receipt.added,
            changed=receipt.changed,
            unchanged=receipt.unchanged,
            cleared=receipt.cleared,
            stale=receipt.stale,
            parameters_version=parameters,
            calendar_version=calendar,
        )
    return receipt


def _write(cursor: CursorWrapper, institution_ids: Sequence[int], parameters: str, calendar: int) -> Receipt:
    counted: dict[str, dict[str, int]] = {}
    steps: list[tuple[str, Any]] = [
        (_SEEN, None),
        (_UPSERT, {"parameters": parameters, "calendar": calendar}),
        (_GONE, {"institutions": list(institution_ids)}),
        (_CLEAR, None),
        (_STALE, None),
    ]
    for statement, params in steps:
        cursor.execute(statement, params)
        for rule, what, number in cursor.fetchall() if statement is not _GONE else ():
            counted.setdefault(rule, {})[what] = number
    by_rule = {rule: Counts(**numbers) for rule, numbers in counted.items()}
    totals = {name.name: sum(getattr(counts, name.name) for counts in by_rule.values()) for name in fields(Counts)}
    return Receipt(**totals, by_rule=by_rule)


class _Rollback(Exception):
    pass


@contextmanager
def rehearsal() -> Iterator[None]:
    """A block whose writes are all undone at its end: for feedback on input that is not saved."""
    verdict.prepare()  # before the block: what is created in it would be created again by each rehearsal
    try:
        with transaction.atomic():
            yield
            raise _Rollback
    except _Rollback:
        pass


def foresee(
    rules: Sequence[Rule], institution_ids: Sequence[int], span: Span, *, now: dt.datetime
) -> list[dict[str, Any]]:
    """What an evaluation would find right now, without writing findings. Call it inside ``rehearsal()``.

    Only findings of the span's own periods: a rule that looks at the whole term answers for the weeks asked about.
    """
    terms = terms_for(rules)
    spans = whole_spans(rules, span, terms)
    with frozen(current_overrides()) as parameters:
        verdict.fill(rules, institution_ids, spans, now, parameters=parameters, terms=terms)
    asked = {rule.code: widen(rule, span, terms if rule.period is Period.TERM else ()) for rule in rules}
    return [row for row in verdict.rows() if row["occurred_on"] in asked[row["rule"]]]


def current_overrides() -> Overrides:
    """The bureau's approved overrides, by parameter and key, oldest first."""
    result: dict[tuple[str, str], list[tuple[dt.date, Any]]] = {}
    approved = ParameterOverride.objects.filter(approved_at__isnull=False).order_by("effective_from")
    for parameter, key, effective_from, value in approved.values_list("parameter", "key", "effective_from", "value"):
        result.setdefault((parameter, key), []).append((effective_from, value))
    return result


def _calendar_version() -> int:
    return CalendarVersion.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
