"""What decides whether a return is taken and what becomes of it, for one unit's form as for a whole district's file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Problem, Refused
from shuangjian.core.weeks import Week
from shuangjian.intake.models import WeeklyReturn

State = WeeklyReturn.State

_EARLIEST = dt.date(2021, 9, 1)
NOTE_FOR_CORRECTION = "周报锁定过，更正时请填写更正说明（改了什么、为什么，1–400 字）；内容没有提交。"


def refusal_of_unit(institution: Institution) -> Refused | None:
    """Why the unit files no weekly returns; None when it does."""
    if institution.kind == Institution.Kind.SCHOOL and institution.stages:
        return None
    return Refused(f"{institution.name}没有小学或初中学段，不填周报。", code="not_a_school")


def problem_of_week(institution: Institution | None, week: Week, today: dt.date) -> Problem | None:
    """Why the unit's return of the week cannot be saved; None when it can.

    The week in which a unit closed is still filed.
    """
    if institution is not None and institution.closed_on is not None and institution.closed_on <= week.monday:
        return Problem(
            "week",
            f"{institution.name}已于 {institution.closed_on} 停办，{week.key} 不用填报；之前各周仍可更正。",
            "closed_unit",
        )
    if week.monday <= today + dt.timedelta(days=7) and week.sunday >= _EARLIEST:
        return None
    return Problem("week", f"{week.key} 不能填报：只接受 2021-W35 起、最晚到下一周的周报。", "wrong_week")


def problem_of_future(week: Week, today: dt.date) -> Problem | None:
    """Why a return of the week can be saved but not submitted yet; None when the week has begun."""
    if week.monday <= today:
        return None
    return Problem("week", f"{week.key} 要到 {week.monday} 才开始，可以先保存草稿，开始后再提交。", "wrong_week")


def is_current(weekly_return: WeeklyReturn, digest: str) -> bool:
    """Whether the newest submitted version has this content."""
    return weekly_return.current_version is not None and weekly_return.current_version.sha256 == digest


def is_repeat(weekly_return: WeeklyReturn, digest: str, note: str) -> bool:
    """Whether this content stands already. To a return sent back a new note is an answer, even with equal content."""
    current = weekly_return.current_version
    if current is None or not weekly_return.is_judged or current.sha256 != digest:
        return False
    return weekly_return.state != State.RETURNED or note in ("", current.note)


def is_correction(weekly_return: WeeklyReturn) -> bool:
    """Whether a new version would be submitted after a lock; it needs a note (NOTE_FOR_CORRECTION)."""
    return weekly_return.locked_at is not None


def submit_detail(number: int, digest: str, door: str, before: str, note: str) -> dict[str, Any]:
    """What the journal keeps of a submit."""
    return {"version": number, "sha256": digest, "door": door, "from": before, "note": note}


def submit_act(before: str) -> str:
    """The step's verb: submitting out of the lock is a correction."""
    return "correct" if before == State.LOCKED else "submit"


def submit_cause(week: Week, number: int) -> str:
    """Why the unit's week is to be judged again."""
    return f"周报提交 {week.key} 第 {number} 版"
