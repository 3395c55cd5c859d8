"""Classes that come and go: what a return must answer, and when an answered week is no longer complete."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from schools.class_services import add_classes, close_class, reopen_class
from schools.models import SchoolClass
from shuangjian.core import clock
from shuangjian.intake import services
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.sections import Form, check_payload
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.drain import drain
from shuangjian.rules.outcomes import unit_outcomes
from tests import make

pytestmark = pytest.mark.django_db

ME = make.Somebody()
WEEK = make.WEEK
WEDNESDAY = WEEK.days[2]
NOW = clock.at(WEEK.days[4], 17 * 60)


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A school that files; "today" is the Wednesday of the week."""
    monkeypatch.setattr(clock, "today", lambda: WEDNESDAY)
    make.calendar()
    return make.school(classes=["2026-05-01"])


def _gap_days(school: Any, code: str, payload: Any) -> list[str]:
    gaps = check_payload(Form.of(school, WEEK), payload).gaps
    return [str(gap.tick["day"]) for gap in gaps if gap.tick.get("class") == code]


def _is_complete(school: Any) -> bool:
    return WeeklyReturn.objects.get(institution=school, week=WEEK.monday).is_complete


def test_a_class_added_to_a_school_that_files_begins_today_and_makes_the_week_insufficient(school: Any) -> None:
    payload = make.full_payload(school)
    make.submitted(school, now=NOW)
    add_classes(school.school, "2026-05-02,40", actor=ME)
    assert SchoolClass.objects.get(code="2026-05-02").opened_on == WEDNESDAY
    assert _gap_days(school, "2026-05-02", payload) == ["2026-11-04", "2026-11-05", "2026-11-06"]
    drain(lambda: NOW)
    assert not _is_complete(school)
    assert unit_outcomes([school.pk], WEEK, now=NOW)[school.pk].by_rule["HW-02"] == "insufficient_data"


def test_the_weeks_before_the_new_class_stay_complete(school: Any) -> None:
    before = WEEK.plus(-1)
    make.submitted(school, before, now=NOW)
    add_classes(school.school, "2026-05-02,40", actor=ME)
    assert WeeklyReturn.objects.get(institution=school, week=before.monday).is_complete


def test_classes_set_up_before_the_first_return_hold_for_the_whole_year(school: Any) -> None:
    add_classes(school.school, "2026-05-02,40", actor=ME)
    assert SchoolClass.objects.get(code="2026-05-02").opened_on is None


def test_nothing_is_asked_for_the_days_after_a_class_was_closed(school: Any) -> None:
    payload = make.full_payload(school, homework=[], class_off=[])
    payload["homework_none"] = []
    close_class(SchoolClass.objects.get(code="2026-05-01"), closed_on=WEDNESDAY, actor=ME)
    assert _gap_days(school, "2026-05-01", payload) == ["2026-11-02", "2026-11-03"]


def test_reopening_a_class_asks_for_its_days_again_and_for_a_new_judgement(school: Any) -> None:
    school_class = SchoolClass.objects.get(code="2026-05-01")
    close_class(school_class, closed_on=WEDNESDAY, actor=ME)
    payload = make.full_payload(school)
    payload["homework_none"] = [row for row in payload["homework_none"] if row["day"] < WEDNESDAY.isoformat()]
    services.submit_return(school, WEEK, actor=ME, now=NOW, door="api", payload=payload)
    assert _is_complete(school)
    EvaluationRequest.objects.all().delete()
    reopen_class(school_class, actor=ME)
    assert not _is_complete(school)
    assert EvaluationRequest.objects.filter(institution=school).count() == 1


def test_a_closed_day_and_a_new_school_day_in_one_week_leave_a_gap_that_counts(school: Any) -> None:
    """Rows on the closed day are wrong for a new submit; they must not hide that Saturday has no answer."""
    make.submitted(school, now=NOW)
    make.exception(dt.date(2026, 11, 4), "closed", institution=school)
    assert _is_complete(school)
    make.exception(dt.date(2026, 11, 7), "school", institution=school)
    assert not _is_complete(school)
