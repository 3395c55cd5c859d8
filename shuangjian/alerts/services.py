"""What people do with an alert: acknowledge 签收, close 办结, dismiss 排除（误报）; each by compare-and-set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.alerts.rectifications import cancel_of_dismissed, unfinished_of
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.core.querysets import power_of
from shuangjian.journal.models import ClockTimestamp
from shuangjian.journal.services import record
from shuangjian.rules.models import Dismissal, Finding

#: Which powers may do what. A token has the power of its scope; no institution ever closes its own alert.
MAY_ACKNOWLEDGE = frozenset({"school", "org", "town", "centre", "bureau"})
MAY_CLOSE = frozenset({"town", "centre", "bureau"})
MAY_DISMISS = frozenset({"bureau"})


@transaction.atomic
def acknowledge_alert(alert_id: int, *, actor: Any, now: dt.datetime) -> Alert:
    """签收: somebody has seen the alert and works on it. Conflict when it is not open any more."""
    _may(actor, MAY_ACKNOWLEDGE, "签收")
    alert = _locked(alert_id)
    claimed = Alert.objects.filter(pk=alert.pk, state=Alert.State.OPEN).update(
        state=Alert.State.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=_person(actor),
        changed_at=ClockTimestamp(),
    )
    if not claimed:
        raise Conflict(f"预警现在是“{alert.get_state_display()}”，不能再签收。")
    _note(alert, AlertEvent.Act.ACKNOWLEDGED, actor, now)
    return _fresh(alert, "acknowledge_alert", actor)


@transaction.atomic
def close_alert(alert_id: int, *, actor: Any, now: dt.datetime, reason: str) -> Alert:
    """办结: a person above the unit ends the alert with a reason. It stays closed until something new happens.

    Conflict while a rectification of it is not over, with their numbers.
    """
    _may(actor, MAY_CLOSE, "办结")
    reason = _reason(reason, "办结说明")
    alert = _locked(alert_id)
    _check_rectified(alert)
    _close(alert, Alert.Closing.BY_PERSON, actor, reason)
    _note(alert, AlertEvent.Act.CLOSED, actor, now, reason)
    return _fresh(alert, "close_alert", actor, reason=reason)


@transaction.atomic
def dismiss_alert(alert_id: int, *, actor: Any, now: dt.datetime, reason: str) -> Alert:
    """排除（误报）: the bureau finds that the open findings are none, at the figures they have now.

    They are left out of outcomes until observed or limit changes. Its rectifications that are not over are cancelled.
    """
    _may(actor, MAY_DISMISS, "排除")
    if _person(actor) is None:
        raise Refused("排除误报须由区教育局人员登录后作出，接口令牌不能代替。", code="person_needed", status=403)
    reason = _reason(reason, "排除理由")
    alert = _locked(alert_id)
    _close(alert, Alert.Closing.DISMISSED, actor, reason)
    Dismissal.objects.bulk_create(
        Dismissal(
            finding=finding, observed=finding.observed, limit=finding.limit, reason=reason, actor=actor, made_at=now
        )
        for finding in findings_of(alert)
    )
    cancel_of_dismissed(alert, actor=actor, reason=reason, now=now)
    _note(alert, AlertEvent.Act.DISMISSED, actor, now, reason)
    return _fresh(alert, "dismiss_alert", actor, reason=reason)


def findings_of(alert: Alert) -> Iterable[Finding]:
    """The open findings that the alert groups."""
    return Finding.objects.filter(
        rule=alert.rule, institution_id=alert.institution_id, period=alert.period, cleared_at__isnull=True
    ).order_by("occurred_on", "about")


def _may(actor: Any, powers: frozenset[str], act: str) -> None:
    if power_of(actor) not in powers:
        raise Refused(f"您的角色不能{act}预警；请联系上级单位办理。", code="role", status=403)


def _locked(alert_id: int) -> Alert:
    """The alert under its institution's lock, which the engine takes too: closing and regrouping never interleave."""
    institution_id = Alert.objects.values_list("institution_id", flat=True).get(pk=alert_id)
    lock_institutions([institution_id])
    return Alert.objects.get(pk=alert_id)


def _check_rectified(alert: Alert) -> None:
    left = [f"{each.number}（{each.get_state_display()}）" for each in unfinished_of(alert)]
    if alert.closed_at is None and left:
        raise Conflict(f"这条预警还有 {len(left)} 项整改没有完成：{'、'.join(left)}。复查通过或者撤销以后再办结。")


def _close(alert: Alert, closing: str, actor: Any, reason: str) -> None:
    # clock_timestamp() under the lock, as for opened_at: the two tell which came first.
    claimed = Alert.objects.filter(pk=alert.pk, closed_at__isnull=True).update(
        state=Alert.State.CLOSED,
        closing=closing,
        closed_at=ClockTimestamp(),
        closed_by=_person(actor),
        reason=reason,
        closing_proposed_at=None,
        changed_at=ClockTimestamp(),
    )
    if not claimed:
        raise Conflict("预警已经办结，没有再次办结。")


def _person(actor: Any) -> Any:
    return actor if actor._meta.label_lower == "accounts.user" else None


def _note(alert: Alert, act: str, actor: Any, now: dt.datetime, note: str = "") -> None:
    AlertEvent.objects.create(
        alert=alert, act=act, actor=_person(actor), actor_label=actor.audit_label, at=now, note=note
    )


def _fresh(alert: Alert, act: str, actor: Any, **detail: str) -> Alert:
    record(act, actor=actor, institution_id=alert.institution_id, target=f"alert:{alert.pk}", detail=detail)
    alert.refresh_from_db()
    return alert


def _reason(text: str, label: str) -> str:
    text = (text or "").strip()
    if not 1 <= len(text) <= 400:
        raise InvalidInput([Problem("reason", f"请填写{label}（1–400 字）。", "required")])
    return text
