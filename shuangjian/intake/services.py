"""What a school does with its weekly return: save a draft, submit, withdraw, and look ahead.

With review.py, which holds what towns, centres and the bureau do, the only writer of weekly returns.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake import filings, standing
from shuangjian.intake.events import add_event
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import canonical, sha256
from shuangjian.intake.sections import MOST_PROBLEMS, Checked, FiledWeek, Form, all_sections, check_payload
from shuangjian.intake.steps import (
    expect_revision,
    locked_row,
    note_of,
    reason_of,
    refusal_of_locked,
    take_step,
)
from shuangjian.intake.sufficiency import sufficient_for
from shuangjian.journal.services import record, request_evaluation
from shuangjian.rules import engine
from shuangjian.rules.declare import Source, all_rules
from shuangjian.rules.observed import is_seen_by_people
from shuangjian.rules.periods import Span

State = WeeklyReturn.State


def check_return(
    institution: Institution, week: Week, payload: Any, *, today: dt.date, only_class: str = ""
) -> Checked:
    """Check a payload against the unit and its calendar; InvalidInput with every problem when it cannot be saved.

    With ``only_class`` the payload is that class's part of the return.
    """
    refusal = standing.refusal_of_unit(institution)
    if refusal is not None:
        raise refusal
    problem = standing.problem_of_week(institution, week, today)
    if problem is not None:
        raise InvalidInput([problem])
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
    again changes nothing. A locked return takes no draft (Conflict "locked") until a correction was granted.
    """
    checked = check_return(institution, week, payload, today=now.date())
    weekly_return = locked_row(institution, week, now)
    if weekly_return.is_locked_at(now):
        if standing.is_current(weekly_return, sha256(checked.payload)):
            return weekly_return
        raise refusal_of_locked(weekly_return)
    expect_revision(weekly_return, revision)
    if weekly_return.draft == checked.payload or (
        weekly_return.draft is None
        and weekly_return.is_judged
        and standing.is_current(weekly_return, sha256(checked.payload))
    ):
        return weekly_return
    weekly_return.draft = checked.payload
    weekly_return.draft_saved_at = now
    weekly_return.draft_saved_by = actor.audit_label
    take_step(weekly_return, now, "draft", "draft_saved_at", "draft_saved_by")
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
    note: str = "",
) -> WeeklyReturn:
    """Submit the draft, or ``payload`` when given: a new version, item tables replaced, an evaluation asked for.

    One transaction. Refused while a school day has neither data nor tick, and while the return is locked (Conflict
    "locked"). ``note`` (说明, at most 400 characters) travels with the version to whoever reviews it; a return that was
    locked once is corrected only with a note. A new version is reviewed anew, whatever was decided about the last one.
    Submitting what already stands changes nothing, so that a repeated click or a lost answer is harmless; only what
    was sent back can be answered with a note alone.
    """
    note = note_of(note, "说明")
    weekly_return = locked_row(institution, week, now)
    if weekly_return.is_locked_at(now):
        return _repeat_on_locked(weekly_return, institution, week, payload)
    expect_revision(weekly_return, revision)
    content = weekly_return.draft if payload is None else payload
    if content is None:
        if payload is None and weekly_return.is_judged:
            return weekly_return
        raise Refused(f"{week.key} 还没有草稿，请先保存周报再提交。", code="no_draft", status=409)
    checked = _complete(institution, week, content, now)
    if standing.is_repeat(weekly_return, sha256(checked.payload), note):
        return _drop_repeated_draft(weekly_return, now)
    is_correction = standing.is_correction(weekly_return)
    if is_correction and not note:
        message = standing.NOTE_FOR_CORRECTION
        raise InvalidInput([Problem("note", message, "required")], message)
    version = _new_version(weekly_return, checked.payload, actor, door, now, note=note, is_correction=is_correction)
    before = weekly_return.state
    _make_current(weekly_return, version, institution, week, now)
    act = standing.submit_act(before)
    add_event(weekly_return, act, from_state=before, actor=actor, now=now, note=note, version=version.number)
    record(
        "submit_return",
        actor=actor,
        institution_id=institution.pk,
        target=f"weekly-return:{week.key}",
        detail=standing.submit_detail(version.number, version.sha256, door, before, note),
    )
    _ask(institution, week, standing.submit_cause(week, version.number))
    return weekly_return


def _drop_repeated_draft(weekly_return: WeeklyReturn, now: dt.datetime) -> WeeklyReturn:
    """What stands already needs no draft; on a return sent back it stays, since that return still wants an answer."""
    if weekly_return.draft is not None and weekly_return.state != State.RETURNED:
        weekly_return.draft = None
        take_step(weekly_return, now, "draft")
    return weekly_return


@transaction.atomic
def withdraw_return(institution: Institution, week: Week, *, actor: Any, now: dt.datetime, reason: str) -> WeeklyReturn:
    """撤回 a submitted or returned return: it is judged no more, its content becomes the draft again.

    What was approved or accepted must be sent back first.
    """
    reason = reason_of(reason, "撤回原因")
    weekly_return = locked_row(institution, week, now)
    before = weekly_return.state
    if before not in (State.SUBMITTED, State.RETURNED):
        raise _cannot_withdraw(weekly_return, now)
    for section in all_sections():
        section.clear([FiledWeek(institution.pk, week, "{}")])
    weekly_return.state = State.WITHDRAWN
    weekly_return.remark = reason
    weekly_return.is_complete = False
    weekly_return.sufficient_for = []
    current = weekly_return.current_version
    if weekly_return.draft is None and current is not None:
        weekly_return.draft = current.payload
    take_step(weekly_return, now, "state", "remark", "draft", "is_complete", "sufficient_for")
    filings.note_withdrawn(institution, week)
    number = current.number if current else None
    add_event(weekly_return, "withdraw", from_state=before, actor=actor, now=now, note=reason, version=number)
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
    return checked, [found for found in findings if not is_seen_by_people(found["about"])]


def _complete(institution: Institution, week: Week, content: Any, now: dt.datetime) -> Checked:
    """Check what is to be submitted: a week that has begun, and no school day without data or tick."""
    checked = check_return(institution, week, content, today=now.date())
    problem = standing.problem_of_future(week, now.date())
    if problem is not None:
        raise InvalidInput([problem])
    if checked.gaps:
        raise InvalidInput(
            [Problem(gap.section, gap.message, "missing") for gap in checked.gaps[:MOST_PROBLEMS]],
            f"有 {len(checked.gaps)} 个上课日既没有数据也没有勾选，请补填，"
            "或勾选“当日无作业”“当日无课后服务”“本周无课”。",
        )
    return checked


def _repeat_on_locked(weekly_return: WeeklyReturn, institution: Institution, week: Week, payload: Any) -> WeeklyReturn:
    """The return itself when the very content that is locked was sent again; refused when it is anything else."""
    if payload is not None:
        sent = check_payload(Form.of(institution, week), payload)
        if sent.problems or not standing.is_current(weekly_return, sha256(sent.payload)):
            raise refusal_of_locked(weekly_return)
    elif weekly_return.draft is not None:
        raise refusal_of_locked(weekly_return)
    return weekly_return


def _cannot_withdraw(weekly_return: WeeklyReturn, now: dt.datetime) -> Conflict:
    state = weekly_return.get_state_display()
    if weekly_return.is_locked_at(now):
        return refusal_of_locked(weekly_return)
    how = {
        State.APPROVED: "请先联系审核单位退回，再撤回；只改几处数字不必撤回，直接修改后提交更正即可。",
        State.ACCEPTED: "请先联系区教育局退回，再撤回；只改几处数字不必撤回，直接修改后提交更正即可。",
        State.LOCKED: "更正期内请直接修改后提交更正。",
        State.DRAFT: "还没有提交，不需要撤回。",
        State.WITHDRAWN: "已经撤回，请修改后重新提交。",
    }
    return Conflict(
        f"只有已提交或已退回的周报可以撤回，{weekly_return.week_key} 现在是“{state}”。{how[State(weekly_return.state)]}"
    )


def _new_version(
    weekly_return: WeeklyReturn,
    payload: dict[str, Any],
    actor: Any,
    door: str,
    now: dt.datetime,
    *,
    note: str,
    is_correction: bool,
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
        note=note,
        is_correction=is_correction,
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
    key = institution.pk, week.monday
    weekly_return.sufficient_for = sufficient_for([key])[key]
    weekly_return.draft = None
    weekly_return.remark = ""
    weekly_return.reopened_until = None
    taken = ("state", "current_version", "first_submitted_at", "draft", "remark", "reopened_until")
    take_step(weekly_return, now, *taken, "is_complete", "sufficient_for")
    filings.note_submitted(institution, week, first_submitted_at=weekly_return.first_submitted_at)


def _ask(institution: Institution, week: Week, cause: str) -> None:
    request_evaluation(institution_id=institution.pk, since=week.monday, until=week.sunday, cause=cause)
