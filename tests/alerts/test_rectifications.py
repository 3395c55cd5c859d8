"""整改: who orders, hands in and rechecks, in which state, and what each act leaves behind."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from shuangjian.accounts.tokens import create_api_token
from shuangjian.alerts.models import Rectification, RectificationStep
from shuangjian.alerts.rectification_photos import photos_of
from shuangjian.alerts.rectifications import (
    cancel_rectification,
    change_rectification,
    hand_in_rectification,
    recheck_rectification,
)
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.evidence.models import Observation
from shuangjian.evidence.observation_acts import rectify_observation, withdraw_observation
from shuangjian.files.models import StoredFile
from shuangjian.files.services import store
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests.alerts import rectification_make
from tests.alerts.rectification_make import DUE, NOW, TODAY, found, handed_in, ordered, photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    return rectification_make.cast()


def recheck(item: Rectification, actor: Any, *, is_passed: bool = True, remark: str = "") -> Rectification:
    return recheck_rectification(item.pk, is_passed=is_passed, remark=remark, actor=actor, now=NOW)


def paths(refused: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [each.path for each in refused.value.problems]


def test_it_is_ordered_handed_in_returned_handed_in_again_and_passed(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    item = ordered(cast.school, cast.town, observation=seen)
    assert (item.number, item.state, item.revision) == ("ZG-2026-00001", "open", 1)
    handed_in(item, cast.own)
    returned = recheck(item, cast.inspector, is_passed=False, remark="缺少盖章")
    assert (returned.state, returned.remark, returned.due_on) == ("returned", "缺少盖章", DUE)
    again = handed_in(item, cast.own, account="已盖章")
    assert (again.state, again.remark, again.rechecked_by) == ("handed_in", "", None)
    passed = recheck(item, cast.bureau)
    assert (passed.state, passed.rechecked_by, passed.revision) == ("passed", cast.bureau, 5)
    seen.refresh_from_db()
    assert seen.rectified_on == TODAY
    steps = list(RectificationStep.objects.values_list("act", flat=True))
    assert steps == ["ordered", "handed_in", "returned", "handed_in", "passed"]


def test_each_act_is_in_the_journal_and_asks_for_an_evaluation(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    change_rectification(item.pk, requirement="补齐公示", due_on=DUE, reason="写明", actor=cast.town, now=NOW)
    handed_in(item, cast.own)
    recheck(item, cast.town, is_passed=False, remark="缺页")
    cancel_rectification(item.pk, reason="学校合并", actor=cast.town, now=NOW)
    target = f"rectification:{item.number}"
    acts = list(AuditEntry.objects.filter(target=target).order_by("pk").values_list("act", flat=True))
    wanted = ["order", "change", "hand_in", "recheck", "cancel"]
    assert acts == [f"{act}_rectification" for act in wanted]
    causes = list(
        EvaluationRequest.objects.filter(institution=cast.school).order_by("pk").values_list("cause", flat=True)
    )
    assert causes[-5:] == ["下达整改", "变更整改", "提交整改", "复查整改", "撤销整改"]


@pytest.mark.parametrize("who", ["own", "org_person", "dept", "inspector"])
def test_only_those_above_order_change_and_cancel(cast: SimpleNamespace, who: str) -> None:
    person, item = getattr(cast, who), ordered(cast.school, cast.town)
    for act in (
        lambda: ordered(cast.school, person),
        lambda: change_rectification(item.pk, requirement="改", due_on=DUE, reason="因", actor=person, now=NOW),
        lambda: cancel_rectification(item.pk, reason="因", actor=person, now=NOW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 403


def test_another_town_reaches_nothing(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    handed_in(item, cast.own)
    for act in (
        lambda: ordered(cast.school, cast.other_town),
        lambda: recheck(item, cast.other_town),
        lambda: cancel_rectification(item.pk, reason="因", actor=cast.other_town, now=NOW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 404


@pytest.mark.parametrize("who", ["town", "bureau", "inspector", "other_own", "org_person", "dept"])
def test_only_the_school_itself_hands_in(cast: SimpleNamespace, who: str) -> None:
    item = ordered(cast.school, cast.town)
    with pytest.raises(Refused) as refused:
        handed_in(item, getattr(cast, who))
    assert refused.value.status == 403
    item.refresh_from_db()
    assert item.state == "open"


def test_those_above_hand_in_for_a_suspected_site_and_another_one_rechecks(cast: SimpleNamespace) -> None:
    item = ordered(cast.site, cast.town)
    handed_in(item, cast.town)
    with pytest.raises(Refused) as refused:
        recheck(item, cast.town)
    assert (refused.value.status, refused.value.code) == (403, "same_person")
    assert recheck(item, cast.bureau).state == "passed"


def test_whoever_returned_it_may_hand_in_the_next_attempt_for_a_site(cast: SimpleNamespace) -> None:
    item = ordered(cast.site, cast.town)
    handed_in(item, cast.town)
    recheck(item, cast.bureau, is_passed=False, remark="门未锁")
    assert handed_in(item, cast.bureau).state == "handed_in"


def test_the_database_keeps_the_two_people_apart(cast: SimpleNamespace) -> None:
    item = handed_in(ordered(cast.site, cast.town), cast.town)
    with pytest.raises(IntegrityError, match="rectification_two_people"), transaction.atomic():
        Rectification.objects.filter(pk=item.pk).update(rechecked_by=cast.town)


@pytest.mark.parametrize("who", ["own", "dept", "org_person"])
def test_the_institution_and_departments_recheck_nothing(cast: SimpleNamespace, who: str) -> None:
    item = handed_in(ordered(cast.school, cast.town), cast.own)
    with pytest.raises(Refused) as refused:
        recheck(item, getattr(cast, who))
    assert refused.value.status == 403


def test_an_inspector_rechecks_only_where_a_visit_is_open(cast: SimpleNamespace) -> None:
    item = handed_in(ordered(cast.school, cast.town, observation=found(cast.school, cast.town)), cast.own)
    with pytest.raises(Refused) as refused:
        recheck(item, cast.idle)
    assert refused.value.status == 404
    assert recheck(item, cast.inspector).state == "passed"
    assert Observation.objects.get().rectified_on == TODAY


def test_a_program_never_rechecks(cast: SimpleNamespace) -> None:
    item = handed_in(ordered(cast.school, cast.town), cast.own)
    token = create_api_token(name="全区", actor=None, expires_at=NOW + dt.timedelta(days=900), can_write=True)[0]
    with pytest.raises(Refused) as refused:
        recheck(item, token)
    assert (refused.value.status, refused.value.code) == (403, "person_needed")


def test_each_act_has_its_states(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    with pytest.raises(Conflict, match="整改中"):
        recheck(item, cast.town)
    handed_in(item, cast.own)
    with pytest.raises(Conflict, match="待复查"):
        handed_in(item, cast.own)
    with pytest.raises(Conflict, match="待复查"):
        change_rectification(item.pk, requirement="改", due_on=DUE, reason="因", actor=cast.town, now=NOW)
    recheck(item, cast.town)
    with pytest.raises(Conflict, match="整改完成"):
        cancel_rectification(item.pk, reason="因", actor=cast.town, now=NOW)
    with pytest.raises(Conflict, match="整改完成"):
        recheck(item, cast.bureau)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"requirement": " "}, "requirement"),
        ({"requirement": "长" * 401}, "requirement"),
        ({"due_on": TODAY - dt.timedelta(days=1)}, "due_on"),
        ({"due_on": dt.date(2036, 12, 4)}, "due_on"),
    ],
)
def test_what_cannot_be_ordered_is_named_at_its_place(cast: SimpleNamespace, said: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(cast.school, cast.town, **said)
    assert paths(refused) == [path]
    assert not Rectification.objects.exists()


def test_a_deadline_of_today_and_400_signs_are_within_bounds(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town, requirement="长" * 400, due_on=TODAY)
    assert (len(item.requirement), item.due_on) == (400, TODAY)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"account": ""}, "account"),
        ({"account": "长" * 2001}, "account"),
        ({"rectified_on": TODAY + dt.timedelta(days=1)}, "rectified_on"),
        ({"rectified_on": TODAY - dt.timedelta(days=1)}, "rectified_on"),
    ],
)
def test_what_cannot_be_handed_in_is_named_at_its_place(cast: SimpleNamespace, said: dict[str, Any], path: str) -> None:
    item = ordered(cast.school, cast.town)
    with pytest.raises(InvalidInput) as refused:
        handed_in(item, cast.own, **said)
    assert paths(refused) == [path]


def test_a_return_needs_to_say_what_is_missing(cast: SimpleNamespace) -> None:
    item = handed_in(ordered(cast.school, cast.town), cast.own)
    with pytest.raises(InvalidInput) as refused:
        recheck(item, cast.town, is_passed=False)
    assert paths(refused) == ["remark"]
    with pytest.raises(InvalidInput):
        recheck(item, cast.town, remark="长" * 401)


def test_photos_are_kept_for_the_institution_without_exif_and_wrong_ones_are_named(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    wrong = SimpleUploadedFile("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(InvalidInput) as refused:
        handed_in(item, cast.own, photos=[photo(), wrong])
    assert paths(refused) == ["photos[1]"]
    assert not StoredFile.objects.exists()
    handed_in(item, cast.own, photos=[photo(), SimpleUploadedFile("报告.pdf", b"%PDF-1.7")])
    shown = photos_of([item], StoredFile.objects.visible_to(cast.own))[item.number]
    assert [each.media_type for each in shown["after"]] == ["image/jpeg", "application/pdf"]
    assert {each.purpose for each in shown["after"]} == {f"rect:{item.number}:after"}
    assert not StoredFile.objects.visible_to(cast.other_own).exists()


def test_all_attempts_together_hold_twelve_files(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    handed_in(item, cast.own, photos=[photo() for _ in range(11)])
    recheck(item, cast.town, is_passed=False, remark="再拍")
    with pytest.raises(InvalidInput) as refused:
        handed_in(item, cast.own, photos=[photo(), photo()])
    assert paths(refused) == ["photos"]
    handed_in(item, cast.own, photos=[photo()])


def test_photos_of_before_are_second_rows_on_the_same_bytes(cast: SimpleNamespace) -> None:
    taken = store(photo(), cast.school, "visit:x", cast.inspector, seal=True)
    item = ordered(cast.school, cast.town, before=[taken])
    shown = photos_of([item], StoredFile.objects.visible_to(cast.own))[item.number]["before"]
    assert [(each.path, each.sha256, each.sealed_path) for each in shown] == [
        (taken.path, taken.sha256, taken.sealed_path)
    ]
    assert taken not in StoredFile.objects.visible_to(cast.own)


def test_what_was_changed_since_it_was_read_is_not_handed_in_blindly(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    change_rectification(item.pk, requirement="另补说明", due_on=DUE, reason="漏写", actor=cast.town, now=NOW)
    with pytest.raises(Conflict) as refused:
        handed_in(item, cast.own, revision=item.revision)
    assert refused.value.code == "changed"
    assert handed_in(item, cast.own, revision=2).state == "handed_in"


def test_a_form_that_is_sent_twice_is_handed_in_once(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    values = {"account": "已整改", "rectified_on": TODAY, "actor": cast.own, "revision": item.revision, "now": NOW}
    first = hand_in_rectification(item.pk, photos=[photo()], **values)
    again = hand_in_rectification(item.pk, photos=[photo()], **values)
    assert (again.revision, again.steps.filter(act="handed_in").count()) == (first.revision, 1)
    assert StoredFile.objects.filter(purpose=f"rect:{item.number}:after").count() == 1
    for other in ({"account": "另一种说法"}, {"revision": None}, {"rectified_on": TODAY - dt.timedelta(days=1)}):
        with pytest.raises(Conflict, match="待复查"):
            hand_in_rectification(item.pk, **{**values, **other})


def test_a_changed_deadline_is_the_observation_s_too_and_says_why(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    item, later = ordered(cast.school, cast.town, observation=seen), DUE + dt.timedelta(days=7)
    change_rectification(
        item.pk, requirement=item.requirement, due_on=later, reason="设备未到", actor=cast.town, now=NOW
    )
    seen.refresh_from_db()
    assert seen.due_on == later
    assert RectificationStep.objects.get(act="changed").note == "期限由 2026-12-04 改为 2026-12-11。原因：设备未到"


def test_a_change_of_nothing_leaves_no_trace(cast: SimpleNamespace) -> None:
    item = ordered(cast.school, cast.town)
    same = change_rectification(item.pk, requirement=item.requirement, due_on=DUE, reason="", actor=cast.town, now=NOW)
    assert same.revision == 1
    assert RectificationStep.objects.count() == 1


def test_a_deadline_that_is_past_may_stay_while_the_words_are_changed(cast: SimpleNamespace) -> None:
    item, late = ordered(cast.school, cast.town), NOW + dt.timedelta(days=30)
    said = {"due_on": DUE, "reason": "写明", "actor": cast.town, "now": late}
    assert change_rectification(item.pk, requirement="写明的要求", **said).due_on == DUE
    with pytest.raises(InvalidInput) as refused:
        change_rectification(item.pk, requirement="要求", **{**said, "due_on": DUE + dt.timedelta(days=1)})
    assert paths(refused) == ["due_on"]


def test_one_observation_has_one_rectification_until_it_is_cancelled(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    item = ordered(cast.school, cast.town, observation=seen)
    with pytest.raises(Conflict, match=item.number):
        ordered(cast.school, cast.town, observation=seen)
    cancel_rectification(item.pk, reason="写错了", actor=cast.town, now=NOW)
    assert ordered(cast.school, cast.town, observation=seen).number == "ZG-2026-00002"


def test_nothing_is_ordered_for_what_is_not_confirmed_or_is_put_right(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    rectify_observation(seen.pk, actor=cast.town, now=NOW)
    with pytest.raises(Conflict, match="已整改完成"):
        ordered(cast.school, cast.town, observation=seen)


def test_what_was_ordered_is_put_right_by_its_recheck_alone(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    item = ordered(cast.school, cast.town, observation=seen)
    with pytest.raises(Conflict, match=item.number):
        rectify_observation(seen.pk, actor=cast.town, now=NOW)
    cancel_rectification(item.pk, reason="当场已改", actor=cast.town, now=NOW)
    assert rectify_observation(seen.pk, actor=cast.town, now=NOW).rectified_on == TODAY


@pytest.mark.parametrize("is_passed", [False, True])
def test_a_withdrawn_observation_takes_its_rectification_with_it(cast: SimpleNamespace, is_passed: bool) -> None:
    seen = found(cast.school, cast.town)
    item = ordered(cast.school, cast.town, observation=seen)
    if is_passed:
        handed_in(item, cast.own)
        recheck(item, cast.bureau)
    withdraw_observation(seen.pk, actor=cast.bureau, reason="认定有误", now=NOW)
    item.refresh_from_db()
    assert item.state == "cancelled"
    assert RectificationStep.objects.get(act="cancelled").note == "撤回认定：认定有误"


def test_a_rectification_of_another_institution_is_a_mistake_of_the_caller(cast: SimpleNamespace) -> None:
    seen = found(cast.org, cast.town)
    with pytest.raises(ValueError, match="another institution"):
        ordered(cast.school, cast.town, observation=seen)
