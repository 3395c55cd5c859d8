"""The only writers of weekly returns: save a draft, submit, send back, withdraw, and look ahead."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake import filings
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import canonical, sha256
from shuangjian.intake.sections import MOST_PROBLEMS, Checked, FiledWeek, Form, all_sections, check_payload
from shuangjian.journal.services import record, request_evaluation
from shuangjian.rules import engine
from shuangjian.rules.declare import Source, all_rules
from shuangjian.rules.periods import Span

State = WeeklyReturn.State

_EARLIEST = dt.date(2021, 9, 1)


def check_return(
    institution: Institution, week: Week, payload: Any, *, today: dt.date, only_class: str = ""
) -> Checked:
    """Check a payload against the unit and its calendar; InvalidInput with every problem when it cannot be saved.

    With ``only_class`` the payload is that class's part of the return.
    """
    if institution.kind != Institution.Kind.SCHOOL or not institution.stages:
        raise Refused(f"{institution.name}没有小学或初中学段，不填周报。", code="not_a_school")
    if week.monday > today + dt.timedelta(days=7) or week.sunday < _EARLIEST:
        raise InvalidInput(
            [Problem("week", f"{week.key} 不能填报：只接受 2021-W35 起、最晚到下一周的周报。", "wrong_week")]
        )
    checked = check_payload(Form.of(institution, week, only_class=only_class), payload)
    if checked.problems:
        total = len(checked.problems)
        more = f"（先列出前 {MOST_PROBLEMS} 处）" if total > MOST_PROBLEMS else ""
        raise InvalidInput(checked.problems[:MOST_PROBLEMS], f"周报有 {total} 处需要修改，数据没有保存{more}。")
    return checked


@transaction.atomic
def save_draft(
    institution: Institution,
    week: Week,
    payload: Any,
    *,
    actor: Any,
    now: dt.datetime,
    revision: int | None = None,
) -> WeeklyReturn:
    """Save a whole return as the unit's draft; what was submitted before stays judged until the next submit.

    ``revision`` is the one the editor started from: Conflict when somebody saved meanwhile. Saving the same content
    again changes nothing.
    """
    checked = check_return(institution, week, payload, today=now.date())
    weekly_return = _locked(institution, week, now)
    _expect(weekly_return, revision)
    if weekly_return.draft == checked.payload or (
        weekly_return.draft is None and weekly_return.is_judged and _is_current(weekly_return, sha256(checked.payload))
    ):
        return weekly_return
    weekly_return.draft = checked.payload
    weekly_return.draft_saved_at = now
    weekly_return.draft_saved_by = actor.audit_label
    _step(weekly_return, now, "draft", "draft_saved_at", "draft_saved_by")
    record("save_draft", actor=actor, institution_id=institution.pk, target=f"weekly-return:{week.key}")
    return weekly_return


@transaction.atomic
def submit_return(
    institution: Institution,
    week: Week,
    *,
    actor: Any,
    now: dt.datetime,
    door: str,
    payload: Any = None,
    revision: int | None = None,
) -> WeeklyReturn:
    """Submit the draft, or ``payload`` when given: a new version, item tables replaced, an evaluation asked for.

    One transaction. Refused while a school day has neither data nor tick. Submitting what already stands submitted
    changes nothing, so that a repeated click or a lost answer is harmless.
    """
    weekly_return = _locked(institution, week, now)
    _expect(weekly_return, revision)
    content = weekly_return.draft if payload is None else payload
    if content is None:
        if payload is None and weekly_return.state == State.SUBMITTED:
            return weekly_return
        raise Refused(f"{week.key} 还没有草稿，请先保存周报再提交。", code="no_draft", status=409)
    checked = check_return(institution, week, content, today=now.date())
    if week.monday > now.date():
        message = f"{week.key} 要到 {week.monday} 才开始，可以先保存草稿，开始后再提交。"
        raise InvalidInput([Problem("week", message, "wrong_week")])
    if checked.gaps:
        raise InvalidInput(
            [Problem(gap.section, gap.message, "missing") for gap in checked.gaps[:MOST_PROBLEMS]],
            f"有 {len(checked.gaps)} 个上课日既没有数据也没有勾选，请补填，"
            "或勾选“当日无作业”“当日无课后服务”“本周无课”。",
        )
    if weekly_return.state == State.SUBMITTED and _is_current(weekly_return, sha256(checked.payload)):
        if weekly_return.draft is not None:
            weekly_return.draft = None
            _step(weekly_return, now, "draft")
        return weekly_return
    version = _new_version(weekly_return, checked.payload, actor, door, now)
    _make_current(weekly_return, version, institution, week, now)
    record(
        "submit_return",
        actor=actor,
        institution_id=institution.pk,
        target=f"weekly-return:{week.key}",
        detail={"version": version.number, "sha256": version.sha256, "door": door},
    )
    _ask(institution, week, f"周报提交 {week.key} 第 {version.number} 版")
    return weekly_return


@transaction.atomic
def send_back_return(
    institution: Institution, week: Week, *, actor: Any, now: dt.datetime, remark: str
) -> WeeklyReturn:
    """退回 a submitted return with a remark; the version stays judged until the school submits a new one."""
    remark = _reason(remark, "退回原因")
    weekly_return = _locked(institution, week, now)
    if weekly_return.state != State.SUBMITTED:
        raise Conflict(f"只有“已提交”的周报可以退回，{week.key} 现在是“{weekly_return.get_state_display()}”。")
    weekly_return.state = State.RETURNED
    weekly_return.remark = remark
    if weekly_return.draft is None and weekly_return.current_version is not None:
        weekly_return.draft = weekly_return.current_version.payload
    _step(weekly_return, now, "state", "remark", "draft")
    record(
        "send_back_return",
        actor=actor,
        institution_id=institution.pk,
        target=f"weekly-return:{week.key}",
        detail={"remark": remark},
    )
    return weekly_return


@transaction.atomic
def withdraw_return(institution: Institution, week: Week, *, actor: Any, now: dt.datetime, reason: str) -> WeeklyReturn:
    """撤回 a submitted or returned return: it is judged no more, its content becomes the draft again."""
    reason = _reason(reason, "撤回原因")
    weekly_return = _locked(institution, week, now)
    if not weekly_return.is_judged:
        raise Conflict(f"只有已提交或已退回的周报可以撤回，{week.key} 现在是“{weekly_return.get_state_display()}”。")
    for section in all_sections():
        section.clear([FiledWeek(institution.pk, week, "{}")])
    weekly_return.state = State.WITHDRAWN
    weekly_return.remark = reason
    weekly_return.is_complete = False
    if weekly_return.draft is None and weekly_return.current_version is not None:
        weekly_return.draft = weekly_return.current_version.payload
    _step(weekly_return, now, "state", "remark", "draft", "is_complete")
    filings.note_withdrawn(institution, week)
    record(
        "withdraw_return",
        actor=actor,
        institution_id=institution.pk,
        target=f"weekly-return:{week.key}",
        detail={"reason": reason},
    )
    _ask(institution, week, f"周报撤回 {week.key}")
    return weekly_return


def preview_return(
    institution: Institution, week: Week, payload: Any, *, now: dt.datetime
) -> tuple[Checked, list[dict[str, Any]]]:
    """What a submit of ``payload`` would find, by the very rules of the engine; nothing of it stays.

    Returns the checked payload (with its gaps) and the findings-to-be, worst first.
    """
    checked = check_return(institution, week, payload, today=now.date())
    filed = [FiledWeek(institution.pk, week, canonical(checked.payload))]
    with engine.rehearsal():
        lock_institutions([institution.pk])
        for section in all_sections():
            section.replace(filed)
        rules = [rule for rule in all_rules() if rule.source is Source.RETURN]
        findings = engine.foresee(rules, [institution.pk], Span(week.monday, week.sunday), now=now)
    return checked, findings


def _locked(institution: Institution, week: Week, now: dt.datetime) -> WeeklyReturn:
    """The unit's return of the week, made when missing; the unit's lock serialises every writer and the engine."""
    lock_institutions([institution.pk])
    weekly_return, _ = WeeklyReturn.objects.select_related("current_version").get_or_create(
        institution=institution, week=week.monday, defaults={"changed_at": now}
    )
    return weekly_return


def _expect(weekly_return: WeeklyReturn, revision: int | None) -> None:
    if revision is not None and revision != weekly_return.revision:
        raise Conflict(
            f"周报已被{weekly_return.draft_saved_by or '他人'}修改（现为第 {weekly_return.revision} 次修订，"
            f"你打开的是第 {revision} 次），没有保存。请重新打开，核对后再填。",
            code="revision_conflict",
        )


def _is_current(weekly_return: WeeklyReturn, digest: str) -> bool:
    return weekly_return.current_version is not None and weekly_return.current_version.sha256 == digest


def _new_version(
    weekly_return: WeeklyReturn, payload: dict[str, Any], actor: Any, door: str, now: dt.datetime
) -> ReturnVersion:
    current = weekly_return.current_version
    version = ReturnVersion(
        weekly_return=weekly_return,
        number=1 if current is None else current.number + 1,
        payload=payload,
        sha256=sha256(payload),
        door=door,
        submitted_by=actor.audit_label,
        submitted_at=now,
    )
    version.full_clean(validate_unique=False, validate_constraints=False)
    version.save(force_insert=True)
    return version


def _make_current(
    weekly_return: WeeklyReturn, version: ReturnVersion, institution: Institution, week: Week, now: dt.datetime
) -> None:
    """From now on this version is what stands: the sections' tables, the return's state and the filing follow it."""
    filed = [FiledWeek(institution.pk, week, canonical(version.payload))]
    for section in all_sections():
        section.replace(filed)
    weekly_return.state = State.SUBMITTED
    weekly_return.current_version = version
    weekly_return.first_submitted_at = weekly_return.first_submitted_at or now
    weekly_return.is_complete = True
    weekly_return.draft = None
    weekly_return.remark = ""
    _step(weekly_return, now, "state", "current_version", "first_submitted_at", "is_complete", "draft", "remark")
    filings.note_submitted(institution, week, first_submitted_at=weekly_return.first_submitted_at)


def _step(weekly_return: WeeklyReturn, now: dt.datetime, *fields: str) -> None:
    weekly_return.revision += 1
    weekly_return.changed_at = now
    changed = {*fields, "revision", "changed_at"}
    # Only what changes is cleaned: a column that is still NULL (no draft yet) is no mistake of this step.
    untouched = {field.name for field in WeeklyReturn._meta.fields} - changed
    weekly_return.full_clean(exclude=untouched | {"draft", "remark"}, validate_unique=False, validate_constraints=False)
    weekly_return.save(update_fields=sorted(changed))


def _ask(institution: Institution, week: Week, cause: str) -> None:
    request_evaluation(institution_id=institution.pk, since=week.monday, until=week.sunday, cause=cause)


def _reason(text: str, label: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= 400:
        raise InvalidInput([Problem("reason", f"请填写{label}（1–400 字）。", "required")])
    return text
