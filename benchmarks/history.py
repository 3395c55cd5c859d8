"""Section "history": one school's week by every rule, with one term and with five terms of history behind it.

    python -m benchmarks.history judge | grow TERMS | measure      on the database that DATABASE_URL names
    python -m benchmarks.history compare URL URL TERMS            the one with one term, the one that was grown

The earlier terms are that term
copied by INSERT … SELECT to dates 26, 52, 78 and 104 weeks before, as far as ``--terms`` asks: items, school days,
service days, filings, the calendar of each unit and day, and the classes under the codes of their school year. The
terms of the shipped calendar that lie before are removed from this copy of the database, the invented ones entered.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks import judging  # noqa: E402
from benchmarks.figures import Figure, at_most, tell  # noqa: E402
from homework.models import HomeworkItem  # noqa: E402
from schools.models import SchoolClass  # noqa: E402
from shuangjian.bureau.models import Institution, Term, UnitDay  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.rules import engine  # noqa: E402
from shuangjian.rules.declare import all_rules  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402
from shuangjian.rules.periods import Span  # noqa: E402

SCHOOLS, RUNS, ROUNDS = 12, 5, 3
MILLISECONDS, TIMES = 100, 1.3

# Only the numbers of one term and the span between two stand in here; every table keeps its own columns.
_CLEAR_THE_WAY = """
DELETE FROM bureau_term WHERE starts_on <> %(start)s;
DELETE FROM bureau_unitday WHERE date < %(first)s OR date > %(last)s;
UPDATE bureau_institution SET went_live_on = went_live_on - %(weeks)s * 7, opened_on = NULL
WHERE went_live_on IS NOT NULL;
"""
_TERMS_BACK = """
INSERT INTO bureau_term (key, stage, starts_on, ends_on, certainty)
SELECT %(key)s, stage, starts_on - %(days)s, ends_on - %(days)s, certainty FROM bureau_term WHERE starts_on = %(start)s;
INSERT INTO schools_schoolclass (code, school_year, grade, number, pupils, opened_on, closed_on, school_id)
SELECT %(year)s || substr(code, 5), %(year)s, grade, number, pupils, opened_on - %(days)s, closed_on - %(days)s,
  school_id
FROM schools_schoolclass WHERE school_year = %(now_year)s ON CONFLICT DO NOTHING;
INSERT INTO homework_homeworkitem (week, day, subject, minutes, is_written, is_optional, alternative, counts,
  school_class_id, asks_parents, done_at_school, kind, marked_by, publication, published_on)
SELECT i.week - %(days)s, i.day - %(days)s, i.subject, i.minutes, i.is_written, i.is_optional, i.alternative, i.counts,
  old.id, i.asks_parents, i.done_at_school, i.kind, i.marked_by, i.publication, i.published_on - %(days)s
FROM homework_homeworkitem i
JOIN schools_schoolclass c ON c.id = i.school_class_id
JOIN schools_schoolclass old ON old.school_id = c.school_id AND old.code = %(year)s || substr(c.code, 5)
WHERE i.day BETWEEN %(first)s AND %(last)s ORDER BY i.id;
"""
_MOVED = {
    "bureau_unitday": ("date", "week", "week_first_on"),
    "schools_schoolday": ("week", "day"),
    "afterschool_serviceday": ("week", "day"),
    "intake_filing": ("week", "due_at", "first_submitted_at", "due_seen_at"),
    "intake_weeklyreturn": ("week", "first_submitted_at"),  # each with the payload of the return it was copied from
}


def grow(terms: int) -> None:
    """Put the earlier terms behind the running one, and judge them as the sweep would have."""
    size, began = HomeworkItem.objects.count(), time.perf_counter()
    for back in range(1, terms):
        _copy_back(back, terms)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    added = f"{HomeworkItem.objects.count() - size:,} items in {time.perf_counter() - began:.0f} s"
    print(f"{terms - 1} earlier terms: {added}, {Term.objects.count() // 2} terms", flush=True)
    judge()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def judge() -> None:
    """Every rule over every term that there is."""
    first = Term.objects.filter(starts_on__lte=judging.NOW.date()).order_by("starts_on").first()
    assert first is not None
    judging.sweep(all_rules(), Span(first.starts_on, judging.NOW.date()))


def compare(short: str, long: str, terms: int) -> None:
    """The two databases by turns, so that what else the machine does falls on both; the best round of each counts."""
    rounds = [(_measured(short), _measured(long)) for _ in range(ROUNDS)]
    one, five = (min(each, key=lambda seen: seen["median"]) for each in zip(*rounds, strict=True))
    value = (
        f"median {five['median']:.1f} ms, slowest school {five['slowest']:.1f} ms "
        f"({five['schools']} schools of {five['classes']:.0f} classes, {five['rules']} rules; "
        f"{five['items']:,} items, {five['findings']:,} findings)"
    )
    baseline = f"with one term, {one['median']:.1f} ms ({one['items']:,} items)"
    name = f"one school's week, all rules, with {terms} terms of history"
    at_most(name, value, five["median"] / one["median"], baseline, TIMES)
    less = [min(seen[which]["processor"] for seen in rounds) for which in (0, 1)]
    value, baseline = f"mean {less[1]:.1f} ms of processor an evaluation", f"with one term, {less[0]:.1f} ms"
    tell(Figure("the same, whatever else the machine does", value, baseline, f"{less[1] / less[0]:.2f} ×"))
    slower = max(one["median"], five["median"])
    bound = f"≤ {MILLISECONDS} ms"
    tell(Figure("one school's week, the slower of both", f"{slower:.1f} ms", "", "", bound, slower <= MILLISECONDS))


def _measured(url: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.history", "measure"]
    shown = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(shown.stdout))


def measure() -> None:
    """The same schools' same week, as JSON."""
    schools = _schools()
    week, used = _week(), judging.processor_seconds()
    times = _milliseconds(schools, week)
    processor = (judging.processor_seconds() - used) * 1000 / (len(schools) * (1 + RUNS))
    seen = {"median": statistics.median(times), "slowest": max(times), "schools": len(schools)}
    seen |= {"items": HomeworkItem.objects.count(), "findings": Finding.objects.count(), "rules": len(all_rules())}
    print(
        json.dumps({**seen, "processor": processor, "classes": statistics.median(_classes(each) for each in schools)})
    )


def _week() -> Week:
    """The last week of the term that is taught in full."""
    days = UnitDay.objects.filter(week_school_days=5, date__lte=judging.NOW.date())
    return Week(days.order_by("-week").values_list("week", flat=True)[0])


def _schools() -> list[Institution]:
    """Some schools of all sizes, the largest among them; the same ones whatever history they have."""
    filed = Institution.objects.filter(is_fictional=True, closed_on=None, kind="school").order_by("code")
    by_size = sorted(filed, key=_classes, reverse=True)
    others = Random(4).sample(by_size[1:], min(SCHOOLS, len(by_size)) - 1)  # noqa: S311 - a choice, not a secret
    return [by_size[0], *others]


def _classes(school: Institution) -> int:
    return SchoolClass.objects.filter(school_id=school.pk, school_year=judging.running_term().since.year).count()


def _milliseconds(schools: list[Institution], week: Week) -> list[float]:
    """The median of each school's runs; the first run of all is not counted."""
    span, rules, medians = Span(week.monday, week.sunday), all_rules(), []
    for school in schools:
        times = []
        for _ in range(1 + RUNS):
            began = time.perf_counter()
            engine.evaluate(rules, [school.pk], span, now=judging.NOW, cause="测速")
            times.append((time.perf_counter() - began) * 1000)
        medians.append(statistics.median(times[1:]))
    return medians


@transaction.atomic
def _copy_back(back: int, terms: int) -> None:
    """The running term once more, 26 × ``back`` weeks earlier."""
    term = Term.objects.get(starts_on=judging.running_term().since, stage="primary")
    year = term.starts_on.year - (back + 1) // 2
    params = {
        "start": term.starts_on,
        "first": Week.of(term.starts_on).monday,
        "last": Week.of(judging.NOW.date()).sunday,
        "weeks": 26 * (terms - 1),
        "days": 26 * 7 * back,
        "key": f"{year}-{year + 1}-{2 if back % 2 else 1}",
        "year": year,
        "now_year": term.starts_on.year,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        if back == 1:
            cursor.execute(_CLEAR_THE_WAY, params)
        cursor.execute(_TERMS_BACK, params)
        for table, dates in _MOVED.items():
            cursor.execute(_moved(table, dates), params)


def _moved(table: str, dates: tuple[str, ...]) -> str:
    """INSERT … SELECT of the table's rows of the running term, those columns so many days earlier."""
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    columns = [column.name for column in described if column.name != "id"]
    days = {"week": "%(days)s", "date": "%(days)s", "day": "%(days)s", "week_first_on": "%(days)s"}
    values = [f"{c} - {days.get(c, 'make_interval(days => %(days)s)')}" if c in dates else c for c in columns]
    day = "date" if "date" in dates else "day" if "day" in dates else "week"
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} "  # noqa: S608
        f"WHERE {day} BETWEEN %(first)s AND %(last)s"
    )


if __name__ == "__main__":
    mode, *given = sys.argv[1:]
    if mode == "compare":
        compare(given[0], given[1], int(given[2]))
    elif mode == "grow":
        grow(int(given[0]))
    else:
        {"judge": judge, "measure": measure}[mode]()
