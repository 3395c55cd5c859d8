"""What every writer of a weekly return shares: its row under the unit's lock, and one step of its life written down."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.events import VERBS, standing_event
from shuangjian.intake.models import WeeklyReturn

LONGEST = 400

HOW_TO_CORRECT = "确需更正，请由学校填报员在周报页面“申请更正”，写明原因；区教育局同意后，在期限内提交更正。"


def locked_row(institution: Institution, week: Week, now: dt.datetime) -> WeeklyReturn:
    """The unit's return of the week, made when missing; the unit's lock serialises every writer and the engine."""
    lock_institutions([institution.pk])
    weekly_return, _ = WeeklyReturn.objects.select_related("current_version").get_or_create(
        institution=institution, week=week.monday, defaults={"changed_at": now}
    )
    return weekly_return


def take_step(weekly_return: WeeklyReturn, now: dt.datetime, *fields: str) -> None:
    """Save these fields as the return's next revision."""
    weekly_return.revision += 1
    weekly_return.changed_at = now
    changed = {*fields, "revision", "changed_at"}
    # Only what changes is cleaned: a column that is still NULL (no draft yet) is no mistake of this step.
    untouched = {field.name for field in WeeklyReturn._meta.fields} - changed
    weekly_return.full_clean(
        exclude=untouched | {"draft", "remark", "locked_at", "reopened_until"},
        validate_unique=False,
        validate_constraints=False,
    )
    weekly_return.save(update_fields=sorted(changed))


def expect_revision(weekly_return: WeeklyReturn, revision: int | None) -> None:
    """Conflict when somebody saved or decided something since ``revision``; None expects nothing."""
    if revision is not None and revision != weekly_return.revision:
        raise Conflict(
            f"周报{_last_change(weekly_return)}（现为第 {weekly_return.revision} 次修订，"
            f"您打开的是第 {revision} 次），没有保存。请核对现在的内容，再决定以谁的为准。",
            code="revision_conflict",
        )


def _last_change(weekly_return: WeeklyReturn) -> str:
    """Who did what last: a draft saved, or a step of the review."""
    event = weekly_return.events.order_by("-at", "-id").first()
    saved_at = weekly_return.draft_saved_at
    if saved_at is not None and (event is None or event.at <= saved_at):
        return f"已被 {weekly_return.draft_saved_by}修改"
    return f"已被 {event.actor}{VERBS[event.act]}" if event is not None else "已被他人修改"


def refusal_of_locked(weekly_return: WeeklyReturn) -> Conflict:
    """Why a locked return takes nothing: the reason, who and when, and how to ask for a correction."""
    event = standing_event(weekly_return)
    by = f"由{event.actor}" if event is not None else ""
    at = f"于 {clock.local(weekly_return.locked_at):%Y-%m-%d %H:%M} " if weekly_return.locked_at else ""
    until = weekly_return.reopened_until
    over = f"更正期已于 {clock.local(until):%Y-%m-%d %H:%M} 结束。" if until is not None else ""
    return Conflict(
        f"{weekly_return.week_key} 的周报已{at}{by}锁定，没有保存。锁定原因：{weekly_return.remark}。"
        f"{over}{HOW_TO_CORRECT}".replace("。。", "。"),
        code="locked",
    )


def reason_of(text: str, label: str, field: str = "reason") -> str:
    """The reason, trimmed; InvalidInput when it is missing or too long."""
    text = _text(text)
    if not 1 <= len(text) <= LONGEST:
        raise InvalidInput([Problem(field, f"请填写{label}（1–{LONGEST} 字）。", "required")])
    return text


def note_of(text: str, label: str, field: str = "note") -> str:
    """An optional note, trimmed; InvalidInput when it is too long."""
    text = _text(text)
    if len(text) > LONGEST:
        raise InvalidInput([Problem(field, f"{label}最多 {LONGEST} 字，现为 {len(text)} 字，请缩短。", "too_long")])
    return text


def _text(text: str) -> str:
    """Without NUL characters: PostgreSQL keeps none."""
    return (text or "").replace("\x00", "").strip()


def label_of(actor: Any) -> str:
    """Who acts, as the journal writes it; None is the portal itself."""
    return "系统" if actor is None else str(actor.audit_label)
