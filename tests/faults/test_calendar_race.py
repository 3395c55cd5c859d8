"""A calendar change and submits at the same moment: nobody deadlocks, and no week is complete by an old calendar.

With lock_institutions taken out of follow_calendar, returns of the old calendar stay complete and the test fails.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.bureau.calendar_services import delete_calendar_day, save_calendar_day
from shuangjian.bureau.models import CalendarDay
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.intake import services
from shuangjian.intake.models import Filing, WeeklyReturn
from tests import make
from tests.faults.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
SATURDAY = dt.date(2026, 11, 7)


def _open_saturday() -> CalendarDay:
    return save_calendar_day(
        actor=make.Somebody(), date=SATURDAY, kind="school", level="district", reason="补课", certainty="official"
    )


def test_submits_during_a_calendar_change_neither_deadlock_nor_pass_for_complete() -> None:
    make.calendar()
    schools = [make.school(f"示范{number}小", classes=["2026-05-01"]) for number in "一二三四五六"]
    payloads = {school.pk: make.full_payload(school) for school in schools}

    def submit(school: Any) -> WeeklyReturn:
        return services.submit_return(
            school, make.WEEK, actor=make.Somebody(), now=NOW, door="api", payload=payloads[school.pk]
        )

    for _ in range(4):
        results = together([_open_saturday, *(lambda school=school: submit(school) for school in schools)])
        assert isinstance(results[0], CalendarDay), results[0]
        for result in results[1:]:
            # Either it came first and is incomplete now, or it came second and was refused for the new school day.
            assert isinstance(result, WeeklyReturn | InvalidInput), result
        assert not WeeklyReturn.objects.filter(current_version__isnull=False, is_complete=True).exists()
        assert set(Filing.objects.filter(week=make.WEEK.monday).values_list("school_days", flat=True)) == {6}
        delete_calendar_day(results[0], actor=make.Somebody())
        WeeklyReturn.objects.update(current_version=None)
        WeeklyReturn.objects.all().delete()
