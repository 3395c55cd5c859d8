"""Weekly returns through the services: versions, states, refusals, and nothing half-saved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from afterschool.models import ServiceDay
from homework.models import HomeworkItem
from schools.models import SchoolDay
from shuangjian.bureau.calendar_services import save_calendar_day
from shuangjian.bureau.models import Term
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.weeks import Week
from shuangjian.intake import filings, review, services
from shuangjian.intake.models import Filing, ReturnVersion, WeeklyReturn
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from shuangjian.rules import services as rules_services
from shuangjian.rules.declare import Source, all_rules
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from shuangjian.rules.outcome_grid import outcome_grid
from shuangjian.rules.outcomes import unit_outcomes
from tests import make

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
ME = make.Somebody()


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(classes=["2026-01-01", "2026-05-01"])


def _submit(school: Any, payload: Any, now: dt.datetime = NOW) -> WeeklyReturn:
    return services.submit_return(school, make.WEEK, actor=ME, now=now, door="api", payload=payload)


def test_a_submit_makes_a_version_fills_the_tables_and_asks_for_an_evaluation(school: Any) -> None:
    EvaluationRequest.objects.all().delete()
    weekly_return = make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 30)], now=NOW)
    assert (weekly_return.state, weekly_return.current_version.number) == ("submitted", 1)
    assert HomeworkItem.objects.count() == 1
    assert SchoolDay.objects.filter(school_id=school.pk).count() == 5
    assert ServiceDay.objects.filter(school_id=school.pk).count() == 5
    assert EvaluationRequest.objects.get().institution_id == school.pk
    assert AuditEntry.objects.filter(act="submit_return", institution=school).count() == 1
    assert Filing.objects.get(institution=school, week=make.WEEK.monday).is_filed


def test_submitting_the_same_content_again_changes_nothing(school: Any) -> None:
    first = make.submitted(school, now=NOW)
    again = make.submitted(school, now=NOW + dt.timedelta(hours=1))
    assert again.revision == first.revision
    assert ReturnVersion.objects.count() == 1


def test_a_correction_is_a_new_version_and_replaces_the_rows(school: Any) -> None:
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 30)], now=NOW)
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-05", 40)], now=NOW)
    assert list(ReturnVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert list(HomeworkItem.objects.values_list("day", "minutes")) == [(dt.date(2026, 11, 5), 40)]


def test_a_draft_is_kept_apart_from_what_stands_submitted(school: Any) -> None:
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 30)], now=NOW)
    draft = make.full_payload(school, homework=[make.item("2026-05-01", "2026-11-04", 99)])
    weekly_return = services.save_draft(school, make.WEEK, draft, actor=ME, now=NOW)
    assert weekly_return.state == "submitted"
    assert HomeworkItem.objects.get().minutes == 30


def test_saving_the_same_draft_twice_is_one_revision(school: Any) -> None:
    payload = make.full_payload(school)
    one = services.save_draft(school, make.WEEK, payload, actor=ME, now=NOW)
    two = services.save_draft(school, make.WEEK, payload, actor=ME, now=NOW)
    assert one.revision == two.revision == 1


def test_two_editors_never_overwrite_each_other(school: Any) -> None:
    services.save_draft(school, make.WEEK, make.full_payload(school), actor=ME, now=NOW, revision=0)
    mine = make.full_payload(school, homework=[make.item("2026-05-01", "2026-11-04", 20)])
    with pytest.raises(Conflict, match="修订"):
        services.save_draft(school, make.WEEK, mine, actor=ME, now=NOW, revision=0)


def test_a_school_day_with_neither_data_nor_tick_forbids_the_submit(school: Any) -> None:
    payload = make.full_payload(school)
    payload["homework_none"] = [r for r in payload["homework_none"] if r["day"] != "2026-11-04"]
    payload["after_school"].pop()
    payload["school_day"].pop()
    with pytest.raises(InvalidInput) as refusal:
        _submit(school, payload)
    messages = [str(problem) for problem in refusal.value.problems]
    assert len(messages) == 4
    assert any("2026-05-01 班 2026-11-04" in message for message in messages)
    assert not ReturnVersion.objects.exists()


def test_class_off_stands_for_every_school_day_of_the_class(school: Any) -> None:
    payload = make.full_payload(school)
    payload["homework_none"] = [r for r in payload["homework_none"] if r["class"] != "2026-05-01"]
    payload["class_off"] = [{"class": "2026-05-01"}]
    assert _submit(school, payload).state == "submitted"


MISTAKES: list[tuple[str, str, Any, str]] = [
    ("homework[0].minutes", "homework", {"minutes": 0}, "1–300"),
    ("homework[0].minutes", "homework", {"minutes": -5}, "1–300"),
    ("homework[0].minutes", "homework", {"minutes": 301}, "1–300"),
    ("homework[0].minutes", "homework", {"minutes": "六十"}, "整数"),
    ("homework[0].minutes", "homework", {"minutes": "60"}, "整数"),
    ("homework[0].minutes", "homework", {"minutes": 59.5}, "整数"),
    ("homework[0].minutes", "homework", {"minutes": True}, "整数"),
    ("homework[0].minutes", "homework", {"minutes": None}, "整数"),
    ("homework[0].class", "homework", {"class": "2026-05-09"}, "没有在用的班级"),
    ("homework[0].class", "homework", {"class": 5}, "文字"),
    ("homework[0].day", "homework", {"day": "2026-11-09"}, "不在本周"),
    ("homework[0].day", "homework", {"day": "2026-11-31"}, "日期"),
    ("homework[0].day", "homework", {"day": "20261104"}, "日期"),
    ("homework[0].subject", "homework", {"subject": "奥数"}, "之一"),
    ("homework[0].written", "homework", {"written": "是"}, "true"),
    ("homework[0].alternative", "homework", {"alternative": ""}, "文字"),
    ("homework[0].minuts", "homework", {"minuts": 5}, "没有这个字段"),
    ("school_day[0].first_lesson", "school_day", {"first_lesson": "8:20"}, "时刻"),
    ("school_day[0].first_lesson", "school_day", {"first_lesson": 500}, "时刻"),
    ("school_day[0].first_lesson", "school_day", {"first_lesson": "05:59"}, "不合常理"),
    ("school_day[0].first_lesson", "school_day", {"first_lesson": "12:01"}, "不合常理"),
    ("school_day[0].stage", "school_day", {"stage": "junior"}, "本校没有"),
    ("school_day[0].stage", "school_day", {"stage": "高中"}, "之一"),
    ("after_school[0].day", "after_school", {"day": "2026-11-07"}, "不是小学上课日"),
    ("after_school[0].minutes", "after_school", {"minutes": 0}, "当日无课后服务"),
]


@pytest.mark.parametrize(("path", "key", "change", "text"), MISTAKES)
def test_a_wrong_cell_is_named_with_its_path_and_nothing_is_saved(
    school: Any, path: str, key: str, change: Any, text: str
) -> None:
    payload = make.full_payload(school, homework=[make.item("2026-05-01", "2026-11-04", 30)])
    payload[key][0] |= change
    with pytest.raises(InvalidInput) as refusal:
        _submit(school, payload)
    found = {problem.path: problem.message for problem in refusal.value.problems}
    assert path in found
    assert text in found[path]
    assert not ReturnVersion.objects.exists()
    assert not HomeworkItem.objects.exists()


def test_the_class_of_another_school_is_unknown(school: Any) -> None:
    make.school("示范二小", classes=["2026-06-01"])
    payload = make.full_payload(school, homework=[make.item("2026-06-01", "2026-11-04", 30)])
    with pytest.raises(InvalidInput, match="需要修改"):
        _submit(school, payload)


def test_a_duplicate_row_is_named(school: Any) -> None:
    row = make.item("2026-05-01", "2026-11-04", 30)
    with pytest.raises(InvalidInput) as refusal:
        _submit(school, make.full_payload(school, homework=[row, dict(row)]))
    (problem,) = refusal.value.problems
    assert (problem.path, problem.code) == ("homework[1]", "duplicate")


@pytest.mark.parametrize("payload", [None, [], "x", {"homework": {}}, {"homework": [1]}, {"作业": []}])
def test_a_payload_of_the_wrong_kind_is_refused(school: Any, payload: Any) -> None:
    with pytest.raises(InvalidInput):
        services.save_draft(school, make.WEEK, payload, actor=ME, now=NOW)


@pytest.mark.parametrize("key", ["2026-W48", "2027-W20", "2021-W34"])
def test_a_week_far_from_now_is_refused(school: Any, key: str) -> None:
    with pytest.raises(InvalidInput, match="需要修改") as refusal:
        services.save_draft(school, Week.parse(key), {}, actor=ME, now=NOW)
    assert refusal.value.problems[0].code == "wrong_week"


def test_next_week_can_be_drafted_and_not_submitted(school: Any) -> None:
    week, now = make.WEEK.plus(1), clock.at(dt.date(2026, 11, 8), 20 * 60)
    payload = make.full_payload(school, week)
    services.save_draft(school, week, payload, actor=ME, now=now)
    with pytest.raises(InvalidInput) as refusal:
        services.submit_return(school, week, actor=ME, now=now, door="api")
    assert refusal.value.problems[0].code == "wrong_week"


def test_a_return_of_a_holiday_week_makes_nothing_compliant(school: Any) -> None:
    week = Week.parse("2026-W33")
    services.submit_return(school, week, actor=ME, now=NOW, door="api", payload={"homework": []})
    drain(lambda: NOW)
    outcome = unit_outcomes([school.pk], week, now=NOW)[school.pk]
    of_returns = {rule.code for rule in all_rules() if rule.source is Source.RETURN}
    assert {outcome.by_rule[code] for code in of_returns} == {"not_applicable"}
    assert outcome.by_rule["SC-13"] == "compliant"  # nobody found any: says nothing of the week
    assert outcome.outcome == "not_applicable"
    assert outcome_grid([school.pk], [week])[school.pk, week.monday].outcome == "not_applicable"


def test_a_preview_finds_what_the_submit_would_and_leaves_nothing(school: Any) -> None:
    payload = make.full_payload(school, homework=[make.item("2026-05-01", "2026-11-04", 75)])
    checked, findings = services.preview_return(school, make.WEEK, payload, now=NOW)
    assert checked.gaps == []
    assert [(f["rule"], f["about"], int(f["observed"])) for f in findings] == [("HW-02", "class:2026-05-01", 75)]
    assert not HomeworkItem.objects.exists()
    assert not WeeklyReturn.objects.exists()
    assert not Finding.objects.exists()


def test_only_a_submitted_return_can_be_sent_back(school: Any) -> None:
    with pytest.raises(Conflict):
        review.send_back_return(school, make.WEEK, actor=ME, now=NOW, remark="请核对")


def test_a_withdrawn_return_owes_its_filing_again(school: Any) -> None:
    make.submitted(school, now=NOW)
    services.withdraw_return(school, make.WEEK, actor=ME, now=NOW, reason="填错了")
    filing = Filing.objects.get(institution=school, week=make.WEEK.monday)
    assert not filing.is_filed
    assert filing.first_submitted_at == NOW
    assert not HomeworkItem.objects.exists()
    assert make.submitted(school, now=NOW).current_version.number == 2


def test_an_institution_without_stages_files_no_return() -> None:
    make.calendar()
    other = make.school()
    other.stages = []
    with pytest.raises(Refused, match="不填周报"):
        services.save_draft(other, make.WEEK, {}, actor=ME, now=NOW)


def test_beat_asks_for_rp_once_when_a_due_instant_has_passed(school: Any) -> None:
    EvaluationRequest.objects.all().delete()
    after = clock.at(dt.date(2026, 11, 9), 18 * 60) + dt.timedelta(seconds=1)
    Filing.objects.filter(week__lt=make.WEEK.monday).update(due_seen_at=NOW)
    assert filings.open_due_filings(after) == 1
    assert filings.open_due_filings(after) == 0
    drain(lambda: after)
    assert Finding.objects.open().filter(rule="RP-01", occurred_on=make.WEEK.monday).count() == 1


def test_beat_makes_the_week_s_filings_for_every_unit_even_when_some_are_there(school: Any) -> None:
    other = make.school("示范二小")
    monday = make.WEEK.monday
    Filing.objects.filter(week=monday, institution=other).delete()
    filings.open_due_filings(clock.at(monday, 1))
    assert Filing.objects.filter(week=monday).count() == 2


def test_a_day_that_becomes_a_school_day_makes_the_week_insufficient_until_it_is_corrected(school: Any) -> None:
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)], now=NOW)
    drain(lambda: NOW)
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["AS-01"] == "compliant"
    save_calendar_day(
        actor=ME,
        date=dt.date(2026, 11, 7),
        kind="school",
        level="institution",
        institution=school,
        reason="补课",
        certainty="official",
    )
    drain(lambda: NOW)
    outcome = unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk]
    assert outcome.by_rule["AS-01"] == "insufficient_data"
    assert outcome.by_rule["HW-02"] == "warning", "a proven finding stays"
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 60)], now=NOW)
    drain(lambda: NOW)
    assert unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["AS-01"] == "compliant"


def test_a_closed_week_takes_its_filing_away(school: Any) -> None:
    assert Filing.objects.filter(institution=school, week=make.WEEK.monday).exists()
    for number in range(2, 7):
        save_calendar_day(
            actor=ME,
            date=dt.date(2026, 11, number),
            kind="closed",
            level="institution",
            institution=school,
            reason="台风",
            certainty="official",
        )
    assert not Filing.objects.filter(institution=school, week=make.WEEK.monday).exists()


def test_a_calendar_change_in_the_next_term_takes_no_filing_of_the_last_one_away(school: Any) -> None:
    Term.objects.create(
        key="2026-2027-2", stage="primary", starts_on="2027-02-22", ends_on="2027-07-09", certainty="provisional"
    )
    filings.correct_filings(None, [make.WEEK], today=dt.date(2027, 3, 1))
    assert Filing.objects.filter(institution=school, week=make.WEEK.monday).exists()


def test_a_unit_without_a_go_live_date_owes_from_the_week_in_which_it_was_registered(school: Any) -> None:
    fresh = make.school("示范二小", registered_on=dt.date(2026, 11, 4))
    weeks = list(Filing.objects.filter(institution=fresh).order_by("week").values_list("week", flat=True))
    assert weeks[0] == make.WEEK.monday
    assert Filing.objects.filter(institution=school).order_by("week").first().week == dt.date(2026, 8, 31)


def test_a_go_live_date_before_the_registration_owes_the_earlier_weeks_too(school: Any) -> None:
    early = make.school("示范二小", registered_on=dt.date(2026, 11, 4), went_live_on=dt.date(2026, 10, 12))
    assert Filing.objects.filter(institution=early).order_by("week").first().week == dt.date(2026, 10, 12)


def test_an_approved_due_time_moves_the_filings_from_its_date_on(school: Any) -> None:
    proposer, approver = make.user("bureau"), make.user("bureau")
    override = rules_services.propose_override(
        parameter="intake.due_time",
        key="",
        value=Decimal(20 * 60),
        effective_from=make.WEEK.monday,
        reason="放学较晚",
        reference="区教育局通知",
        actor=proposer,
        now=NOW,
    )
    rules_services.approve_override(override.pk, actor=approver, now=NOW)
    due = dict(Filing.objects.filter(institution=school).values_list("week", "due_at"))
    assert due[make.WEEK.monday] == clock.at(dt.date(2026, 11, 9), 20 * 60)
    assert due[make.WEEK.plus(-1).monday] == clock.at(dt.date(2026, 11, 2), 18 * 60)


def test_one_standard_has_one_value_a_day(school: Any) -> None:
    proposer = make.user("bureau")
    fields = {"parameter": "intake.due_time", "key": "", "reason": "测试", "reference": "测试", "now": NOW}
    rules_services.propose_override(value=Decimal(1200), effective_from=make.WEEK.monday, actor=proposer, **fields)
    for day in (make.WEEK.monday, dt.date(2021, 8, 31)):
        with pytest.raises(InvalidInput) as refusal:
            rules_services.propose_override(value=Decimal(1140), effective_from=day, actor=proposer, **fields)
        assert refusal.value.problems[0].path == "effective_from"


def test_one_wrong_cell_hides_no_mistake_of_the_other_parts(school: Any) -> None:
    """A person mends a return once: cells of one part and classes of another are told together."""
    friday = clock.at(make.WEEK.days[4], 17 * 60)
    payload = make.full_payload(school, homework=[make.item("2026-03-01", str(make.WEEK.monday), 0)])
    payload["homework_none"].append({"class": "2026-03-09", "day": str(make.WEEK.days[1])})
    payload["class_off"] = [{"class": "2026-03-08"}]
    with pytest.raises(InvalidInput) as caught:
        services.save_draft(school, make.WEEK, payload, actor=make.Somebody(), now=friday)
    paths = {problem.path for problem in caught.value.problems}
    assert "homework[0].minutes" in paths
    assert f"homework_none[{len(payload['homework_none']) - 1}].class" in paths
    assert "class_off[0].class" in paths


def test_a_closed_school_files_the_week_of_its_closing_and_none_after(school: Any) -> None:
    friday = clock.at(make.WEEK.days[4], 17 * 60)
    school.closed_on = make.WEEK.days[2]
    school.save(update_fields=["closed_on"])
    services.save_draft(school, make.WEEK, make.full_payload(school), actor=make.Somebody(), now=friday)
    school.closed_on = make.WEEK.monday
    school.save(update_fields=["closed_on"])
    with pytest.raises(InvalidInput) as caught:
        services.save_draft(
            school,
            make.WEEK,
            make.full_payload(school),
            actor=make.Somebody(),
            now=friday,
        )
    assert [problem.code for problem in caught.value.problems] == ["closed_unit"]
    assert "已于 2026-11-02 停办" in caught.value.problems[0].message
