"""What people do with a rectification: order, change, hand in, recheck, cancel. The institution never ends its own.

Locks are taken in one order: the institution, the observation, the rectification.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from shuangjian.accounts.models import User
from shuangjian.alerts.models import Alert, Rectification, RectificationStep
from shuangjian.alerts.rectification_checks import (
    ABOVE,
    MAY_RECHECK,
    account_of,
    check_deadline,
    check_hands_in,
    check_rectified_on,
    check_role,
    check_state,
    check_within,
    remark_of,
    requirement_of,
)
from shuangjian.alerts.rectification_photos import keep_after, keep_before
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.evidence.choices import State as Found
from shuangjian.evidence.models import Observation
from shuangjian.evidence.numbers import next_numbers
from shuangjian.evidence.observation_acts import change_observation, rectify
from shuangjian.evidence.words import reason_of
from shuangjian.files.models import StoredFile
from shuangjian.journal.services import record, request_evaluation
from shuangjian.rules.declare import find_rule

State = Rectification.State
Act = RectificationStep.Act
#: States in which nobody may say yet that all is well.
UNFINISHED = (*Rectification.WAITING, State.HANDED_IN)
_LONGEST_NOTE = 400


@transaction.atomic
def order_rectification(
    institution: Institution,
    *,
    requirement: str,
    due_on: dt.date,
    actor: Any,
    now: dt.datetime | None = None,
    alert: Alert | None = None,
    observation: Observation | None = None,
    before: Sequence[StoredFile] = (),
) -> Rectification:
    """下达整改 to the institution: what must be put right until ``due_on``, that day included.

    ``before`` are photos of how it was, shown to the institution from now on. What stands ordered on the alert in the
    same words by the same day is answered again: a form may be posted twice. Conflict when the alert is closed, the
    observation is not 查实, is rectified, or has a rectification already.
    """
    check_role(ABOVE, "下达整改", actor)
    check_within(actor, institution.pk)
    now = now or clock.now()
    lock_institutions([institution.pk])
    text, problems = requirement_of(requirement)
    problems += check_deadline(due_on, now)
    if problems:
        raise InvalidInput(problems)
    _check_alert(alert, institution)
    _check_observation(observation, institution)
    same = _ordered_before(alert, text, due_on) if alert is not None and observation is None else None
    if same is not None:
        return same
    ordered = Rectification.objects.create(
        number=next_numbers(Rectification, "ZG", clock.local(now).year, 1)[0],
        institution=institution,
        alert=alert,
        observation=observation,
        requirement=text,
        due_on=due_on,
        ordered_at=now,
        ordered_by=_person(actor),
    )
    keep_before(ordered, before)
    _step(ordered, Act.ORDERED, actor, now, text)
    detail = {
        "due_on": due_on.isoformat(),
        "alert": alert.pk if alert else None,
        "observation": observation.number if observation else "",
        "photos": len(before),
    }
    return _told(ordered, "order", actor, now, "下达整改", detail)


@transaction.atomic
def hand_in_rectification(
    pk: int,
    *,
    account: str,
    rectified_on: dt.date,
    photos: Iterable[Any] = (),
    actor: Any,
    now: dt.datetime | None = None,
    revision: int | None = None,
) -> Rectification:
    """提交整改: the institution says what it did and when, with photos (JPEG, PNG, WebP) or papers (PDF).

    For a suspected site, which has no account, an official does. ``revision`` is the one that was read: Conflict when
    the requirement was changed since; the very form that has just been handed in is answered as it was.
    """
    now = now or clock.now()
    found = _locked(pk)
    check_hands_in(actor, found.institution)
    check_within(actor, found.institution_id)
    if _is_sent_again(found, account, rectified_on, actor, revision):
        return found
    check_state(found, Rectification.WAITING, "提交")
    if revision is not None and revision != found.revision:
        raise Conflict(f"{found.number} 的要求或期限刚刚变更过，请看过新的内容再提交。", code="changed")
    text, problems = account_of(account)
    problems += check_rectified_on(rectified_on, found.ordered_at, now)
    if problems:
        raise InvalidInput(problems)
    kept = keep_after(found, photos, actor)
    found.state, found.account, found.rectified_on = State.HANDED_IN, text, rectified_on
    found.handed_in_at, found.handed_in_by = now, _person(actor)
    # What was said of the attempt before stays among the steps; whoever said it may be the one who hands in now.
    found.rechecked_at, found.rechecked_by, found.remark = None, None, ""
    _step(found, Act.HANDED_IN, actor, now, f"{rectified_on} 完成：{text}")
    return _saved(found, "hand_in", actor, now, "提交整改", {"photos": len(kept), "rectified_on": str(rectified_on)})


@transaction.atomic
def recheck_rectification(
    pk: int,
    *,
    is_passed: bool,
    remark: str,
    actor: Any,
    now: dt.datetime | None = None,
    revision: int | None = None,
) -> Rectification:
    """复查 by a person other than the one who handed in. Passed, the observation is rectified and its finding clears;
    returned, the deadline stays as it was and ``remark`` says what is missing. ``revision`` is the one that was read:
    Conflict when it was returned and handed in again since."""
    if _person(actor) is None:
        raise Refused("复查须由人员登录后作出，接口令牌不能代替。", code="person_needed", status=403)
    check_role(MAY_RECHECK, "复查整改", actor)
    now = now or clock.now()
    found = _locked(pk)
    check_within(actor, found.institution_id)
    check_state(found, (State.HANDED_IN,), "复查")
    if found.handed_in_by_id == actor.pk:
        raise Refused(f"{found.number} 由您提交，须由另一人复查。", code="same_person", status=403)
    if revision is not None and revision != found.revision:
        raise Conflict(f"{found.number} 在您打开之后又提交过，请看过现在的整改情况和照片再复查。", code="changed")
    text = remark_of(remark, is_needed=not is_passed)
    found.state = State.PASSED if is_passed else State.RETURNED
    found.rechecked_at, found.rechecked_by, found.remark = now, actor, text
    _step(found, Act.PASSED if is_passed else Act.RETURNED, actor, now, text)
    saved = _saved(found, "recheck", actor, now, "复查整改", {"is_passed": is_passed})
    of = found.observation
    if is_passed and of is not None and of.state == Found.CONFIRMED and of.rectified_on is None:
        rectify(of, rectified_on=_no_earlier(found.rectified_on, of.occurred_on), actor=actor, now=now)
    return saved


@transaction.atomic
def change_rectification(
    pk: int, *, requirement: str, due_on: dt.date, reason: str, actor: Any, now: dt.datetime | None = None
) -> Rectification:
    """变更要求 or the deadline while the institution has still to act; the observation's deadline follows.

    Nothing happens where both are as they were.
    """
    check_role(ABOVE, "变更整改", actor)
    now = now or clock.now()
    found = _locked(pk)
    check_within(actor, found.institution_id)
    check_state(found, Rectification.WAITING, "变更")
    text, problems = requirement_of(requirement)
    if due_on != found.due_on:
        problems += check_deadline(due_on, now)
    if problems:
        raise InvalidInput(problems)
    if (text, due_on) == (found.requirement, found.due_on):
        return found
    reason = reason_of(reason, "变更的原因")
    parts = [f"期限由 {found.due_on} 改为 {due_on}"] if due_on != found.due_on else []
    parts += ["整改要求已改写"] if text != found.requirement else []
    detail = {"due_on": due_on.isoformat(), "was_due_on": found.due_on.isoformat(), "reason": reason}
    found.requirement, found.due_on = text, due_on
    _step(found, Act.CHANGED, actor, now, f"{'，'.join(parts)}。原因：{reason}")
    of = found.observation
    if of is not None and of.state == Found.CONFIRMED and of.rectified_on is None and of.due_on != due_on:
        change_observation(of.pk, text=of.text, severity=of.severity, due_on=due_on, actor=actor, now=now)
    return _saved(found, "change", actor, now, "变更整改", detail)


@transaction.atomic
def cancel_rectification(pk: int, *, reason: str, actor: Any, now: dt.datetime | None = None) -> Rectification:
    """撤销 what is not finished, with a reason that the institution reads."""
    check_role(ABOVE, "撤销整改", actor)
    now = now or clock.now()
    found = _locked(pk)
    check_within(actor, found.institution_id)
    check_state(found, UNFINISHED, "撤销")
    return _cancelled(found, reason_of(reason, "撤销的原因"), actor, now)


def cancel_of_withdrawn(found: Observation, *, actor: Any, reason: str, now: dt.datetime) -> None:
    """What was found true is not: whatever was ordered for it is over, what was passed too."""
    standing = Rectification.objects.exclude(state=State.CANCELLED).filter(observation=found)
    for each in _rows(standing):
        _cancelled(each, f"撤回认定：{reason}", actor, now)


def cancel_of_dismissed(alert: Alert, *, actor: Any, reason: str, now: dt.datetime) -> None:
    """The alert was a false alarm: nothing is left to put right; where it was of lateness alone, that stays ordered."""
    rule = find_rule(alert.rule)
    if rule is not None and rule.about is Rectification:
        return
    for each in _rows(unfinished_of(alert)):
        _cancelled(each, f"预警作为误报排除：{reason}", actor, now)


def unfinished_of(alert: Alert) -> QuerySet[Rectification]:
    """Rectifications of the alert that are not passed and not cancelled, the earliest deadline first."""
    return Rectification.objects.filter(alert=alert, state__in=UNFINISHED)


def pending_number(found: Observation) -> str:
    """Number of the unfinished rectification of this observation, "" for none."""
    rows = Rectification.objects.filter(observation=found, state__in=UNFINISHED)
    return rows.values_list("number", flat=True).first() or ""


def _ordered_before(alert: Alert, requirement: str, due_on: dt.date) -> Rectification | None:
    rows = Rectification.objects.filter(alert=alert, observation__isnull=True, state=State.OPEN)
    return rows.filter(requirement=requirement, due_on=due_on).first()


def _is_sent_again(found: Rectification, account: str, rectified_on: dt.date, actor: Any, revision: int | None) -> bool:
    """Whether what was read at ``revision`` was handed in by this very form, which is sent a second time."""
    said = (State.HANDED_IN, account_of(account)[0], rectified_on, _person(actor))
    stands = (found.state, found.account, found.rectified_on, found.handed_in_by)
    return revision is not None and revision == found.revision - 1 and said == stands


def _check_alert(alert: Alert | None, institution: Institution) -> None:
    if alert is None:
        return
    standing = Alert.objects.get(pk=alert.pk)  # under the lock that closing takes too
    if standing.institution_id != institution.pk:
        raise ValueError(f"Alert {alert.pk} is of another institution than {institution.pk}.")
    if standing.closed_at is not None:
        raise Conflict("预警已经办结，不能再下达整改；仍有问题的，请登记核查情况。")


def _check_observation(observation: Observation | None, institution: Institution) -> None:
    if observation is None:
        return
    found = Observation.objects.select_for_update().get(pk=observation.pk)
    if found.institution_id != institution.pk:
        raise ValueError(f"Observation {found.number} is of another institution than {institution.pk}.")
    if found.state != Found.CONFIRMED or found.rectified_on is not None:
        done = "已整改完成" if found.rectified_on is not None else f"现在是“{found.get_state_display()}”"
        raise Conflict(f"{found.number} {done}，不能下达整改；查实而未整改的才能下达。")
    standing = Rectification.objects.exclude(state=State.CANCELLED).filter(observation=found).first()
    if standing is not None:
        raise Conflict(f"{found.number} 已下达整改 {standing.number}，没有再次下达；要求有变的，请在那一项上变更。")


def _locked(pk: int) -> Rectification:
    of = Rectification.objects.values_list("observation_id", flat=True).get(pk=pk)
    if of is not None:
        Observation.objects.select_for_update().get(pk=of)
    return _rows(Rectification.objects.filter(pk=pk)).get()


def _rows(rows: QuerySet[Rectification]) -> QuerySet[Rectification]:
    return rows.order_by("pk").select_for_update(of=("self",)).select_related("institution", "observation")


def _cancelled(found: Rectification, reason: str, actor: Any, now: dt.datetime) -> Rectification:
    found.state = State.CANCELLED
    _step(found, Act.CANCELLED, actor, now, reason)
    return _saved(found, "cancel", actor, now, "撤销整改", {"reason": reason[:_LONGEST_NOTE]})


def _no_earlier(day: dt.date | None, bound: dt.date) -> dt.date:
    assert day is not None  # what is handed in says when
    return max(day, bound)


def _person(actor: Any) -> User | None:
    return actor if isinstance(actor, User) else None


def _step(found: Rectification, act: str, actor: Any, now: dt.datetime, note: str) -> None:
    label = actor.audit_label if actor is not None else "系统"
    RectificationStep.objects.create(
        rectification=found, act=act, actor=_person(actor), actor_label=label, at=now, note=note[:_LONGEST_NOTE]
    )


def _saved(
    found: Rectification, act: str, actor: Any, now: dt.datetime, cause: str, detail: dict[str, Any]
) -> Rectification:
    found.revision += 1
    found.save()
    return _told(found, act, actor, now, cause, detail)


def _told(
    found: Rectification, act: str, actor: Any, now: dt.datetime, cause: str, detail: dict[str, Any]
) -> Rectification:
    """The audit record, and the question whether its deadline and its alert are as the rules see them."""
    record(
        f"{act}_rectification",
        actor=actor,
        institution_id=found.institution_id,
        target=f"rectification:{found.number}",
        detail={**detail, "state": found.state},
    )
    today = clock.local(now).date()
    request_evaluation(institution_id=found.institution_id, since=today, until=today, cause=cause)
    return found
