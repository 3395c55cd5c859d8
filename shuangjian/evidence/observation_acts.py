"""核查情况: recorded as a clue, confirmed or refuted by a person, rectified. Only what is confirmed counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.bureau.ties import tied_to
from shuangjian.core import clock
from shuangjian.core.choices import Severity
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.querysets import power_of
from shuangjian.evidence.choices import Source, State
from shuangjian.evidence.followers import pending_of, tell_withdrawn
from shuangjian.evidence.kinds import due_date, find_kind, kind_label, kinds_for
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.numbers import next_numbers
from shuangjian.evidence.scope import ABOVE, BUREAU, GIVES_AWAY, names_complainant, without_people
from shuangjian.evidence.words import LONGEST_TEXT, clean, reason_of
from shuangjian.journal.services import Asked, record, request_evaluations

#: States that a person's decision leads to.
DECIDED = frozenset({State.CONFIRMED, State.REFUTED})
_LONGEST_ABOUT = 80


@dataclass(frozen=True)
class Act:
    """One act: the roles that may do it, by state."""

    name: str
    verb: str
    may: Mapping[str, frozenset[str]]

    def is_open_to(self, actor: Any, observation: Observation) -> bool:
        """Whether ``actor`` may do it to the observation as it stands; 整改完成 not while a rectification is to end."""
        if power_of(actor) not in self.may.get(observation.state, frozenset()):
            return False
        return self is not RECTIFY or (observation.rectified_on is None and not pending_of(observation))


CONFIRM = Act("confirm", "认定查实", {State.CLUE: ABOVE, State.CHECKING: ABOVE})
REFUTE = Act("refute", "认定未查实", {State.CLUE: ABOVE, State.CHECKING: ABOVE})
RECTIFY = Act("rectify", "登记整改完成", {State.CONFIRMED: ABOVE})
CHANGE = Act("change", "更正", {State.CLUE: ABOVE, State.CHECKING: ABOVE, State.CONFIRMED: ABOVE})
WITHDRAW = Act("withdraw", "撤回认定", {State.CONFIRMED: BUREAU, State.REFUTED: BUREAU})
ACTS = (CONFIRM, REFUTE, RECTIFY, WITHDRAW)


@transaction.atomic
def record_observation(
    institution: Institution,
    *,
    kind: str,
    occurred_on: dt.date,
    source: str,
    text: str,
    actor: Any,
    about: str = "",
    severity: int | None = None,
    complaint: Complaint | None = None,
    now: dt.datetime | None = None,
) -> Observation:
    """Note what was found as a 线索: nothing is judged by it before a person confirms it.

    ``kind`` is a registered code that fits the institution; ``about`` as in findings (``course:C-01``).
    """
    _check_role(ABOVE, "核查情况", actor)
    today = _today(now)
    text, about = clean(text), clean(about)
    problems = _mistakes(institution, kind, occurred_on, source, text, about, severity, today)
    if problems:
        raise InvalidInput(problems)
    found = Observation(
        number=next_numbers(Observation, "GC", today.year, 1)[0],
        institution=institution,
        kind=kind,
        about=about,
        occurred_on=occurred_on,
        source=source,
        text=text,
        severity=severity,
        complaint=complaint,
    )
    found.save(force_insert=True)
    _note("record", found, actor, {"kind": kind, "source": source, "occurred_on": occurred_on.isoformat()})
    return found


@transaction.atomic
def confirm_observation(
    pk: int,
    *,
    actor: Any,
    due_on: dt.date | None = None,
    severity: int | None = None,
    now: dt.datetime | None = None,
) -> Observation:
    """查实 from today on; ``due_on`` is the last day to rectify, by default the workdays of the severity."""
    found, today = _locked(CONFIRM, pk, actor), _today(now)
    if severity is not None:
        if severity not in Severity.values:
            raise InvalidInput([Problem("severity", "等级应为 1–4。")])
        found.severity = severity
    kind = find_kind(found.kind)
    worst = found.severity or (kind.severity if kind else Severity.VIOLATION)
    if due_on is not None and due_on < today:
        raise InvalidInput([Problem("due_on", f"整改期限 {due_on} 早于查实日期 {today}，请改正。")])
    found.state, found.confirmed_on, found.due_on = State.CONFIRMED, today, due_on or due_date(today, worst, kind)
    found.decided_by = actor if isinstance(actor, User) else None
    found.save(update_fields=["state", "confirmed_on", "due_on", "severity", "decided_by"])
    _note("confirm", found, actor, {"due_on": str(found.due_on or "")})
    _judge(found, now, "核查查实")
    return found


@transaction.atomic
def refute_observation(pk: int, *, actor: Any, reason: str, now: dt.datetime | None = None) -> Observation:
    """未查实, with a reason, which the journal keeps."""
    found = _locked(REFUTE, pk, actor)
    reason = reason_of(reason, "未查实的理由")
    found.state, found.decided_by = State.REFUTED, actor if isinstance(actor, User) else None
    found.save(update_fields=["state", "decided_by"])
    _note("refute", found, actor, {"reason": without_people(reason, found.complaint)})
    _judge(found, now, "核查未查实")
    return found


@transaction.atomic
def rectify_observation(
    pk: int, *, actor: Any, rectified_on: dt.date | None = None, now: dt.datetime | None = None
) -> Observation:
    """登记整改完成 of what was confirmed, as of ``rectified_on`` (today unless said): the finding clears.

    Conflict where a rectification was ordered for it and is not over: that one is rechecked.
    """
    found = _locked(RECTIFY, pk, actor)
    return rectify(found, rectified_on=rectified_on, actor=actor, now=now)


def rectify(found: Observation, *, rectified_on: dt.date | None, actor: Any, now: dt.datetime | None) -> Observation:
    """整改完成 of a locked observation that is confirmed, within the caller's transaction; who may is the caller's."""
    today = _today(now)
    day = rectified_on or today
    if not found.occurred_on <= day <= today:
        raise InvalidInput([Problem("rectified_on", f"整改日期应在 {found.occurred_on} 与今天之间，请改正。")])
    found.rectified_on = day
    found.save(update_fields=["rectified_on"])
    _note("rectify", found, actor, {"rectified_on": day.isoformat()})
    _judge(found, now, "整改完成")
    return found


@transaction.atomic
def change_observation(
    pk: int,
    *,
    text: str,
    severity: int | None,
    due_on: dt.date | None = None,
    actor: Any,
    now: dt.datetime | None = None,
) -> Observation:
    """更正 what was written down of it: the text, the severity (None: the kind's) and, where it is confirmed and
    ``due_on`` is given, the last day to rectify. What people decided stays."""
    found, today = _locked(CHANGE, pk, actor), _today(now)
    text = clean(text)
    problems = _mistakes(
        found.institution, found.kind, found.occurred_on, found.source, text, found.about, severity, today
    )
    if found.complaint is not None and names_complainant(text, found.complaint):
        problems.append(Problem("text", f"{GIVES_AWAY}，请删去。"))
    if problems:
        raise InvalidInput(problems)
    found.text, found.severity = text, severity
    if found.state == State.CONFIRMED and due_on is not None:
        found.due_on = due_on
    found.save(update_fields=["text", "severity", "due_on"])
    _note("change", found, actor, {"severity": severity, "due_on": str(found.due_on or "")})
    _judge(found, now, "更正核查情况")
    return found


@transaction.atomic
def withdraw_observation(pk: int, *, actor: Any, reason: str, now: dt.datetime | None = None) -> Observation:
    """撤回认定, with a reason: back to 核查中. What a complaint led to is taken back with the complaint's decision."""
    found = _locked(WITHDRAW, pk, actor)
    if found.complaint is not None and found.complaint.is_confirmed:
        raise Conflict(f"{found.number} 由投诉 {found.complaint.number} 查实，请在那一件上撤回认定。")
    return withdraw(found, actor=actor, reason=reason_of(reason, "撤回认定的原因"), now=now)


def withdraw(
    found: Observation, *, actor: Any, reason: str, now: dt.datetime | None, to: State = State.CHECKING
) -> Observation:
    """Take the decision on a locked observation back, within the caller's transaction; it is ``to`` from now on."""
    found.state = to
    found.confirmed_on = found.due_on = found.rectified_on = found.decided_by = None
    found.save(update_fields=["state", "confirmed_on", "due_on", "rectified_on", "decided_by"])
    shown = without_people(reason, found.complaint)
    _note("withdraw", found, actor, {"reason": shown})
    tell_withdrawn(found, actor=actor, reason=shown, now=now or clock.now())
    _judge(found, now, "撤回核查认定")
    return found


def _mistakes(
    institution: Institution,
    kind: str,
    occurred_on: dt.date,
    source: str,
    text: str,
    about: str,
    severity: int | None,
    today: dt.date,
) -> list[Problem]:
    problems = []
    known = find_kind(kind)
    if known is None or not known.fits(institution):
        names = "、".join(each.label for each in kinds_for(institution))
        wrong = f"“{kind_label(kind)[:30]}”不能用于{institution.get_kind_display()}" if kind else "请选择事项"
        problems.append(Problem("kind", f"{wrong}，可选：{names}。"))
    if occurred_on > today:
        problems.append(Problem("occurred_on", f"发生日期 {occurred_on} 晚于今天，请核对。"))
    if occurred_on.year < 2000:
        problems.append(Problem("occurred_on", f"发生日期 {occurred_on} 太早，请核对年份。"))
    if source not in Source.values:
        problems.append(Problem("source", f"请选择来源：{'、'.join(str(label) for label in Source.labels)}。"))
    if not 1 <= len(text) <= LONGEST_TEXT:
        problems.append(Problem("text", f"请写明情况（1–{LONGEST_TEXT} 字）。"))
    if len(about) > _LONGEST_ABOUT:
        problems.append(Problem("about", f"涉及对象最多 {_LONGEST_ABOUT} 字。"))
    if severity is not None and severity not in Severity.values:
        problems.append(Problem("severity", "等级应为 1–4。"))
    return problems


def _locked(act: Act, pk: int, actor: Any) -> Observation:
    rows = Observation.objects.select_for_update(of=("self",)).select_related("institution", "complaint")
    found = rows.get(pk=pk)
    _check_role(frozenset().union(*act.may.values()), act.verb, actor)
    if not act.is_open_to(actor, found):
        number = pending_of(found) if act is RECTIFY else ""
        if number:
            raise Conflict(f"{found.number} 已下达整改 {number}，请在那一项上复查；复查通过，即登记整改完成。")
        done = f"，已于 {found.rectified_on} 整改完成" if found.rectified_on else ""
        raise Conflict(
            f"{found.number} 现在是“{found.get_state_display()}”{done}，不能{act.verb}；"
            "认定有误的，由区教育局撤回认定。"
        )
    return found


def _check_role(powers: frozenset[str], verb: str, actor: Any) -> None:
    if power_of(actor) not in powers:
        who = "区教育局" if powers == BUREAU else "区教育局、教育指导中心、镇街"
        raise Refused(f"{verb}由{who}办理。", code="role", status=403)


def _note(act: str, found: Observation, actor: Any, detail: dict[str, Any]) -> None:
    record(
        f"{act}_observation",
        actor=actor,
        institution_id=found.institution_id,
        target=f"observation:{found.number}",
        detail={**detail, "state": found.state},
    )


def _judge(found: Observation, now: dt.datetime | None, cause: str) -> None:
    """Ask for the institution, and for those tied to it: what is done there later counts as done again."""
    today = _today(now)
    since = min(found.occurred_on, today)
    tied = tied_to(found.institution_id)
    request_evaluations(Asked(each, since, today, cause) for each in (found.institution_id, *sorted(tied)))


def _today(now: dt.datetime | None) -> dt.date:
    return clock.local(now).date() if now is not None else clock.today()
