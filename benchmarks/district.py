"""What every school of the district is to send for one week, what must be found in it, and what stands in the end.

Import it after ``benchmarks.world.connect``. The answer is written down while the violations are planted, by nobody
who judges. RP rules (not filed, filed late) are left out of the comparisons: they depend on the real clock.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection
from django.db.models import Count

from schools.classes import classes_in_weeks
from schools.fiction import payloads
from schools.fiction.key import Found
from schools.fiction.weeks import Calendar
from shuangjian.accounts.tokens import create_api_token
from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import sha256
from shuangjian.intake.sections import Form
from shuangjian.intake.standing import submit_cause
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.models import Finding

_BREACH, _STAGE_BREACH = 0.12, 0.15  # of classes and stages; in each school one at least


@dataclass(frozen=True)
class Sent:
    """One return as a school sends it, and the findings that it must raise."""

    institution: int
    code: str
    number: int
    body: bytes
    sha256: str
    findings: frozenset[Found]

    @property
    def alerts(self) -> dict[str, int]:
        """How many open findings the week's alert of each rule must count."""
        return dict(Counter(found.rule for found in self.findings))


def week_to_file() -> Week:
    """This week, or in the holidays the last one with a school day."""
    (week,) = Calendar.load().teaching_weeks(1, Week.of(clock.today()).plus(1))
    return week


def schools_of(week: Week) -> list[Institution]:
    """The schools that stand in that week, by code."""
    standing = Institution.objects.filter(kind=Institution.Kind.SCHOOL, closed_on=None).order_by("code")
    return list(standing.select_related("town"))


def returns(schools: Sequence[Institution], week: Week, number: int, seed: int) -> dict[int, Sent]:
    """The ``number``-th return of each school, by id: every one differs from the last, every one breaks some rule."""
    asked = [(school, week) for school in schools]
    sent = {}
    for form, classes in zip(Form.of_many(asked), classes_in_weeks(asked), strict=True):
        random = Random(f"{seed} {number} {form.institution.code}")  # noqa: S311 - a load, not a secret
        planted: list[Found] = []

        def plant(plans: payloads.Plans, random: Random = random, planted: list[Found] = planted) -> None:
            payloads.plant_some(plans, chance=_BREACH, stage_chance=_STAGE_BREACH, random=random, least=1)
            planted.extend(plans.findings)

        grades = {code: facts.grade for code, facts in classes.items()}
        payload = payloads.changed(grades, form.school_days, random, plant)
        sent[form.institution.pk] = Sent(
            form.institution.pk,
            form.institution.code,
            number,
            json.dumps(payload, ensure_ascii=False).encode(),
            sha256(payload),
            frozenset(planted),
        )
    return sent


def tokens(schools: Sequence[Institution]) -> dict[int, str]:
    """A writing token of each school's own, by id."""
    expires = clock.now() + dt.timedelta(days=1)
    return {
        school.pk: create_api_token(
            name="benchmark", expires_at=expires, actor=None, institution=school, can_write=True
        )[1]
        for school in schools
    }


# What stands


def wrong_findings(stands: Mapping[int, Sent], week: Week) -> list[str]:
    """Where the open findings of the week are not exactly those that were planted into what stands."""
    found: dict[int, set[Found]] = {pk: set() for pk in stands}
    rows = Finding.objects.open().filter(institution__in=stands, occurred_on__range=(week.monday, week.sunday))
    rows = rows.filter(is_stale=False).exclude(rule__startswith="RP")
    for pk, rule, about, on, *numbers in rows.values_list(
        "institution_id", "rule", "about", "occurred_on", "observed", "limit"
    ):
        found[pk].add(Found(rule, about, on.isoformat(), *numbers))
    return [
        f"{sent.code}: {'missing' if each in sent.findings else 'extra'} {tuple(map(str, each))}"
        for pk, sent in stands.items()
        for each in sorted(found[pk] ^ sent.findings)
    ]


def wrong_alerts(stands: Mapping[int, Sent], week: Week) -> list[str]:
    """Where the week's unclosed alerts are not one a rule that was broken, with the right count."""
    open_alerts: dict[int, Counter[tuple[str, int]]] = {pk: Counter() for pk in stands}
    rows = Alert.objects.unclosed().filter(institution__in=stands, period=week.key).exclude(rule__startswith="RP")
    for pk, rule, count in rows.values_list("institution_id", "rule", "open_findings"):
        open_alerts[pk][rule, count] += 1
    return [
        f"{sent.code}: alerts {sorted(open_alerts[pk].items())}, expected {sorted(sent.alerts.items())}"
        for pk, sent in stands.items()
        if open_alerts[pk] != Counter(sent.alerts.items())
    ]


def lost_returns(acknowledged: Mapping[int, Sent], week: Week) -> list[str]:
    """Schools whose current version is not the last that was acknowledged to them."""
    rows = WeeklyReturn.objects.filter(institution__in=acknowledged, week=week.monday, state="submitted")
    current = dict(rows.values_list("institution_id", "current_version__sha256"))
    return [
        f"{sent.code}: return {sent.number} was acknowledged and does not stand"
        for pk, sent in acknowledged.items()
        if current.get(pk) != sent.sha256
    ]


def lost_versions(acknowledged: Mapping[int, Sequence[Sent]], week: Week) -> list[str]:
    """Returns that were acknowledged and are not among the versions, in their order and each once."""
    versions: dict[int, list[str]] = {pk: [] for pk in acknowledged}
    rows = ReturnVersion.objects.filter(weekly_return__institution__in=acknowledged, weekly_return__week=week.monday)
    for pk, digest in rows.order_by("number").values_list("weekly_return__institution_id", "sha256"):
        versions[pk].append(digest)
    return [
        f"school {pk}: {len(sents)} returns were acknowledged, {len(versions[pk])} versions stand or differ"
        for pk, sents in acknowledged.items()
        if versions[pk] != [sent.sha256 for sent in sents]
    ]


def lost_requests(week: Week) -> list[str]:
    """Versions of the week that left no request in the outbox; and requests that are still pending or parked."""
    pairs = ReturnVersion.objects.filter(weekly_return__week=week.monday, door="api")
    pairs = pairs.values_list("weekly_return__institution_id", "number")
    asked = set(EvaluationRequest.objects.filter(scope="institution").values_list("institution_id", "cause"))
    lost = [f"school {pk}: version {n} left no request" for pk, n in pairs if (pk, submit_cause(week, n)) not in asked]
    pending = EvaluationRequest.objects.filter(done_at__isnull=True)
    return lost + [f"request {row.pk} is not done: {row.cause} {row.error}"[:300] for row in pending]


def doubled_alerts(week: Week) -> list[str]:
    """Alerts of the week that were raised more than once for one rule, unit and period, closed ones included."""
    groups = Alert.objects.filter(period=week.key).values("rule", "institution_id").annotate(n=Count("pk"))
    return [f"{row['n']} alerts of {row['rule']} at school {row['institution_id']}" for row in groups if row["n"] > 1]


def sizes() -> dict[str, Any]:
    """What the district holds, for the head of a run's output."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM homework_homeworkitem")
        (items,) = cursor.fetchone()
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (size,) = cursor.fetchone()
    return {"items": items, "size": size}


def total(sent: Iterable[Sent]) -> tuple[int, float]:
    """Planted findings and mean size of a body in kB."""
    many = list(sent)
    return sum(len(each.findings) for each in many), sum(len(each.body) for each in many) / len(many) / 1000
