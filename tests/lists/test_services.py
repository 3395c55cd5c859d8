"""Lists change by decisions of two people and by nothing else; entries never overlap and who is concerned is judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import Error, IntegrityError, transaction

from shuangjian.accounts.tokens import create_api_token
from shuangjian.bureau.models import Institution
from shuangjian.bureau.reference import BUREAU_BODY_CODE
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from shuangjian.lists import appeals, services, standards
from shuangjian.lists.models import ListAppeal, ListCriteria, ListDate, ListDecision, ListEntry
from tests import make
from tests.lists.make import NOW, TODAY, criteria, decided, person, proposed, two

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def today(db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def org(db: None) -> Institution:
    return make.training_org(town=make.town())


def standing(day: dt.date, kind: str = "black") -> set[str]:
    entries = ListEntry.objects.standing_on(day).filter(kind=kind)
    return set(entries.values_list("institution__name", flat=True))


def test_a_proposal_changes_nothing_and_the_approval_writes_the_list(org: Institution) -> None:
    decision = proposed(org, on=TODAY - 3 * DAY)
    assert not ListEntry.objects.exists()
    services.review(decision.pk, approve=True, note="同意", actor=two()[1], now=NOW)
    entry = ListEntry.objects.get()
    assert (entry.entered_on, entry.left_on, entry.entry_id) == (TODAY - 3 * DAY, None, decision.pk)
    assert standing(TODAY - 4 * DAY) == set()
    assert standing(TODAY - 3 * DAY) == standing(TODAY) == {org.name}


def test_the_first_day_off_the_list_is_the_day_of_the_exit(org: Institution) -> None:
    decided(org, on=TODAY - 9 * DAY)
    decided(org, on=TODAY, act="exit")
    assert standing(TODAY - DAY) == {org.name}
    assert standing(TODAY) == set()
    decided(org, on=TODAY)  # back on at once: the two entries touch and do not overlap
    assert standing(TODAY) == {org.name}


def test_nobody_reviews_the_own_proposal_neither_by_the_service_nor_past_it(org: Institution) -> None:
    decision, (proposer, _) = proposed(org), two()
    with pytest.raises(Refused, match="须为两个人"):
        services.review(decision.pk, approve=True, actor=proposer, now=NOW)
    rows = ListDecision.objects.filter(pk=decision.pk)
    with pytest.raises(IntegrityError, match="list_decision_two_people"), transaction.atomic():
        rows.update(state="approved", reviewed_by=proposer, reviewed_at=NOW)
    with pytest.raises(IntegrityError, match="list_decision_reviewed"), transaction.atomic():
        rows.update(state="approved")
    assert not ListEntry.objects.exists()


@pytest.mark.parametrize("role", ["town", "centre", "org", "dept"])
def test_only_the_bureau_decides(org: Institution, role: str) -> None:
    unit = {"town": org.town, "centre": make.centre(), "org": org, "dept": make.department("SC")}[role]
    other, decision = make.user(role, unit), proposed(org)
    acts = [
        lambda: proposed(org, kind="white", actor=other),
        lambda: services.review(decision.pk, approve=True, actor=other, now=NOW),
        lambda: services.withdraw(decision.pk, actor=other),
        lambda: services.publish(decision.pk, on=TODAY, actor=other, now=NOW),
        lambda: standards.save_criteria("black", "9", text="x", valid_from=TODAY, reference="x", actor=other),
        lambda: standards.set_list_date(2026, on=TODAY, reference="x", actor=other, now=NOW),
    ]
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 403


def test_a_program_decides_nothing(org: Institution) -> None:
    token, _ = create_api_token(name="区平台", expires_at=clock.now() + DAY, actor=None, can_write=True)
    with pytest.raises(Refused, match="接口令牌不能代替"):
        proposed(org, actor=token)


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"decision_no": " "}, "decision_no", "请填写文号"),
        ({"reason": ""}, "reason", "请填写理由"),
        ({"decision_no": "号" * 41}, "decision_no", "1–40 字"),
        ({"criteria": ("white", "2026-1")}, "criteria", "另一个名单的标准"),
        ({"criteria": ("black", "2027-1")}, "criteria", "早于施行日期"),
    ],
)
def test_what_does_not_hold_is_named(org: Institution, given: dict[str, Any], path: str, words: str) -> None:
    if "criteria" in given:
        kind, version = given["criteria"]
        day = dt.date(2027, 1, 1) if version == "2027-1" else dt.date(2021, 9, 1)
        given = {"criteria": criteria(kind, version, day)}
    with pytest.raises(InvalidInput) as refused:
        proposed(org, **given)
    assert [(problem.path, words in problem.message) for problem in refused.value.problems] == [(path, True)]
    assert not ListDecision.objects.exists()


def test_a_school_is_on_no_list(db: None) -> None:
    with pytest.raises(InvalidInput, match="1 处"):
        proposed(make.school(rebuild=False))


def test_entries_of_one_list_never_overlap_and_one_decision_number_is_used_once(org: Institution) -> None:
    first = decided(org, on=TODAY - 9 * DAY)
    with pytest.raises(InvalidInput, match="1 处") as refused:
        proposed(org)
    assert "已在黑名单上" in refused.value.problems[0].message
    decided(org, on=TODAY, act="exit")
    with pytest.raises(InvalidInput):
        proposed(org, on=TODAY - DAY)
    with pytest.raises(InvalidInput, match="1 处") as refused:
        proposed(org, on=TODAY, decision_no=first.decision_no)
    assert "文号已用于" in refused.value.problems[0].message


def test_a_proposal_that_the_list_has_overtaken_is_not_approved(org: Institution) -> None:
    decided(org, on=TODAY - 9 * DAY)
    leaving = proposed(org, on=TODAY - 5 * DAY, act="exit")
    ListEntry.objects.update(left_on=TODAY - 6 * DAY)
    with pytest.raises(InvalidInput, match="1 处"):
        services.review(leaving.pk, approve=True, actor=two()[1], now=NOW)
    leaving.refresh_from_db()
    assert leaving.state == "proposed"


def test_one_proposal_at_a_time_waits_for_each_list(org: Institution) -> None:
    proposed(org)
    with pytest.raises(Conflict, match="待复核"):
        proposed(org)
    proposed(org, kind="warning")


def test_nobody_stands_on_the_black_and_the_white_list_at_once(org: Institution) -> None:
    decided(org, kind="white", on=TODAY - 30 * DAY)
    black = proposed(org)
    with pytest.raises(Refused, match="仍在白名单上"):
        services.review(black.pk, approve=True, actor=two()[1], now=NOW)
    decided(org, kind="white", act="exit")
    services.review(black.pk, approve=True, actor=two()[1], now=NOW)
    assert standing(TODAY) == {org.name}
    assert standing(TODAY, "white") == set()


def test_a_rejection_needs_a_reason_and_a_proposer_may_withdraw(org: Institution) -> None:
    first, second = two()
    decision = proposed(org)
    with pytest.raises(InvalidInput):
        services.review(decision.pk, approve=False, actor=second, now=NOW)
    services.review(decision.pk, approve=False, note="证据不足", actor=second, now=NOW)
    with pytest.raises(Conflict, match="不予决定"):
        services.review(decision.pk, approve=True, actor=second, now=NOW)
    again = proposed(org)
    with pytest.raises(Refused, match="只有提出人"):
        services.withdraw(again.pk, actor=second)
    assert services.withdraw(again.pk, actor=first).state == "withdrawn"
    assert not ListEntry.objects.exists()


def test_a_decision_is_published_once_and_not_ahead(org: Institution) -> None:
    waiting, (first, _) = proposed(org, kind="warning"), two()
    with pytest.raises(Conflict, match="待复核"):
        services.publish(waiting.pk, on=TODAY, actor=first, now=NOW)
    decision = decided(org)
    with pytest.raises(InvalidInput):
        services.publish(decision.pk, on=TODAY + DAY, actor=first, now=NOW)
    assert services.publish(decision.pk, on=TODAY, actor=first, now=NOW).published_on == TODAY
    with pytest.raises(Conflict, match="不能再改"):
        services.publish(decision.pk, on=TODAY, actor=first, now=NOW)


def test_the_institution_and_the_bureau_are_judged_after_an_approval_only(org: Institution) -> None:
    body = Institution.objects.create(code=BUREAU_BODY_CODE, name="区教育局", pinyin="q", kind="public_body")
    decision = proposed(org, on=TODAY - 5 * DAY)
    assert not EvaluationRequest.objects.exists()
    services.review(decision.pk, approve=True, actor=two()[1], now=NOW)
    asked = set(EvaluationRequest.objects.values_list("institution", "since", "until"))
    assert asked == {(org.pk, TODAY - 5 * DAY, TODAY), (body.pk, TODAY, TODAY)}
    EvaluationRequest.objects.all().delete()
    standards.set_list_date(2026, on=dt.date(2026, 6, 30), reference="示范文件", actor=two()[0], now=NOW)
    assert list(EvaluationRequest.objects.values_list("institution", flat=True)) == [body.pk]
    assert ListDate.objects.get().on == dt.date(2026, 6, 30)


def test_criteria_stay_as_they_are_once_a_decision_cites_them(org: Institution) -> None:
    given: dict[str, Any] = {"valid_from": dt.date(2021, 9, 1), "reference": "示范文件", "actor": two()[0]}
    made = standards.save_criteria("black", "甲", text="一", **given)
    assert standards.save_criteria("black", "甲", text="二", **given).pk == made.pk
    proposed(org, criteria=made)
    with pytest.raises(Conflict, match="另立一个版本"):
        standards.save_criteria("black", "甲", text="三", **given)
    with pytest.raises(Error, match="stay as they are"), transaction.atomic():
        ListCriteria.objects.filter(pk=made.pk).update(text="三")
    made.refresh_from_db()
    assert made.text == "二"


def test_an_appeal_that_is_upheld_changes_nothing(org: Institution) -> None:
    decision, owner = decided(org), make.user("org", org)
    appeal = appeals.file_appeal(decision.pk, text="已取得许可证", actor=owner, now=NOW)
    with pytest.raises(Conflict, match="待答复"):
        appeals.file_appeal(decision.pk, text="再次申诉", actor=owner, now=NOW)
    appeals.decide_appeal(appeal.pk, result="upheld", answer="维持原决定", actor=two()[1], now=NOW)
    assert standing(TODAY) == {org.name}
    with pytest.raises(Conflict, match="已于"):
        appeals.decide_appeal(appeal.pk, result="overturned", answer="x", actor=two()[1], now=NOW)


def test_an_overturned_entry_ends_by_a_decision_of_two_from_the_day_of_the_answer(org: Institution) -> None:
    first, second = two()
    decision = decided(org, on=TODAY - 20 * DAY)
    appeal = appeals.file_appeal(decision.pk, text="已取得许可证", actor=make.user("org", org), now=NOW)
    with pytest.raises(Refused, match="提出人不能答复"):
        appeals.decide_appeal(appeal.pk, result="overturned", answer="成立", actor=first, now=NOW)
    outcome = appeals.decide_appeal(appeal.pk, result="overturned", answer="成立", actor=second, now=NOW).outcome
    assert outcome is not None
    assert (outcome.act, outcome.state, outcome.effective_on) == ("exit", "proposed", TODAY)
    assert standing(TODAY) == {org.name}
    with pytest.raises(Refused, match="来自申诉"):
        services.withdraw(outcome.pk, actor=second)
    with pytest.raises(Refused, match="来自申诉"):
        services.review(outcome.pk, approve=False, note="不同意", actor=first, now=NOW)
    services.review(outcome.pk, approve=True, actor=first, now=NOW)
    assert standing(TODAY) == set()
    assert standing(TODAY - DAY) == {org.name}  # what was, stays: the days are not rewritten


def test_an_overturned_exit_puts_the_institution_back(org: Institution) -> None:
    decided(org, kind="white", on=TODAY - 20 * DAY)
    leaving = decided(org, kind="white", on=TODAY - 2 * DAY, act="exit")
    appeal = appeals.file_appeal(leaving.pk, text="理由不成立", actor=make.user("org", org), now=NOW)
    outcome = appeals.decide_appeal(appeal.pk, result="overturned", answer="成立", actor=person(3), now=NOW).outcome
    assert outcome is not None
    services.review(outcome.pk, approve=True, actor=two()[0], now=NOW)
    assert standing(TODAY, "white") == {org.name}
    assert standing(TODAY - DAY, "white") == set()


def test_nobody_else_appeals(org: Institution) -> None:
    decision = decided(org)
    stranger = make.user("org", make.training_org("虚构培训二部"))
    with pytest.raises(Refused) as refused:
        appeals.file_appeal(decision.pk, text="x", actor=stranger, now=NOW)
    assert refused.value.status == 404
    with pytest.raises(Refused) as refused:
        appeals.file_appeal(decision.pk, text="x", actor=make.user("town", org.town), now=NOW)
    assert refused.value.status == 403
    with pytest.raises(Conflict, match="还没有生效"):
        appeals.file_appeal(proposed(org, kind="warning").pk, text="x", actor=make.user("org", org), now=NOW)
    assert not ListAppeal.objects.exists()


def test_others_see_what_was_decided_and_the_bureau_what_is_proposed_too(org: Institution) -> None:
    done, open_one = decided(org), proposed(org, kind="warning")
    seen = {
        role: set(ListDecision.objects.visible_to(make.user(role, unit)).values_list("pk", flat=True))
        for role, unit in {
            "bureau": None,
            "town": org.town,
            "org": org,
            "dept": make.department("MZ"),
            "centre": make.centre("ZX09", "演示九中心"),
        }.items()
    }
    assert seen == {
        "bureau": {done.pk, open_one.pk},
        **dict.fromkeys(["town", "org", "dept"], {done.pk}),
        "centre": set(),
    }


def test_every_act_is_in_the_journal(org: Institution) -> None:
    decision = decided(org)
    services.publish(decision.pk, on=TODAY, actor=two()[0], now=NOW)
    appeal = appeals.file_appeal(decision.pk, text="x", actor=make.user("org", org), now=NOW)
    appeals.decide_appeal(appeal.pk, result="upheld", answer="维持", actor=two()[1], now=NOW)
    acts = list(AuditEntry.objects.filter(institution=org, act__contains="list").values_list("act", flat=True))
    assert sorted(acts) == [
        "approve_list_decision",
        "decide_list_appeal",
        "file_list_appeal",
        "propose_list_decision",
        "publish_list_decision",
    ]
