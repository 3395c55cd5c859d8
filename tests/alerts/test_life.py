"""The life of an alert: raised once, counted, closed by itself or by people, opened again only for something new."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.alerts import services
from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.weeks import Week
from shuangjian.intake import review
from shuangjian.intake import services as intake
from shuangjian.journal.models import AuditEntry
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Exemption, Finding, RuleMode
from shuangjian.rules.outcomes import unit_outcomes
from tests import make

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
DAY = "2026-11-04"


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(classes=["2026-05-01", "2026-05-02"], town=make.town())


@pytest.fixture
def bureau() -> Any:
    return make.user("bureau")


def _file(school: Any, *minutes: int, now: dt.datetime = NOW) -> None:
    items = [make.item(f"2026-05-{n:02d}", DAY, m) for n, m in enumerate(minutes, 1)]
    make.submitted(school, homework=items, now=now)
    drain(lambda: now)


def _the_alert() -> Alert:
    return Alert.objects.get(rule="HW-02")


def _acts(alert: Alert) -> list[str]:
    return list(alert.events.values_list("act", flat=True))


def test_one_alert_groups_the_findings_of_a_week(school: Any) -> None:
    _file(school, 75, 80)
    alert = _the_alert()
    assert (alert.period, alert.episode, alert.open_findings, alert.state) == ("2026-W45", 1, 2, "open")
    assert alert.severity == 2
    assert _acts(alert) == ["raised"]


def test_the_due_date_is_counted_in_workdays_from_the_day_of_raising(school: Any) -> None:
    _file(school, 75)
    assert _the_alert().due_on == dt.date(2026, 11, 16)  # severity 2: five working days after Monday 11-09


def test_a_rerun_changes_nothing(school: Any) -> None:
    _file(school, 75, 80)
    before = (_the_alert().changed_at, list(Finding.objects.order_by("pk").values()))
    make.request(school)
    drain(lambda: NOW)
    assert (_the_alert().changed_at, list(Finding.objects.order_by("pk").values())) == before


def test_an_untouched_alert_closes_itself_when_the_findings_are_gone(school: Any) -> None:
    _file(school, 75)
    _file(school, 60)
    alert = _the_alert()
    assert (alert.state, alert.closing, alert.open_findings) == ("closed", "by_itself", 0)
    assert _acts(alert) == ["raised", "closed"]
    assert not Finding.objects.open().filter(rule="HW-02").exists()


def test_on_an_acknowledged_alert_closing_is_only_proposed(school: Any, bureau: Any) -> None:
    _file(school, 75)
    services.acknowledge_alert(_the_alert().pk, actor=bureau, now=NOW)
    _file(school, 60)
    alert = _the_alert()
    assert (alert.state, alert.open_findings) == ("acknowledged", 0)
    assert alert.closing_proposed_at is not None
    assert _acts(alert) == ["raised", "acknowledged", "closing_proposed"]


def test_what_a_person_closed_stays_closed_when_it_is_judged_again(school: Any, bureau: Any) -> None:
    _file(school, 75)
    services.close_alert(_the_alert().pk, actor=bureau, now=NOW, reason="已约谈，下周整改")
    make.request(school)
    drain(lambda: NOW)
    assert _the_alert().state == "closed"
    outcome = unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk]
    assert outcome.by_rule["HW-02"] == "warning", "a closed alert leaves the past outcome"


def test_a_new_finding_opens_a_closed_alert_again(school: Any, bureau: Any) -> None:
    _file(school, 75)
    services.close_alert(_the_alert().pk, actor=bureau, now=NOW, reason="已整改")
    _file(school, 75, 90)
    alert = _the_alert()
    assert (alert.state, alert.episode, alert.open_findings, alert.closing) == ("open", 1, 2, "")
    assert _acts(alert) == ["raised", "closed", "reopened"]


def test_after_thirty_days_a_new_finding_begins_the_next_episode(school: Any, bureau: Any) -> None:
    _file(school, 75)
    alert = _the_alert()
    services.close_alert(alert.pk, actor=bureau, now=NOW, reason="已整改")
    Alert.objects.filter(pk=alert.pk).update(closed_at=clock.now() - dt.timedelta(days=31))
    _file(school, 75, 90)
    assert list(Alert.objects.filter(rule="HW-02").order_by("episode").values_list("episode", "state")) == [
        (1, "closed"),
        (2, "open"),
    ]


def test_a_dismissed_finding_is_left_out_until_its_figures_change(school: Any, bureau: Any) -> None:
    _file(school, 75)
    services.dismiss_alert(_the_alert().pk, actor=bureau, now=NOW, reason="误报：含课堂练习")
    make.request(school)
    drain(lambda: NOW)
    assert (_the_alert().state, _the_alert().closing) == ("closed", "dismissed")
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["HW-02"] == "compliant"
    _file(school, 76)
    assert _the_alert().state == "open"
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["HW-02"] == "warning"


def test_a_withdrawn_return_keeps_its_findings_as_insufficient_data(school: Any) -> None:
    _file(school, 75)
    intake.withdraw_return(school, make.WEEK, actor=make.Somebody(), now=NOW, reason="填错了")
    drain(lambda: NOW)
    finding = Finding.objects.get(rule="HW-02")
    assert (finding.cleared_at, finding.is_stale) == (None, True)
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["HW-02"] == "insufficient_data"


def test_a_returned_version_stays_judged(school: Any) -> None:
    _file(school, 75)
    review.send_back_return(school, make.WEEK, actor=make.Somebody(), now=NOW, remark="请核对周三")
    make.request(school)
    drain(lambda: NOW)
    assert Finding.objects.open().filter(rule="HW-02", is_stale=False).count() == 1


def test_findings_from_before_the_go_live_raise_no_alert(school: Any) -> None:
    school.went_live_on = dt.date(2026, 11, 9)
    school.save(update_fields=["went_live_on"])
    _file(school, 75)
    assert Finding.objects.open().filter(rule="HW-02").exists()
    assert not Alert.objects.filter(rule="HW-02").exists()


def test_an_exemption_keeps_the_finding_and_raises_no_alert(school: Any, bureau: Any) -> None:
    Exemption.objects.create(
        rule="SC-01",
        institution=school,
        starts_on="2026-11-02",
        ends_on="2026-11-06",
        reason="校舍改造",
        approved_by=bureau,
        approved_at=NOW,
    )
    early = [{"stage": "primary", "day": f"2026-11-0{n}", "first_lesson": "08:00"} for n in range(2, 7)]
    make.submitted(school, school_day=early, now=NOW)
    drain(lambda: NOW)
    assert Finding.objects.open().get(rule="SC-01").is_exempt
    assert not Alert.objects.filter(rule="SC-01").exists()
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["SC-01"] == "exempt"


def test_an_exemption_that_leaves_out_one_school_day_does_not_exempt_the_week(school: Any, bureau: Any) -> None:
    Exemption.objects.create(
        rule="SC-01",
        institution=school,
        starts_on="2026-11-02",
        ends_on="2026-11-05",
        reason="校舍改造",
        approved_by=bureau,
        approved_at=NOW,
    )
    early = [{"stage": "primary", "day": f"2026-11-0{n}", "first_lesson": "08:00"} for n in range(2, 7)]
    make.submitted(school, school_day=early, now=NOW)
    drain(lambda: NOW)
    assert Alert.objects.filter(rule="SC-01").count() == 1


def test_a_rule_switched_off_finds_nothing_and_shows_no_outcome(school: Any) -> None:
    _file(school, 75)
    RuleMode.objects.create(rule="HW-02", mode="off", effective_from="2026-11-02", reason="试点")
    make.request(school)
    drain(lambda: NOW)
    assert not Finding.objects.open().filter(rule="HW-02").exists()
    assert "HW-02" not in unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule


def test_before_its_return_a_unit_has_insufficient_data(school: Any) -> None:
    outcome = unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk]
    assert outcome.by_rule["HW-02"] == "insufficient_data"
    assert outcome.by_rule["SC-02"] == "not_applicable"
    assert outcome.has_insufficient_data


def test_a_week_without_a_school_day_is_not_applicable(school: Any) -> None:
    week = Week.parse("2026-W33")  # summer break
    assert unit_outcomes([school.pk], week, now=NOW)[school.pk].by_rule["HW-02"] == "not_applicable"


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        ("acknowledge_alert", {"school", "town", "centre", "bureau"}),
        ("close_alert", {"town", "centre", "bureau"}),
        ("dismiss_alert", {"bureau"}),
    ],
)
def test_only_the_right_roles_may_act(school: Any, act: str, allowed: set[str]) -> None:
    people = {
        "bureau": make.user("bureau"),
        "centre": make.user("centre", make.centre()),
        "town": make.user("town", make.town()),
        "school": make.user("school", school),
        "sysadmin": make.user("sysadmin"),
    }
    reason = {} if act == "acknowledge_alert" else {"reason": "说明"}
    done = set()
    for role, person in people.items():
        Alert.objects.all().delete()
        Finding.objects.all().delete()
        _file(school, 75)
        make.request(school)
        drain(lambda: NOW)
        try:
            getattr(services, act)(_the_alert().pk, actor=person, now=NOW, **reason)
            done.add(role)
        except Refused as refusal:
            assert refusal.status == 403
    assert done == allowed


def test_acting_twice_is_a_conflict_and_writes_nothing(school: Any, bureau: Any) -> None:
    _file(school, 75)
    pk = _the_alert().pk
    services.acknowledge_alert(pk, actor=bureau, now=NOW)
    with pytest.raises(Conflict):
        services.acknowledge_alert(pk, actor=bureau, now=NOW)
    services.close_alert(pk, actor=bureau, now=NOW, reason="已整改")
    with pytest.raises(Conflict):
        services.close_alert(pk, actor=bureau, now=NOW, reason="已整改")
    assert AlertEvent.objects.filter(alert_id=pk).count() == 3
    assert AuditEntry.objects.filter(target=f"alert:{pk}").count() == 2


def test_closing_needs_a_reason(school: Any, bureau: Any) -> None:
    _file(school, 75)
    with pytest.raises(InvalidInput, match="办结说明|需要修改"):
        services.close_alert(_the_alert().pk, actor=bureau, now=NOW, reason="  ")


def test_an_exemption_over_the_whole_week_is_the_outcome_even_without_a_finding(school: Any, bureau: Any) -> None:
    Exemption.objects.create(
        rule="SC-01",
        institution=school,
        starts_on="2026-11-01",
        ends_on="2026-11-08",
        reason="校舍改造",
        approved_by=bureau,
        approved_at=NOW,
    )
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["SC-01"] == "exempt"
    _file(school, 30)
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["SC-01"] == "exempt"
    assert unit_outcomes([school.pk], make.WEEK.plus(-1), now=NOW)[school.pk].by_rule["SC-01"] == "insufficient_data"


def test_a_rule_on_trial_is_seen_by_the_bureau_alone_and_has_no_outcome(school: Any, bureau: Any) -> None:
    RuleMode.objects.create(rule="HW-02", mode="trial", effective_from="2026-11-02", reason="试运行")
    _file(school, 75)
    assert _the_alert().is_trial
    others = [make.user("school", school), make.user("town", make.town())]
    assert Alert.objects.visible_to(bureau).filter(rule="HW-02").count() == 1
    assert Finding.objects.visible_to(bureau).filter(rule="HW-02").count() == 1
    for person in others:
        assert not Alert.objects.visible_to(person).filter(rule="HW-02").exists()
        assert not Finding.objects.visible_to(person).filter(rule="HW-02").exists()
    assert "HW-02" not in unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule


def test_a_unit_s_own_mode_goes_before_the_district_s(school: Any) -> None:
    RuleMode.objects.create(rule="HW-02", mode="off", effective_from="2026-11-02", reason="停用")
    RuleMode.objects.create(
        rule="HW-02", mode="formal", effective_from="2026-11-02", reason="试点学校", institution=school
    )
    _file(school, 75)
    assert _the_alert().open_findings == 1
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["HW-02"] == "warning"
