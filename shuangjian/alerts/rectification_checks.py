"""Who may do what to a rectification, and what its texts and days must be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from shuangjian.alerts.models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.querysets import power_of
from shuangjian.evidence.scope import ABOVE
from shuangjian.evidence.words import clean, reason_of

__all__ = ["ABOVE", "MAY_RECHECK", "may_hand_in"]

#: An inspector within the institutions of own open visits, which is an inspector's jurisdiction.
MAY_RECHECK = ABOVE | {"inspector"}
LONGEST_REQUIREMENT = 400
LONGEST_ACCOUNT = 2000
LONGEST_REMARK = 400
_OWN = frozenset({"school", "org"})


def check_role(powers: frozenset[str], verb: str, actor: Any) -> None:
    if power_of(actor) not in powers:
        more = "，以及到该单位检查的检查员" if powers == MAY_RECHECK else ""
        raise Refused(f"{verb}由区教育局、教育指导中心、镇街{more}办理。", code="role", status=403)


def check_within(actor: Any, institution_id: int) -> None:
    """Pages and API look things up in scope; a service that is called with a number keeps to it as well."""
    if not hasattr(actor, "jurisdiction"):  # imports and jobs have none
        return
    if not Institution.objects.visible_to(actor).filter(pk=institution_id).exists():
        raise Refused("没有这个单位，或不在您的管辖范围内。", code="not_found", status=404)


def may_hand_in(actor: Any, institution: Institution) -> bool:
    """The institution itself; those above on behalf of a suspected site, which has no account."""
    power = power_of(actor)
    if institution.kind == Institution.Kind.SUSPECTED_SITE:
        return power in ABOVE
    return power in _OWN and getattr(actor, "institution_id", None) == institution.pk


def check_hands_in(actor: Any, institution: Institution) -> None:
    if not may_hand_in(actor, institution):
        raise Refused(
            "整改情况由该单位自己提交；疑似无证点没有账号，由区教育局、教育指导中心或镇街代为提交。",
            code="role",
            status=403,
        )


def check_state(found: Rectification, allowed: Iterable[str], verb: str) -> None:
    if found.state not in allowed:
        raise Conflict(f"{found.number} 现在是“{found.get_state_display()}”，不能{verb}；请刷新后查看办理过程。")


def requirement_of(value: Any) -> tuple[str, list[Problem]]:
    text = clean(value)
    if 1 <= len(text) <= LONGEST_REQUIREMENT:
        return text, []
    return text, [Problem("requirement", f"请填写整改要求（1–{LONGEST_REQUIREMENT} 字），现为 {len(text)} 字。")]


def account_of(value: Any) -> tuple[str, list[Problem]]:
    text = clean(value)
    if 1 <= len(text) <= LONGEST_ACCOUNT:
        return text, []
    return text, [Problem("account", f"请写明整改情况（1–{LONGEST_ACCOUNT} 字），现为 {len(text)} 字。")]


def remark_of(value: Any, *, is_needed: bool) -> str:
    """What whoever rechecked says; needed where it did not pass."""
    if is_needed:
        return reason_of(value, "复查意见，说明还缺什么", field="remark", longest=LONGEST_REMARK)
    text = clean(value)
    if len(text) > LONGEST_REMARK:
        raise InvalidInput([Problem("remark", f"复查意见最多 {LONGEST_REMARK} 字，现为 {len(text)} 字，请缩短。")])
    return text


def check_deadline(due_on: dt.date, now: dt.datetime) -> list[Problem]:
    today = clock.local(now).date()
    if due_on < today:
        return [Problem("due_on", f"整改期限 {due_on} 已过，请改为 {today} 或以后。")]
    if due_on.year > today.year + 2:
        return [Problem("due_on", f"整改期限 {due_on} 太远，请核对年份。")]
    return []


def check_rectified_on(day: dt.date, ordered_at: dt.datetime, now: dt.datetime) -> list[Problem]:
    first, last = clock.local(ordered_at).date(), clock.local(now).date()
    if first <= day <= last:
        return []
    return [Problem("rectified_on", f"整改完成日期应在下达日期 {first} 与今天（{last}）之间，请改正。")]
