"""From which day an institution is judged again, so that no finding of another date stays as it was."""

from __future__ import annotations

import datetime as dt

import pytest

from shuangjian.bureau.models import Institution
from shuangjian.journal.models import EvaluationRequest
from tests import make as platform
from tests.make import Somebody
from tests.training_orgs import money_make as make
from tests.training_orgs.make import licence
from training_orgs.rows import save_rows
from training_orgs.services.courses import cancel_sessions
from training_orgs.services.reach import since_for_courses
from training_orgs.services.refunds import withdraw_refund

pytestmark = pytest.mark.django_db
DAY = dt.date.fromisoformat


def _order(paid_on, **fields):  # type: ignore[no-untyped-def]
    course = make.course(make.org())
    order = make.order(course, "H-1", paid_on, 1000, **fields)
    order.refresh_from_db()
    return course, order


def test_a_filed_order_is_judged_from_its_day_of_payment():
    course = make.course(make.org(), "K01")
    row = {
        "contract_no": "H-2", "pupil": "X2", "paid_on": "2026-09-10", "starts_on": "2026-09-12", "channel": "custody",
        "lines": [{"course": "K01", "hours": 10, "amount": 1000}],
    }  # fmt: skip
    EvaluationRequest.objects.all().delete()
    save_rows("fee-orders", [row], actor=Somebody(), institution=course.institution)
    assert [each.since for each in EvaluationRequest.objects.all()] == [DAY("2026-09-10")]


def test_a_refund_is_judged_from_its_request():
    _, order = _order("2026-09-10")
    refund = make.refund(order, "T-1", "2026-10-01", 100)
    EvaluationRequest.objects.all().delete()
    withdraw_refund(refund, withdrawn_on=DAY("2026-10-09"), actor=Somebody(), today=DAY("2026-10-09"))
    assert [each.since for each in EvaluationRequest.objects.all()] == [DAY("2026-10-01")]


def test_a_new_session_is_judged_from_the_payment_whose_span_holds_it():
    course, _ = _order("2026-09-10", ends_on="2026-11-30")
    assert since_for_courses([course.pk], [DAY("2026-11-30")]) == {course.institution_id: DAY("2026-09-10")}


def test_a_session_after_the_span_is_judged_from_its_own_day():
    course, _ = _order("2026-09-10", ends_on="2026-11-30")
    make.session(course, "2026-12-01")
    assert since_for_courses([course.pk], [DAY("2026-12-01")]) == {course.institution_id: DAY("2026-12-01")}


def test_an_order_without_end_reaches_any_later_session():
    course, _ = _order("2026-09-10")
    assert since_for_courses([course.pk], [DAY("2027-01-10")]) == {course.institution_id: DAY("2026-09-10")}


def test_a_session_before_the_payment_is_judged_from_the_session():
    course, _ = _order("2026-09-10", starts_on="2026-09-01")
    assert since_for_courses([course.pk], [DAY("2026-09-02")]) == {course.institution_id: DAY("2026-09-02")}


def test_a_changed_course_is_judged_from_its_first_session_or_payment():
    course, _ = _order("2026-09-10")
    make.session(course, "2026-09-05")
    assert since_for_courses([course.pk]) == {course.institution_id: DAY("2026-09-05")}


def test_a_course_that_nobody_paid_for_and_without_sessions_asks_for_nothing():
    course = make.course(make.org())
    assert since_for_courses([course.pk]) == {}


def _asked_since() -> dt.date:
    return EvaluationRequest.objects.latest("pk").since


def test_a_cancelled_session_asks_from_the_payment_for_it():
    course, _ = _order("2026-09-10", ends_on="2026-11-30")
    held = make.session(course, "2026-10-10")
    cancel_sessions([held], reason="台风", actor=Somebody(), today=DAY("2026-11-10"))
    assert _asked_since() == DAY("2026-09-10")


def test_a_course_filed_as_another_category_asks_from_its_first_session_or_payment():
    course, _ = _order("2026-09-10", ends_on="2026-11-30")
    type(course).objects.update(starts_on="2026-09-20")
    make.session(course, "2026-09-25")
    row = {
        "institution": course.institution.code,
        **{key: str(getattr(course, key)) for key in ("number", "title", "subject", "stage", "mode")},
        "category": "arts",
        "lesson_minutes": "45",
        "starts_on": "2026-09-20",
    }
    saved = save_rows("courses", [row], actor=Somebody())
    assert saved.changed == 1
    assert _asked_since() == DAY("2026-09-10")


def test_a_reserve_filed_late_is_judged_from_its_first_day():
    unit = make.org()
    save_rows("reserves", [{"amount": 5000, "valid_from": "2026-01-01"}], actor=Somebody(), institution=unit)
    assert _asked_since() == DAY("2026-01-01")
    EvaluationRequest.objects.all().delete()
    row = {"amount": 5000, "valid_from": "2026-01-01", "valid_until": "2026-06-30"}
    save_rows("reserves", [row], actor=Somebody(), institution=unit)
    assert _asked_since() == DAY("2026-01-01")


def _bodies(town):  # type: ignore[no-untyped-def]
    fields = {"kind": "public_body", "pinyin": "-"}
    bureau = Institution.objects.create(code="440113-JY", name="区教育局", category="bureau", **fields)
    body = Institution.objects.create(code=town.code, name=town.name, category="town", town=town, **fields)
    return bureau, body


def _asked_of(*bodies):  # type: ignore[no-untyped-def]
    asked = EvaluationRequest.objects.filter(institution__in=bodies)
    return dict(asked.values_list("institution_id", "since"))


def test_a_licence_is_counted_again_by_the_town_and_the_bureau_from_its_month():
    place = platform.town()
    bureau, body = _bodies(place)
    other = platform.town("440113999", "别的镇")
    elsewhere = Institution.objects.create(
        code=other.code, name=other.name, category="town", town=other, kind="public_body", pinyin="-"
    )
    unit = make.org(town=place)
    row = {
        "kind": "school_running", "number": "教民9号", "department": "JY", "categories": ["subject"],
        "issued_on": "2026-10-15", "expires_on": "2029-10-14",
    }  # fmt: skip
    platform.department("JY", "区教育局")
    save_rows("licences", [row], actor=Somebody(), institution=unit)
    october = DAY("2026-10-01")
    assert _asked_of(bureau, body, elsewhere) == {bureau.pk: october, body.pk: october}
    EvaluationRequest.objects.all().delete()
    save_rows("licences", [row], actor=Somebody(), institution=unit)
    assert _asked_of(bureau, body) == {}


def test_an_institution_that_moves_is_counted_again_by_both_towns():
    place, other = platform.town(), platform.town("440113999", "别的镇")
    bureau, body = _bodies(place)
    there = Institution.objects.create(
        code=other.code, name=other.name, category="town", town=other, kind="public_body", pinyin="-"
    )
    unit = make.org(town=place)
    licence(unit, issued_on=DAY("2026-03-20"))
    row = {"code": unit.code, "name": unit.name, "town": other.name, "address": "示范路1号", "category": "subject"}
    save_rows("orgs", [row], actor=Somebody())
    march = DAY("2026-03-01")
    assert _asked_of(bureau, body, there) == {bureau.pk: march, body.pk: march, there.pk: march}
