"""Who sees which visits and their parts, whom one may visit, and whom one may put on a visit."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from inspections.models import Answer, Visit, VisitPhoto, VisitStep, VisitVersion
from inspections.scope import inspectable_by, inspectors_for, institutions_of, may_join
from inspections.selectors import VisitFilter, answer_sheet, counts_of, my_visits_today, visits_of, visits_to_review
from inspections.services.visits import open_visit, plan_visits
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput
from tests import make
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, TODAY, answer, begun, filed, handed_in, photo

pytestmark = pytest.mark.django_db
PARTS = (Answer, VisitPhoto, VisitVersion, VisitStep)


@pytest.mark.parametrize("who", ["first", "second", "town", "bureau"])
def test_inspectors_and_those_above_see_a_visit_and_its_parts(cast: SimpleNamespace, who: str) -> None:
    visit = handed_in(cast)
    reader = getattr(cast, who)
    assert list(visits_of(reader)) == [visit]
    assert all(part.objects.visible_to(reader).exists() for part in PARTS)


@pytest.mark.parametrize("who", ["other_town", "other_inspector", "org_person", "dept"])
def test_others_see_neither_the_visit_nor_any_part_even_after_filing(cast: SimpleNamespace, who: str) -> None:
    filed(cast)
    reader = getattr(cast, who)
    assert not visits_of(reader).exists()
    assert not any(part.objects.visible_to(reader).exists() for part in PARTS)


def test_schools_teachers_and_administrators_see_no_visit_at_all(cast: SimpleNamespace) -> None:
    cast.school = make.school("示范一小", town=cast.east)
    visit_make.at_school(cast)
    for person in (make.user("school", cast.school), make.user("sysadmin")):
        assert not visits_of(person).exists()
        assert not VisitPhoto.objects.visible_to(person).exists()
    assert not visits_of(None).exists()


def test_a_department_sees_the_visits_that_it_joins(cast: SimpleNamespace) -> None:
    visit = begun(cast)
    visit.departments.add(cast.dept.department)
    assert list(visits_of(cast.dept)) == [visit]


def test_an_inspector_sees_the_institution_while_the_visit_is_open_and_the_visit_for_ever(
    cast: SimpleNamespace,
) -> None:
    visit = begun(cast)
    assert [row["institution_id"] for row in institutions_of(cast.first)] == [cast.org.pk]
    filed(cast, visit)
    assert not institutions_of(cast.first).exists()
    assert list(visits_of(cast.first)) == [visit]


def test_a_shut_account_sees_nothing(cast: SimpleNamespace) -> None:
    begun(cast)
    cast.first.is_active = False
    assert not visits_of(cast.first).exists()
    assert not inspectable_by(cast.first).exists()


def test_whom_one_may_visit(cast: SimpleNamespace) -> None:
    school, west_school = make.school("示范一小", town=cast.east), make.school("示范二小", town=cast.west)
    body = Institution.objects.create(code="GG1", name="演示公共机构", pinyin="x", kind="public_body", town=cast.east)
    closed = make.training_org("虚构培训四部", town=cast.east, closed_on=TODAY)
    fire, police = (make.user("inspector", make.department(code)) for code in ("XF", "GA"))
    expected = {
        cast.bureau: {cast.org, cast.other, school, west_school},
        make.user("inspector"): {cast.org, cast.other, school, west_school},
        cast.town: {cast.org, school},
        cast.first: {cast.org, school},
        cast.other_inspector: {cast.other, west_school},
        fire: {cast.org, cast.other},
        cast.dept: {cast.org, cast.other},
        police: set(),
        cast.org_person: set(),
        make.user("school", school): set(),
    }
    for person, targets in expected.items():
        assert set(inspectable_by(person)) == targets, person
    assert not {body, closed} & set(inspectable_by(cast.bureau))


def test_whom_one_may_put_on_a_visit(cast: SimpleNamespace) -> None:
    district = make.user("inspector")
    everybody = {
        cast.first,
        cast.second,
        cast.town,
        cast.other_town,
        cast.other_inspector,
        cast.bureau,
        cast.dept,
        district,
    }
    assert set(inspectors_for(cast.bureau)) == everybody
    assert set(inspectors_for(cast.town)) == everybody - {cast.other_town, cast.other_inspector}
    assert set(inspectors_for(cast.first)) == everybody - {cast.other_town, cast.other_inspector}
    assert not inspectors_for(cast.org_person).exists()
    assert [may_join(each, cast.org) for each in (cast.first, cast.other_inspector, cast.other_town, district)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_today_shows_what_waits_for_the_inspector(cast: SimpleNamespace) -> None:
    people = [cast.first, cast.second]
    due = plan_visits([cast.org], planned_on=TODAY, inspectors=people, actor=cast.town, now=NOW)[0]
    plan_visits([cast.org], planned_on=TODAY.replace(day=26), inspectors=people, actor=cast.town, now=NOW)
    going = begun(cast)
    waiting = handed_in(cast)
    assert set(my_visits_today(cast.first, TODAY)) == {due, going}
    assert not my_visits_today(cast.town, TODAY).exists()
    assert list(visits_to_review(cast.town)) == [waiting]
    assert not visits_to_review(cast.first).exists()


def test_a_list_is_narrowed_by_every_filter(cast: SimpleNamespace) -> None:
    visit = filed(cast)
    rows = visits_of(cast.bureau)
    fits = (
        {"state": "filed"}, {"kind": "unannounced"}, {"result": "ordered"}, {"institution": cast.org.code},
        {"town": cast.east.code}, {"inspector": "jiancha2"}, {"since": TODAY, "until": TODAY}, {"text": "培训一"},
        {"text": visit.number}, {},
    )  # fmt: skip
    for asked in fits:
        assert list(VisitFilter(**asked).apply(rows)) == [visit], asked  # type: ignore[arg-type]
    for asked in ({"state": "planned"}, {"inspector": "jiancha3"}, {"since": TODAY.replace(day=25)}, {"text": "小学"}):
        assert not VisitFilter(**asked).apply(rows).exists(), asked  # type: ignore[arg-type]


def test_the_sheet_shows_every_item_with_its_answer_and_photos_in_three_queries(
    cast: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    visit = begun(cast)
    answer(visit, "S-02", cast.first, verdict="na")
    photo(visit, cast.first, item="S-03")
    with django_assert_num_queries(3):
        groups = answer_sheet(visit)
    assert [(group.name, len(group.lines), group.answered) for group in groups] == [("办学", 2, 1), ("消防", 1, 0)]
    assert [line.revision for group in groups for line in group.lines] == [0, 1, 0]
    assert len(groups[1].lines[0].photos) == 1
    assert counts_of([visit]) == {visit.pk: {"answered": 1, "failed": 0, "photos": 1}}


def test_saving_an_answer_takes_few_queries(cast: SimpleNamespace, django_assert_max_num_queries: Any) -> None:
    visit = begun(cast)
    answer(visit, "S-01", cast.first, revision=0, verdict="ok")
    with django_assert_max_num_queries(9):
        answer(visit, "S-01", cast.first, revision=1, verdict="na")


def test_an_institution_that_one_may_not_visit_is_not_opened_on_the_spot(cast: SimpleNamespace) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_visit(cast.other, key=uuid.uuid4(), actor=cast.first, now=NOW)
    assert refused.value.problems[0].path == "institution"
    assert not Visit.objects.exists()
