"""The temporary table of one evaluation: what every rule sees now, and which weeks a return covers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.utils import CursorWrapper

from shuangjian.rules import derived
from shuangjian.rules.declare import Rule
from shuangjian.rules.periods import PERIOD_SQL, Span, TermDates
from shuangjian.rules.registries import coverage
from shuangjian.rules.statements import Statement, statement_of

# IF NOT EXISTS, because one session runs many evaluations, and one transaction may run two. Emptied by the commit:
# TRUNCATE would write new files and catalogue rows, which takes longer than to judge a school's week by one rule.
_CREATE = """
CREATE TEMP TABLE IF NOT EXISTS verdict (
  rule text NOT NULL, institution_id bigint NOT NULL, about text NOT NULL, occurred_on date NOT NULL,
  observed numeric(18,4) NOT NULL, "limit" numeric(18,4) NOT NULL, severity smallint NOT NULL, facts jsonb NOT NULL,
  period text, mode text NOT NULL DEFAULT 'formal', is_exempt boolean NOT NULL DEFAULT false)
  ON COMMIT DELETE ROWS;
CREATE UNIQUE INDEX IF NOT EXISTS verdict_key ON verdict (rule, institution_id, about, occurred_on);
CREATE TEMP TABLE IF NOT EXISTS judged (
  rule text NOT NULL, source text NOT NULL, since date NOT NULL, until date NOT NULL) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS covered (
  institution_id bigint NOT NULL, week date NOT NULL, return_version bigint NOT NULL) ON COMMIT DELETE ROWS;
CREATE UNIQUE INDEX IF NOT EXISTS covered_key ON covered (institution_id, week);
"""

_INTO_VERDICT = """
INSERT INTO verdict (rule, institution_id, about, occurred_on, observed, "limit", severity, facts, period)
SELECT %s, x.institution, x.about, x.occurred_on, x.observed, x.bound, coalesce(x.severity, %s), x.facts"""

_INTO_JUDGED = """
INSERT INTO judged SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::date[])"""
_COLUMNS = "(institution, about, occurred_on, observed, bound, severity, facts)"
_INTO_COVERED = """
INSERT INTO covered SELECT c.institution, c.week, c.version
FROM ({sql}) AS c (institution, week, version, sufficient_for)
"""

# For this transaction only. Rows of a term are grouped in memory (4 MB, the default, sorts on disk); a town is a
# sixteenth of the district, and an index finds its rows in pages that the server holds, which the default prices as
# if each came from a spinning disk; compiling to machine code takes longer than any of these statements.
_PLANNING = "SET LOCAL work_mem = '256MB'; SET LOCAL random_page_cost = 1.1; SET LOCAL jit = off"

_MODES = """
UPDATE verdict v SET mode = m.mode
FROM (SELECT v.ctid AS row, (
        SELECT mode FROM rules_rulemode m
        WHERE m.rule = v.rule AND (m.institution_id = v.institution_id OR m.institution_id IS NULL)
          AND m.effective_from <= v.occurred_on
        ORDER BY m.institution_id NULLS LAST, m.effective_from DESC LIMIT 1) AS mode
      FROM verdict v) m
WHERE v.ctid = m.row AND m.mode IS NOT NULL AND m.mode <> v.mode;
DELETE FROM verdict WHERE mode = 'off';
"""

# A day rule is exempt on its day; a weekly one when every school day of that week lies inside an exemption.
_EXEMPTIONS = """
UPDATE verdict v SET is_exempt = true
WHERE EXISTS (SELECT 1 FROM rules_exemption e WHERE e.rule = v.rule AND e.institution_id = v.institution_id)
  AND NOT EXISTS (
    SELECT 1 FROM (
      SELECT v.occurred_on AS day WHERE v.rule = ANY(%(day_rules)s)
      UNION ALL
      SELECT u.date FROM bureau_unitday u
      WHERE v.rule <> ALL(%(day_rules)s) AND u.institution_id = v.institution_id
        AND u.week = v.occurred_on AND u.is_school_day) days
    WHERE NOT EXISTS (
      SELECT 1 FROM rules_exemption e
      WHERE e.rule = v.rule AND e.institution_id = v.institution_id AND days.day BETWEEN e.starts_on AND e.ends_on));
"""


def prepare() -> None:
    """Make the session's temporary tables; outside of a transaction that is rolled back, this is done once."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        derived.prepare(cursor)


def fill(
    rules: Sequence[Rule],
    institution_ids: Sequence[int],
    spans: dict[str, Span],
    now: dt.datetime,
    *,
    parameters: str,
    terms: Sequence[TermDates] = (),
) -> None:
    """Compute every rule over the institutions into ``verdict``: one INSERT … SELECT a rule, never a row in Python.

    Within one transaction; ``parameters`` is the version of the standard values that are frozen now, ``terms`` are
    all terms where a rule looks at them.
    """
    prepare()
    with connection.cursor() as cursor:
        cursor.execute(_PLANNING)
        cursor.execute("DELETE FROM verdict; DELETE FROM judged; DELETE FROM covered")
        judged = [(rule.code, rule.source.value, *_dates(spans[rule.code])) for rule in rules]
        cursor.execute(_INTO_JUDGED, [list(column) for column in zip(*judged, strict=True)] or [[]] * 4)
        # What is judged and not asked still clears: a rule that no unit here can break finds nothing.
        asked = _breakable(cursor, rules, institution_ids)
        shared = derived.share(cursor, asked, institution_ids, spans)
        seen = 0
        for rule in asked:
            is_shared = rule.code in shared
            statement = statement_of(rule, parameters=parameters, terms=terms, now=now, is_shared=is_shared)
            if statement is not None:
                seen += _insert(cursor, rule, statement, statement.bind(institution_ids, spans[rule.code]))
        _decide_modes(cursor, rules)
        weeks = _fill_covered(cursor, institution_ids, spans.values())
        if seen + weeks > derived.FEW_ROWS:
            cursor.execute("ANALYZE verdict; ANALYZE covered")


def _breakable(cursor: CursorWrapper, rules: Sequence[Rule], institution_ids: Sequence[int]) -> list[Rule]:
    """The rules that are about a kind of these institutions: a school's week asks nothing about training."""
    cursor.execute("SELECT DISTINCT kind FROM bureau_institution WHERE id = ANY(%s)", [list(institution_ids)])
    here = {kind for (kind,) in cursor.fetchall()}
    return [rule for rule in rules if not rule.kinds or rule.kinds & here]


def _dates(span: Span) -> tuple[dt.date, dt.date]:
    return span.since, span.until


def rows() -> list[dict[str, Any]]:
    """What ``verdict`` holds now, worst first."""
    names = (
        "rule", "institution_id", "about", "occurred_on", "observed", "limit", "severity", "facts", "mode", "is_exempt"
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT rule, institution_id, about, occurred_on, observed, "limit", severity, facts, mode, is_exempt '
            "FROM verdict ORDER BY severity DESC, occurred_on, rule, about"
        )
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _insert(cursor: CursorWrapper, rule: Rule, statement: Statement, params: list[Any]) -> int:
    # Built of the rule's own SQL and constants; every value is a parameter.
    cursor.execute(
        f"{_INTO_VERDICT}, {PERIOD_SQL[rule.period]} FROM ({statement.sql}) AS x {_COLUMNS}",
        [rule.code, int(rule.severity), *params],
    )
    return cursor.rowcount


def _decide_modes(cursor: CursorWrapper, rules: Sequence[Rule]) -> None:
    """Modes and exemptions are rare: the usual evaluation pays for two index look-ups only."""
    cursor.execute("SELECT EXISTS (SELECT 1 FROM rules_rulemode), EXISTS (SELECT 1 FROM rules_exemption)")
    has_modes, has_exemptions = cursor.fetchone()
    if has_modes:
        cursor.execute(_MODES)
    if has_exemptions:
        day_rules = [rule.code for rule in rules if rule.period.value == "D"]
        cursor.execute(_EXEMPTIONS, {"day_rules": day_rules})


def _fill_covered(cursor: CursorWrapper, institution_ids: Sequence[int], spans: Iterable[Span]) -> int:
    """Weeks covered by a judged return within the widest span; returns how many."""
    source = coverage()
    spans = list(spans)
    if source is None or not spans:
        return 0
    queryset = source(institution_ids, min(s.since for s in spans), max(s.until for s in spans))
    try:
        sql, params = queryset.order_by().query.get_compiler(connection.alias).as_sql()
    except EmptyResultSet:
        return 0
    cursor.execute(_INTO_COVERED.format(sql=sql), params)
    return cursor.rowcount
