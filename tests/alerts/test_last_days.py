"""The last day of an alert, and of what was found true, is counted by the workdays that the bureau has approved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.evidence import observation_acts as acts
from shuangjian.evidence.models import Observation
from shuangjian.rules.drain import drain
from shuangjian.rules.services import approve_override, propose_override
from tests import make

TUESDAY = dt.date(2026, 11, 10)
NOW = clock.at(TUESDAY, 10 * 60)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "parameter", "key"),
    [
        ("exam_beyond", "alerts.workdays_to_rectify", "3"),
        ("provider_misconduct", "afterschool.provider_exit_workdays", ""),
    ],
)
def test_an_approved_number_of_workdays_sets_the_last_day(kind: str, parameter: str, key: str) -> None:
    make.calendar()
    school = make.school()
    override = propose_override(
        parameter=parameter, key=key, value=Decimal(8), effective_from=dt.date(2026, 11, 1), reason="测试",
        reference="示范文件", actor=make.user("bureau"), now=NOW,
    )  # fmt: skip
    found = _confirmed(school, kind)
    assert found.due_on != dt.date(2026, 11, 20), "not before a second person has approved it"
    approve_override(override.pk, actor=make.user("bureau", username="second"), now=NOW)
    assert _confirmed(school, kind).due_on == dt.date(2026, 11, 20)


@pytest.mark.django_db
def test_an_alert_raised_after_the_approval_has_the_new_last_day() -> None:
    make.calendar()
    school = make.school()
    override = propose_override(
        parameter="alerts.workdays_to_rectify", key="3", value=Decimal(8), effective_from=dt.date(2026, 11, 1),
        reason="测试", reference="示范文件", actor=make.user("bureau"), now=NOW,
    )  # fmt: skip
    approve_override(override.pk, actor=make.user("bureau", username="second"), now=NOW)
    _confirmed(school, "exam_beyond")
    drain(lambda: NOW)
    assert Alert.objects.get(rule="SC-09").due_on == dt.date(2026, 11, 20)


def _confirmed(school: Institution, kind: str) -> Observation:
    found = acts.record_observation(
        school, kind=kind, occurred_on=TUESDAY, source="visit", text="示范情况", actor=make.Somebody(), now=NOW
    )
    return acts.confirm_observation(found.pk, actor=make.Somebody(), now=NOW)
