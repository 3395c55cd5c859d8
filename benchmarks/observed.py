"""What people confirm and order at district size: IN-01, IN-02 and the O rules of schools, against hand-written SQL.

    python -m benchmarks.observed

Works on the empty, migrated database that DATABASE_URL names, with the reference data loaded (towns, calendar). Makes
240 schools, 1,200 institutions of 300 brands, 20,000 observations of three years and a rectification of each fifth.
"""

from __future__ import annotations

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import baseline, judging  # noqa: E402
from benchmarks.figures import Figure, at_most, tell  # noqa: E402
from shuangjian.bureau.models import Institution  # noqa: E402
from shuangjian.evidence.models import Observation  # noqa: E402
from shuangjian.rules.declare import get_rule  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402
from shuangjian.rules.periods import BEGINNING, Span  # noqa: E402

READINGS, RERUNS = 3, 3
_WORLD = """
CREATE FUNCTION pg_temp.draw(of bigint, what int, n int) RETURNS int IMMUTABLE LANGUAGE sql AS
  'SELECT ((hashint8extended(of, what) & 9223372036854775807) % n)::int';
INSERT INTO bureau_institution (code, name, pinyin, kind, category, stages, town_candidates, status, is_fictional,
  source, town_id, registered_on)
SELECT 'VB' || lpad(i::text, 6, '0'), '虚构单位' || i, lpad(i::text, 6, '0'),
  CASE WHEN i <= 240 THEN 'school' ELSE 'training_org' END, '',
  CASE WHEN i <= 240 THEN '{primary,junior}' ELSE '{}' END::varchar[], '', 'active', true, '测速',
  t.ids[1 + i % cardinality(t.ids)], '2021-01-01'
FROM generate_series(1, 1440) i, (SELECT array_agg(id ORDER BY id) AS ids FROM bureau_town) t;
INSERT INTO training_orgs_brand (name) SELECT '虚构品牌' || i FROM generate_series(1, 300) i;
INSERT INTO training_orgs_trainingorg (institution_id, brand_id, legal_person, phone)
SELECT i.id, (SELECT b.id FROM training_orgs_brand b WHERE b.name = '虚构品牌' || (i.id % 600)), '', ''
FROM bureau_institution i WHERE i.source = '测速' AND i.kind = 'training_org';
INSERT INTO evidence_observation (number, institution_id, kind, about, occurred_on, source, state, text, confirmed_on,
  due_on, rectified_on, severity, registered_at)
SELECT 'VB-' || n, u.id, CASE u.kind WHEN 'school' THEN s.kinds[1 + pg_temp.draw(n, 1, 8)]
    ELSE t.kinds[1 + pg_temp.draw(n, 1, 12)] END, '', d.on_, 'visit', d.state, '测速',
  CASE d.state WHEN 'confirmed' THEN d.confirmed END,
  CASE WHEN d.state = 'confirmed' AND pg_temp.draw(n, 4, 2) = 0 THEN d.confirmed + 7 END,
  CASE WHEN d.state = 'confirmed' AND pg_temp.draw(n, 5, 3) > 0 THEN d.confirmed + 5 END,
  (ARRAY[NULL, NULL, NULL, 2, 3, 4])[1 + pg_temp.draw(n, 6, 6)], now()
FROM generate_series(1, 20000) n
JOIN LATERAL (SELECT id, kind FROM bureau_institution WHERE source = '测速'
  OFFSET pg_temp.draw(n, 7, 1440) LIMIT 1) u ON true
CROSS JOIN (SELECT ARRAY['homework_difficulty', 'homework_mechanical', 'teaching_ahead', 'exam_beyond',
  'admission_target', 'paid_tuition', 'collective_tuition', 'provider_misconduct'] AS kinds) s
CROSS JOIN (SELECT ARRAY['privacy', 'advertising', 'operating', 'content', 'foreign_course', 'enrolment_link', 'safety',
  'epidemic', 'unlawful_content', 'price', 'contract', 'competition'] AS kinds) t
CROSS JOIN LATERAL (SELECT date '2024-01-01' + pg_temp.draw(n, 2, 1060) AS on_,
  date '2024-01-01' + pg_temp.draw(n, 2, 1060) + pg_temp.draw(n, 3, 40) AS confirmed,
  (ARRAY['confirmed', 'confirmed', 'confirmed', 'confirmed', 'clue', 'refuted'])[1 + pg_temp.draw(n, 8, 6)] AS state) d;
INSERT INTO alerts_rectification (number, institution_id, observation_id, requirement, due_on, state, ordered_at,
  handed_in_at, account, remark, revision, changed_at)
SELECT 'VB-' || id, institution_id, id, '测速', confirmed_on + 7,
  (ARRAY['open', 'returned', 'handed_in', 'passed', 'passed', 'passed'])[1 + pg_temp.draw(id, 9, 6)], now(), now(), '',
  '', 1, now()
FROM evidence_observation WHERE source = 'visit' AND state = 'confirmed' AND id % 5 = 0;
ANALYZE;
"""


def main() -> None:
    """Fill, judge, compare."""
    if Observation.objects.exists() or Finding.objects.exists():
        sys.exit("Observations or findings stand here already: give an empty database.")
    with connection.cursor() as cursor:
        cursor.execute(_WORLD)
    span = Span(BEGINNING, judging.NOW.date())
    codes = list(baseline.statements(folder=baseline.VISITS))
    rules = [get_rule(code) for code in codes]
    readings = [_by_hand(span) for _ in range(READINGS)]
    by_hand = sorted(readings, key=lambda each: each.total)[READINGS // 2]
    first = judging.sweep(rules, span)
    found = judging.open_findings()
    if found != by_hand.rows:
        only_hand, only_engine = sorted(by_hand.rows - found, key=str), sorted(found - by_hand.rows, key=str)
        sys.exit(f"They differ: only by hand {only_hand[:3]}; only by the engine {only_engine[:3]}.")
    again = min((judging.sweep(rules, span) for _ in range(RERUNS)), key=lambda each: each.seconds)
    size = f"{Observation.objects.count():,} observations, {len(found):,} findings"
    for name, judged in (("at first", first), ("again", again)):
        value, against = f"{judged.seconds:.2f} s ({size})", f"hand-written SQL, {by_hand.total:.2f} s"
        tell(
            Figure(
                f"visits' consequences, the district {name}", value, against, f"{judged.seconds / by_hand.total:.1f} ×"
            )
        )
    told = ", ".join(f"{code} {seconds * 1000:.0f} ms" for code, seconds in sorted(by_hand.seconds.items()))
    tell(Figure("by hand", told))
    _one(span)


def _one(span: Span) -> None:
    """What an act waits for: IN-02 over the institution with most observations."""
    busiest = Institution.objects.filter(source="测速", kind="training_org").order_by("pk").values_list("pk", flat=True)
    times = []
    for pk in list(busiest[:20]):
        began = time.perf_counter()
        judging.sweep([get_rule("IN-02")], span, [[pk]])
        times.append(time.perf_counter() - began)
    value = f"{sorted(times)[len(times) // 2] * 1000:.0f} ms"
    at_most("IN-02 over one institution, with its alerts", value, max(times), "the slowest of twenty, in seconds", 0.2)


def _by_hand(span: Span) -> baseline.Reading:
    return baseline.read(span.since, span.until, judging.NOW, parallel=False, folder=baseline.VISITS)


if __name__ == "__main__":
    main()
    connection.close()
