"""The lock: what it refuses and says, when it falls by itself, and how a correction is asked for, granted and made."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from shuangjian.alerts.models import Alert
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.intake import review, review_many, services, tasks
from shuangjian.intake.models import ReopenRequest, ReturnEvent, ReturnVersion, WeeklyReturn
from shuangjian.journal.models import AuditEntry
from shuangjian.rules import services as rules_services
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from tests import make
from tests.intake.test_review import BUREAU, NOW, SCHOOL, TOWN, WEEK, bring, do, filed

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
IN_A_WEEK = NOW + dt.timedelta(days=7)
DUE = clock.at(dt.date(2026, 11, 9), 18 * 60)


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(classes=["2026-05-01"])


def asked(school: Any, **more: Any) -> ReopenRequest:
    return review.ask_reopen(school, WEEK, **{"actor": SCHOOL, "now": NOW, "reason": "周三分钟数录错", **more})


def reopened(school: Any) -> ReopenRequest:
    return review.grant_reopen(asked(school).pk, actor=BUREAU, now=NOW, until=IN_A_WEEK, answer="请附更正说明")


WRITES = {
    "save_draft": lambda school, payload: services.save_draft(school, WEEK, payload, actor=SCHOOL, now=NOW),
    "submit": lambda school, payload: services.submit_return(
        school, WEEK, actor=SCHOOL, now=NOW, door="api", payload=payload, note="更正"
    ),
    "withdraw": lambda school, payload: services.withdraw_return(school, WEEK, actor=SCHOOL, now=NOW, reason="错"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_locked_return_takes_nothing_and_says_why_who_when_and_how_to_correct(school: Any, write: str) -> None:
    bring(school, "locked")
    with pytest.raises(Conflict) as refusal:
        WRITES[write](school, make.full_payload(school))
    assert (refusal.value.status, refusal.value.code) == (409, "locked")
    for words in ("2026-W45", "2026-11-09 09:00", "bureau 测试员", "锁定原因：已用于统计", "申请更正"):
        assert words in refusal.value.message
    after = WeeklyReturn.objects.get()
    assert (after.state, after.draft, ReturnVersion.objects.count()) == ("locked", None, 1)


def test_a_draft_saved_before_the_lock_cannot_be_submitted_and_is_not_lost(school: Any) -> None:
    bring(school, "accepted")
    draft = make.full_payload(school)
    services.save_draft(school, WEEK, draft, actor=SCHOOL, now=NOW)
    do("lock", school)
    with pytest.raises(Conflict, match="锁定"):
        services.submit_return(school, WEEK, actor=SCHOOL, now=NOW, door="form")
    assert WeeklyReturn.objects.get().draft is not None


def test_one_request_at_a_time(school: Any) -> None:
    bring(school, "locked")
    asked(school)
    with pytest.raises(Conflict, match="不能重复申请") as refusal:
        asked(school)
    assert refusal.value.code == "pending"
    assert ReopenRequest.objects.count() == 1


@pytest.mark.parametrize("state", ["submitted", "returned", "approved", "accepted", "withdrawn"])
def test_only_a_locked_return_needs_a_request(school: Any, state: str) -> None:
    bring(school, state)
    with pytest.raises(Conflict, match="不需要申请更正"):
        asked(school)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 401])
def test_a_request_needs_its_reason(school: Any, reason: str) -> None:
    bring(school, "locked")
    with pytest.raises(InvalidInput):
        asked(school, reason=reason)


def test_schools_ask_and_the_bureau_decides(school: Any) -> None:
    bring(school, "locked")
    with pytest.raises(Refused, match="只有学校"):
        asked(school, actor=TOWN)
    request = asked(school)
    for actor in (SCHOOL, TOWN):
        with pytest.raises(Refused, match="区教育局") as refusal:
            review.grant_reopen(request.pk, actor=actor, now=NOW, until=IN_A_WEEK)
        assert refusal.value.status == 403
        with pytest.raises(Refused, match="区教育局"):
            review.refuse_reopen(request.pk, actor=actor, now=NOW, answer="不")


@pytest.mark.parametrize(("days", "is_possible"), [(0, False), (1, True), (14, True), (15, False), (-1, False)])
def test_a_correction_is_granted_for_1_to_14_days(school: Any, days: int, is_possible: bool) -> None:
    bring(school, "locked")
    request = asked(school)
    until = clock.at(NOW.date() + dt.timedelta(days=days), 23 * 60 + 59)
    if is_possible:
        assert review.grant_reopen(request.pk, actor=BUREAU, now=NOW, until=until).until == until
        assert WeeklyReturn.objects.get().reopened_until == until
    else:
        with pytest.raises(InvalidInput, match="修改"):
            review.grant_reopen(request.pk, actor=BUREAU, now=NOW, until=until)
        assert WeeklyReturn.objects.get().reopened_until is None


def test_a_decided_request_is_not_decided_again(school: Any) -> None:
    bring(school, "locked")
    request = asked(school)
    review.refuse_reopen(request.pk, actor=BUREAU, now=NOW, answer="数据已经公布")
    with pytest.raises(Conflict, match="未同意"):
        review.grant_reopen(request.pk, actor=BUREAU, now=NOW, until=IN_A_WEEK)
    assert asked(school, reason="再次申请").state == "pending", "the school may ask again"
    told = list(ReturnEvent.objects.filter(act__endswith="reopen").order_by("id").values_list("act", "note"))
    assert told == [
        ("ask_reopen", "周三分钟数录错"),
        ("refuse_reopen", "数据已经公布"),
        ("ask_reopen", "再次申请"),
    ]
    assert AuditEntry.objects.filter(act="refuse_reopen").count() == 1


def test_a_granted_correction_needs_a_note_makes_a_version_and_goes_through_review_again(school: Any) -> None:
    bring(school, "locked")
    reopened(school)
    assert WeeklyReturn.objects.get().state == "locked"
    with pytest.raises(InvalidInput, match="更正说明") as refusal:
        filed(school, 40, now=NOW + HOUR)
    assert refusal.value.problems[0].path == "note"
    after = filed(school, 40, now=NOW + HOUR, note="周三语文 30 分钟应为 40 分钟")
    version = after.current_version
    assert (after.state, version.number, version.is_correction) == ("submitted", 2, True)
    assert (version.note, after.reopened_until) == ("周三语文 30 分钟应为 40 分钟", None)
    event = ReturnEvent.objects.latest("id")
    assert (event.act, event.from_state, event.to_state) == ("correct", "locked", "submitted")
    assert ReturnVersion.objects.get(number=1).payload["homework"][0]["minutes"] == 30, "the old one is kept"
    for act in ("approve", "accept", "lock"):
        do(act, school)
    with pytest.raises(Conflict, match="锁定"):
        filed(school, 45, note="再改")


def test_a_correction_sent_back_needs_its_note_again(school: Any) -> None:
    bring(school, "locked")
    reopened(school)
    filed(school, 40, note="周三语文应为 40 分钟")
    do("send_back", school)
    with pytest.raises(InvalidInput, match="更正说明"):
        filed(school, 41)
    assert filed(school, 41, note="应为 41 分钟").current_version.is_correction


def test_after_the_granted_time_the_return_is_locked_as_before(school: Any) -> None:
    bring(school, "locked")
    reopened(school)
    with pytest.raises(Conflict, match="更正期已于 2026-11-16 09:00 结束") as refusal:
        filed(school, 40, now=IN_A_WEEK + HOUR, note="迟了")
    assert refusal.value.code == "locked"
    assert asked(school, now=IN_A_WEEK + HOUR).state == "pending", "the school may ask again"


def test_while_it_is_open_the_school_saves_drafts_and_cannot_withdraw_or_ask_again(school: Any) -> None:
    bring(school, "locked")
    reopened(school)
    saved = services.save_draft(school, WEEK, make.full_payload(school), actor=SCHOOL, now=NOW)
    assert (saved.state, saved.draft is not None) == ("locked", True)
    with pytest.raises(Conflict, match="更正期内请直接修改"):
        services.withdraw_return(school, WEEK, actor=SCHOOL, now=NOW, reason="错")
    with pytest.raises(Conflict, match="可以直接修改后提交"):
        asked(school)


def test_a_correction_after_the_lock_is_judged_and_its_alert_follows(school: Any) -> None:
    filed(school, 75)
    for act in ("approve", "accept", "lock"):
        do(act, school)
    drain(lambda: NOW)
    assert Alert.objects.get(rule="HW-02").closed_at is None
    reopened(school)
    filed(school, 45, note="录错，应为 45 分钟")
    drain(lambda: NOW)
    assert Finding.objects.get(rule="HW-02").cleared_at is not None
    assert Alert.objects.get(rule="HW-02").closed_at is not None


# By itself ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "locked"), [(dt.timedelta(days=28), 0), (dt.timedelta(days=28, seconds=1), 1)], ids=["at", "after"]
)
def test_an_accepted_return_locks_28_days_after_its_due_instant(school: Any, later: dt.timedelta, locked: int) -> None:
    bring(school, "accepted")
    assert review_many.lock_due_returns(DUE + later) == locked
    after = WeeklyReturn.objects.get()
    assert after.state == ("locked" if locked else "accepted")
    if locked:
        assert after.remark == "截止时间 2026-11-09 18:00 已满 28 天，到期自动锁定。"
        assert after.locked_at == DUE + later
        event = ReturnEvent.objects.latest("id")
        assert (event.act, event.from_state, event.actor, event.note) == ("lock_due", "accepted", "系统", after.remark)
        assert AuditEntry.objects.filter(act="lock_due_return", institution=school).count() == 1
    assert review_many.lock_due_returns(DUE + later) == 0, "a second run finds nothing"


def test_beat_locks_as_the_portal_itself(school: Any, settings: Any) -> None:
    named = {entry["task"]: entry for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "intake.lock_due_returns" in named
    bring(school, "accepted")
    with time_machine.travel(DUE + dt.timedelta(days=29), tick=False):
        assert tasks.lock_due_returns() == 1
    entry = AuditEntry.objects.get(act="lock_due_return")
    assert (entry.actor_label, entry.source) == ("系统", "job")


@pytest.mark.parametrize("state", ["submitted", "returned", "approved", "withdrawn", "draft"])
def test_what_was_not_accepted_does_not_lock(school: Any, state: str) -> None:
    bring(school, state)
    assert review_many.lock_due_returns(DUE + dt.timedelta(days=400)) == 0
    assert WeeklyReturn.objects.get().state == state


def test_the_bureau_may_set_another_number_of_days(school: Any) -> None:
    bring(school, "accepted")
    proposed = rules_services.propose_override(
        parameter="intake.lock_after_days",
        key="",
        value=Decimal(7),
        effective_from=WEEK.monday,
        reason="按月统计",
        reference="区教育局通知",
        actor=make.user("bureau"),
        now=NOW,
    )
    rules_services.approve_override(proposed.pk, actor=make.user("bureau"), now=NOW)
    assert review_many.lock_due_returns(DUE + dt.timedelta(days=8)) == 1
    assert "已满 7 天" in WeeklyReturn.objects.get().remark


def test_many_returns_lock_with_a_fixed_number_of_reads(school: Any, django_assert_max_num_queries: Any) -> None:
    others = [make.school(f"示范{n}小", classes=["2026-05-01"]) for n in "二三四五六"]
    for each in [school, *others]:
        bring(each, "accepted")
    # Eight statements for all of them together, and the journal's entry of each.
    with django_assert_max_num_queries(8 + 6 + 2):
        assert review_many.lock_due_returns(DUE + dt.timedelta(days=29)) == 6
