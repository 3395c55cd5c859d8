"""The chain of review through the services: who may do what from which state, and what is said where it cannot be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.intake import review, review_many, services
from shuangjian.intake.models import Filing, ReturnEvent, ReturnVersion, WeeklyReturn
from shuangjian.journal.models import AuditEntry
from shuangjian.rules.drain import drain
from tests import make

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
WEEK = make.WEEK
STATES = ["draft", "submitted", "returned", "approved", "accepted", "locked", "withdrawn"]
ACTS = ["approve", "accept", "send_back", "lock", "withdraw"]
#: (act, state) → state afterwards; every other pair is refused.
ALLOWED = {
    ("approve", "submitted"): "approved",
    ("accept", "approved"): "accepted",
    ("send_back", "submitted"): "returned",
    ("send_back", "approved"): "returned",
    ("send_back", "accepted"): "returned",
    ("lock", "accepted"): "locked",
    ("withdraw", "submitted"): "withdrawn",
    ("withdraw", "returned"): "withdrawn",
}
#: act → the powers that may do it in some state at least.
MAY = {
    "approve": {"town", "centre", "bureau"},
    "accept": {"bureau"},
    "send_back": {"town", "centre", "bureau"},
    "lock": {"bureau"},
}


class Actor(make.Somebody):
    """Somebody of a given power."""

    def __init__(self, power: str) -> None:
        self.power, self.audit_label = power, f"{power} 测试员"


BUREAU, TOWN, SCHOOL = Actor("bureau"), Actor("town"), Actor("school")


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(classes=["2026-05-01"])


def filed(school: Any, minutes: int = 30, **more: Any) -> WeeklyReturn:
    payload = make.full_payload(school, homework=[make.item("2026-05-01", "2026-11-04", minutes)])
    return services.submit_return(school, WEEK, actor=SCHOOL, **{"now": NOW, "door": "api", "payload": payload, **more})


def bring(school: Any, state: str) -> None:
    """Bring the unit's return into a state by the services alone."""
    if state == "draft":
        services.save_draft(school, WEEK, make.full_payload(school), actor=SCHOOL, now=NOW)
        return
    filed(school)
    for step in {
        "submitted": [],
        "returned": ["send_back"],
        "withdrawn": ["withdraw"],
        "approved": ["approve"],
        "accepted": ["approve", "accept"],
        "locked": ["approve", "accept", "lock"],
    }[state]:
        do(step, school)


def do(act: str, school: Any, actor: Any = BUREAU, **more: Any) -> WeeklyReturn:
    common = {"actor": actor, "now": NOW, **more}
    return {
        "approve": lambda: review.approve_return(school, WEEK, **common),
        "accept": lambda: review.accept_return(school, WEEK, **common),
        "send_back": lambda: review.send_back_return(school, WEEK, remark="请核对周三", **common),
        "lock": lambda: review.lock_return(school, WEEK, reason="已用于统计", **common),
        "withdraw": lambda: services.withdraw_return(school, WEEK, reason="班级填错", **common),
    }[act]()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_possible_from_its_states_only(school: Any, act: str, state: str) -> None:
    bring(school, state)
    before = WeeklyReturn.objects.get()
    steps, entries = ReturnEvent.objects.count(), AuditEntry.objects.count()
    if (act, state) in ALLOWED:
        after = do(act, school)
        assert after.state == ALLOWED[act, state]
        event = ReturnEvent.objects.latest("id")
        assert (event.act, event.from_state, event.to_state) == (act, state, after.state)
        assert (after.revision, AuditEntry.objects.count()) == (before.revision + 1, entries + 1)
    else:
        with pytest.raises(Conflict) as refusal:
            do(act, school)
        said = refusal.value.message
        assert refusal.value.status == 409
        assert before.get_state_display() in said or "锁定" in said, "it names the state"
        assert said.count("。") >= 2, "and it says how to go on"
        after = WeeklyReturn.objects.get()
        assert (after.state, after.revision, ReturnEvent.objects.count()) == (state, before.revision, steps)


@pytest.mark.parametrize("power", ["school", "town", "centre", "bureau", "teacher", "token"])
@pytest.mark.parametrize(
    ("act", "state"), [pair for pair in ALLOWED if pair[0] != "withdraw"], ids=lambda value: str(value)
)
def test_each_act_is_open_to_its_roles_only(school: Any, act: str, state: str, power: str) -> None:
    bring(school, state)
    may = MAY[act] if (act, state) != ("send_back", "accepted") else {"bureau"}
    if power in may:
        assert do(act, school, Actor(power)).state == ALLOWED[act, state]
    else:
        with pytest.raises(Refused, match="联系") as refusal:
            do(act, school, Actor(power))
        assert (refusal.value.status, refusal.value.code) == (403, "role")
        assert WeeklyReturn.objects.get().state == state


def test_the_chain_is_told_step_by_step(school: Any) -> None:
    bring(school, "locked")
    told = list(ReturnEvent.objects.order_by("id").values_list("act", "from_state", "to_state", "version"))
    assert told == [
        ("submit", "draft", "submitted", 1),
        ("approve", "submitted", "approved", 1),
        ("accept", "approved", "accepted", 1),
        ("lock", "accepted", "locked", 1),
    ]
    assert Filing.objects.get(institution=school, week=WEEK.monday).is_filed


@pytest.mark.parametrize("state", ["approved", "accepted"])
def test_a_correction_of_a_reviewed_return_is_reviewed_again(school: Any, state: str) -> None:
    bring(school, state)
    after = filed(school, 40)
    assert (after.state, after.current_version.number) == ("submitted", 2)
    event = ReturnEvent.objects.latest("id")
    assert (event.act, event.from_state, event.to_state, event.version) == ("submit", state, "submitted", 2)


@pytest.mark.parametrize("state", ["submitted", "returned", "approved", "accepted", "locked"])
def test_the_same_content_again_changes_nothing_in_any_state(school: Any, state: str) -> None:
    bring(school, state)
    before = WeeklyReturn.objects.get()
    for more in ({}, {"payload": None} if before.draft is None else {}):
        after = filed(school, **more)
        assert (after.state, after.revision, after.remark) == (state, before.revision, before.remark)
    assert ReturnVersion.objects.count() == 1
    assert WeeklyReturn.objects.get().state == state


def test_what_was_sent_back_can_be_answered_by_a_note_alone(school: Any) -> None:
    bring(school, "returned")
    after = filed(school, note="已与任课教师核实，数据无误")
    assert (after.state, after.current_version.number, after.remark) == ("submitted", 2, "")
    assert after.current_version.note == "已与任课教师核实，数据无误"
    do("send_back", school)
    assert filed(school, note="已与任课教师核实，数据无误").state == "returned", "the same answer twice is a repeat"


def test_a_note_travels_with_its_version_and_is_no_longer_than_400(school: Any) -> None:
    assert filed(school, note=" 周三停电 ").current_version.note == "周三停电"
    with pytest.raises(InvalidInput) as refusal:
        filed(school, 35, note="长" * 401)
    assert refusal.value.problems[0].path == "note"
    assert ReturnVersion.objects.count() == 1


def test_what_was_sent_back_after_approval_is_returned_with_its_remark(school: Any) -> None:
    bring(school, "approved")
    after = do("send_back", school, TOWN)
    assert (after.state, after.remark) == ("returned", "请核对周三")
    assert after.draft == after.current_version.payload
    assert Filing.objects.get(institution=school, week=WEEK.monday).is_filed, "the version stays judged"


def test_a_reviewer_approves_only_the_version_that_was_read(school: Any) -> None:
    filed(school)
    filed(school, 40)
    with pytest.raises(Conflict, match="第 2 版，您看的是第 1 版") as refusal:
        do("approve", school, version=1)
    assert refusal.value.code == "newer_version"
    assert do("approve", school, version=2).state == "approved"


def test_a_second_reviewer_is_told_who_was_first(school: Any) -> None:
    filed(school)
    do("approve", school, TOWN)
    with pytest.raises(Conflict, match=r"已审核”（2026-11-09 09:00，town 测试员）.*不能审核通过。下一步由区教育局接收"):
        do("approve", school, BUREAU)


def test_an_editor_is_told_that_the_review_went_on_meanwhile(school: Any) -> None:
    revision = filed(school).revision
    do("approve", school, TOWN)
    with pytest.raises(Conflict, match="town 测试员审核通过") as refusal:
        filed(school, 40, revision=revision)
    assert refusal.value.code == "revision_conflict"


# Clean ones together -----------------------------------------------------------------------------------------------


def judged(*schools: Any) -> dict[int, int]:
    drain(lambda: NOW)
    found = WeeklyReturn.objects.filter(institution__in=schools).select_related("current_version")
    return {each.pk: each.current_version.number for each in found}


def test_clean_returns_are_approved_together_and_the_others_are_named(school: Any) -> None:
    schools = [school, *(make.school(f"示范{n}小", classes=["2026-05-01"]) for n in "二三四")]
    clean, heavy, noted, again = schools
    filed(clean)
    filed(heavy, 75)
    filed(noted, note="周三停电")
    filed(again)
    seen = judged(*schools)
    filed(again, 35)
    drain(lambda: NOW)
    done, left = review_many.advance_clean_returns(review.APPROVE, seen, actor=TOWN, now=NOW)
    assert [each.institution for each in done] == [clean]
    why = {each.weekly_return.institution: each.why for each in left}
    assert "有 1 条疑似问题，请逐份打开" in why[heavy]
    assert "学校附有说明" in why[noted]
    assert "您看的是第 1 版" in why[again]
    assert dict(WeeklyReturn.objects.values_list("institution__name", "state")) == {
        clean.name: "approved", heavy.name: "submitted", noted.name: "submitted", again.name: "submitted",
    }  # fmt: skip
    event = ReturnEvent.objects.latest("id")
    assert (event.act, event.from_state, event.actor) == ("approve", "submitted", "town 测试员")
    assert AuditEntry.objects.filter(act="approve_return", institution=clean).count() == 1


def test_a_return_that_is_not_judged_yet_is_not_clean(school: Any) -> None:
    filed(school)
    seen = {WeeklyReturn.objects.get().pk: 1}
    _, left = review_many.advance_clean_returns(review.APPROVE, seen, actor=TOWN, now=NOW)
    assert "正在核对" in left[0].why
    drain(lambda: NOW)
    done, _ = review_many.advance_clean_returns(review.APPROVE, seen, actor=TOWN, now=NOW)
    assert [each.state for each in done] == ["approved"]
    assert WeeklyReturn.objects.get().state == "approved"


def test_many_are_accepted_by_the_bureau_alone(school: Any) -> None:
    filed(school)
    do("approve", school, TOWN)
    seen = judged(school)
    _, left = review_many.advance_clean_returns(review.ACCEPT, seen, actor=TOWN, now=NOW)
    assert "您的角色不能接收周报" in left[0].why
    review_many.advance_clean_returns(review.ACCEPT, seen, actor=BUREAU, now=NOW)
    assert WeeklyReturn.objects.get().state == "accepted"
