"""Fills a fictional world with visits and what came of them, and knows what must be found because of them."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.db import transaction

from inspections.fiction.loading import Officials, load, number
from inspections.fiction.story import PLANTS, Expected, Site, Told
from inspections.services.checklist_loading import load_checklists
from shuangjian.bureau.models import Institution
from shuangjian.core.fiction import Commission
from shuangjian.journal.services import record, request_evaluation
from shuangjian.rules.declare import find_rule

#: Of the schools and training institutions of the world, one in so many is visited.
_ONE_IN = 3
#: How far back what was found must be judged; what is older was put right.
_STORY_DAYS = 60
_KINDS = (Institution.Kind.SCHOOL, Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)


@transaction.atomic
def make_visits(commission: Commission) -> int:
    """Visit one in three of the fictional institutions that others made, plant in turn, and ask for their judging.

    Institutions at which something was observed already are left out: another's observation would count as a
    repetition. Returns 0: it makes no institutions. The same world and seed give the same visits.
    """
    load_checklists(actor=None)
    random = Random(f"{commission.seed} visits")  # noqa: S311 - a story, not a secret
    units = list(
        Institution.objects.filter(is_fictional=True, kind__in=_KINDS, closed_on__isnull=True, observations=None)
        .select_related("town")
        .order_by("code")
    )
    chosen = random.sample(units, -(-len(units) // _ONE_IN))
    visits, expected = _plant(chosen, commission.now.date())
    number(visits)
    load(visits, Officials.get(), random, commission.now)
    for each in expected:
        if find_rule(each.rule) is not None:  # the domain whose rule it is may not run here
            commission.key.add(each.visit.institution.code, [each.found()])
    record("make_visits", actor=None, target="演示检查", detail={"visits": len(visits), "seed": commission.seed})
    _ask_for_judging(visits, commission.now.date())
    return 0


def _plant(units: list[Institution], today: dt.date) -> tuple[list[Told], list[Expected]]:
    """Each plant in turn, one to an institution; what does not fit an institution waits for the next."""
    visits: list[Told] = []
    expected: list[Expected] = []
    waiting = list(PLANTS)
    for turn, unit in enumerate(units):
        for plant in list(waiting):
            told, must = plant(Site(unit, today, turn))
            if told:
                waiting.remove(plant)
                waiting.append(plant)
                visits += told
                expected += must
                break
    visits.sort(key=lambda visit: (visit.on, visit.institution.code))
    return visits, expected


def _ask_for_judging(visits: list[Told], today: dt.date) -> None:
    since = today - dt.timedelta(days=_STORY_DAYS)
    for institution_id in sorted({visit.institution.pk for visit in visits}):
        request_evaluation(institution_id=institution_id, since=since, until=today, cause="演示数据生成")
