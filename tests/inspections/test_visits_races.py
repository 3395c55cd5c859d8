"""Two people, two phones, one moment: nothing happens twice and nothing is lost. Real threads on real connections."""

from __future__ import annotations

import threading
import uuid
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.urls import reverse

from inspections.models import Answer, Visit, VisitPhoto, VisitStep, VisitVersion
from inspections.services import planning
from inspections.services.visits import Stale, hand_in_visit, plan_visits, review_visit, start_visit
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict
from shuangjian.evidence.models import Observation
from tests.faults.parallel import together
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, TODAY, answer, begun, browser, filled, handed_in, jpeg, photo

pytestmark = pytest.mark.django_db(transaction=True)


def failures(results: list[Any], kind: type[Exception] = Conflict) -> int:
    wrong = [each for each in results if isinstance(each, Exception) and not isinstance(each, kind)]
    assert not wrong, wrong
    return sum(isinstance(each, kind) for each in results)


def test_the_same_key_opened_by_four_threads_is_one_visit(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    results = together([lambda: begun(cast, key=key) for _ in range(4)])
    assert failures(results) == 0
    assert {each.pk for each in results} == {Visit.objects.get().pk}
    assert VisitStep.objects.count() == 1


def test_the_same_plan_of_one_page_posted_by_four_threads_is_one_visit(cast: SimpleNamespace) -> None:
    key, people = uuid.uuid4(), [cast.first, cast.second]
    plan = {"planned_on": TODAY, "inspectors": people, "actor": cast.town, "key": key, "now": NOW}
    results = together([lambda: plan_visits([cast.org], **plan) for _ in range(4)])
    assert failures(results) == 0
    assert {visit.pk for visits in results for visit in visits} == {Visit.objects.get().pk}


def test_a_site_of_the_street_touched_three_times_is_one_site_and_each_touch_leads_to_its_visit(
    cast: SimpleNamespace,
) -> None:
    visit_make.checklist("suspected_site")
    key = uuid.uuid4()
    site = {"name": "虚构点", "town": cast.east.code, "place": "虚构花园 3 栋", "key": str(key)}
    results = together([lambda: browser(cast.first).post(reverse("visit_site"), site) for _ in range(3)])
    assert failures(results) == 0
    assert {each["Location"] for each in results} == {reverse("visit", args=[key])}
    assert Visit.objects.get().institution.name == "虚构点"
    assert Institution.objects.filter(kind="suspected_site").count() == 1


def test_visits_opened_at_one_moment_have_different_numbers(cast: SimpleNamespace) -> None:
    results = together([lambda: begun(cast) for _ in range(4)])
    assert failures(results) == 0
    assert len({each.number for each in results}) == 4


def test_of_two_hand_ins_at_one_moment_one_holds(cast: SimpleNamespace) -> None:
    visit = filled(cast)
    results = together(
        [lambda who=who: hand_in_visit(visit.pk, actor=who, now=NOW) for who in (cast.first, cast.second)]
    )
    assert failures(results) == 1
    assert VisitVersion.objects.count() == 1


def test_of_two_reviews_at_one_moment_one_holds_and_nothing_is_observed_twice(cast: SimpleNamespace) -> None:
    visit = handed_in(cast)
    results = together(
        [
            lambda who=who: review_visit(visit.pk, decision="file", actor=who, now=NOW)
            for who in (cast.town, cast.bureau)
        ]
    )
    assert failures(results) == 1
    assert Observation.objects.count() == 1


def test_of_two_answers_to_one_item_at_one_moment_one_is_told_of_the_other(cast: SimpleNamespace) -> None:
    visit = begun(cast)
    results = together(
        [
            lambda: answer(visit, "S-01", cast.first, revision=0, verdict="ok"),
            lambda: answer(visit, "S-01", cast.second, revision=0, verdict="na"),
        ]
    )
    assert failures(results, Stale) == 1
    stored = next(each for each in results if isinstance(each, Stale)).stored
    assert stored["verdict"] == Answer.objects.get().verdict


def test_answers_to_different_items_at_one_moment_are_all_kept(cast: SimpleNamespace) -> None:
    visit = begun(cast)
    calls = [
        lambda code=code, who=who: answer(visit, code, who, revision=0, verdict="na")
        for code, who in (("S-01", cast.first), ("S-02", cast.second), ("S-03", cast.first))
    ]
    assert failures(together(calls)) == 0
    assert Answer.objects.count() == 3


def test_an_answer_never_lands_in_a_visit_that_is_being_handed_in(cast: SimpleNamespace) -> None:
    visit = filled(cast)
    results = together(
        [
            lambda: hand_in_visit(visit.pk, actor=cast.first, now=NOW),
            lambda: answer(visit, "S-01", cast.second, revision=1, verdict="na"),
        ]
    )
    failures(results)
    frozen = {row["item"]: row["verdict"] for row in VisitVersion.objects.get().record["answers"]}
    assert frozen["S-01"] == Answer.objects.get(item__code="S-01").verdict


def test_a_photo_sent_by_four_threads_is_one_photo(cast: SimpleNamespace) -> None:
    visit, key = begun(cast), uuid.uuid4()
    results = together([lambda: photo(visit, cast.first, key=key, seed=4) for _ in range(4)])
    failures(results)  # whoever was overtaken in the middle is told where to go on
    assert photo(visit, cast.first, key=key, seed=4).is_complete
    assert VisitPhoto.objects.get().stored.size > 0
    assert len(jpeg(4)) == photo(visit, cast.first, key=key, seed=4).received


def test_a_planned_visit_begun_by_both_inspectors_at_one_moment_begins_once(cast: SimpleNamespace) -> None:
    visit = plan_visits([cast.org], planned_on=TODAY, inspectors=[cast.first, cast.second], actor=cast.town, now=NOW)[0]
    results = together([lambda who=who: start_visit(visit.pk, actor=who, now=NOW) for who in (cast.first, cast.second)])
    assert failures(results) == 0
    assert VisitStep.objects.filter(act="started").count() == 1


def test_without_the_lock_a_hand_in_happens_twice(cast: SimpleNamespace) -> None:
    """The guard switched off: what the tests above rest on."""
    rows, both_have_read = Visit.objects.select_related("institution", "checklist"), threading.Barrier(2)

    def read(pk: int) -> Visit:
        visit = rows.get(pk=pk)
        both_have_read.wait(timeout=10)
        return visit

    visit = filled(cast)
    with patch("inspections.services.review.locked_visit", read):
        results = together(
            [lambda who=who: hand_in_visit(visit.pk, actor=who, now=NOW) for who in (cast.first, cast.second)]
        )
    assert failures(results) == 0
    assert VisitVersion.objects.count() == 2


def test_without_the_lock_of_the_numbers_one_key_is_opened_against_the_database(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    nobody_waits = threading.Barrier(4)

    def number(*_: Any, **__: Any) -> list[str]:
        nobody_waits.wait(timeout=10)
        return [f"JC-2026-{uuid.uuid4().hex[:5]}"]

    with patch.object(planning, "next_numbers", number):
        results = together([lambda: begun(cast, key=key) for _ in range(4)])
    assert sum(isinstance(each, Exception) for each in results) == 3
    assert Visit.objects.count() == 1
