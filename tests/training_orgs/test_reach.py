"""From which day an institution is judged again, so that no finding of another date stays as it was."""

from __future__ import annotations

import datetime as dt

import pytest

from shuangjian.journal.models import EvaluationRequest
from tests.make import Somebody
from tests.training_orgs import money_make as make
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
