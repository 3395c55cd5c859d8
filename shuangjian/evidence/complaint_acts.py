"""线索 → 核查 → 查实/未查实 → 办结: the acts on one complaint, who may do which from which state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.querysets import power_of
from shuangjian.evidence import observation_acts as observations
from shuangjian.evidence.choices import ComplaintState, Source, State
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.scope import ABOVE, BUREAU, GIVES_AWAY, complaints_of, names_complainant, without_people
from shuangjian.evidence.words import reason_of
from shuangjian.journal.services import record, request_evaluation

_S = ComplaintState
_LONGEST_REPLY = 2000


@dataclass(frozen=True)
class Act:
    """One act: the roles that may do it, by state. ``if_duplicate``: further states for what repeats another one."""

    name: str
    verb: str
    may: Mapping[str, frozenset[str]]
    if_duplicate: frozenset[str] = frozenset()

    def is_open_to(self, actor: Any, complaint: Complaint) -> bool:
        """Whether ``actor`` may do it to the complaint as it stands."""
        power = power_of(actor)
        if complaint.duplicate_of_id is not None:
            # What repeats another complaint has no proceedings of its own: it is untied, or answered and closed.
            if self.name == "reply_and_close":
                return power in ABOVE and complaint.state in (set(self.may) | self.if_duplicate)
            return self.name == "mark_duplicate" and power in self.may.get(complaint.state, frozenset())
        return power in self.may.get(complaint.state, frozenset())


LINK = Act("link", "关联单位", {_S.CLUE: ABOVE, _S.CHECKING: ABOVE})
MARK_DUPLICATE = Act("mark_duplicate", "标为重复", {_S.CLUE: ABOVE, _S.CHECKING: ABOVE})
START_CHECK = Act("start_check", "开始核查", {_S.CLUE: ABOVE})
DECIDE = Act("decide", "认定", {_S.CHECKING: ABOVE})
# Closing is answered for towards the complainant: what is decided wrongly only the bureau takes back.
WITHDRAW = Act("withdraw", "撤回认定", {_S.CONFIRMED: BUREAU, _S.REFUTED: BUREAU, _S.CLOSED: BUREAU})
CLOSE = Act(
    "reply_and_close", "答复并办结", {_S.CONFIRMED: ABOVE, _S.REFUTED: ABOVE}, frozenset({_S.CLUE, _S.CHECKING})
)
ACTS = (LINK, MARK_DUPLICATE, START_CHECK, DECIDE, WITHDRAW, CLOSE)

_NEXT: dict[str, str] = {
    _S.CLUE: "请先开始核查；与另一件重复的，先标为重复。",
    _S.CHECKING: "核查后请认定为查实或未查实。",
    _S.CONFIRMED: "请答复投诉人并办结；认定有误的，由区教育局撤回认定。",
    _S.REFUTED: "请答复投诉人并办结；认定有误的，由区教育局撤回认定。",
    _S.CLOSED: "已办结的不再办理；认定有误的，由区教育局写明原因撤回认定。",
}


@dataclass(frozen=True)
class Found:
    """What the check found at the institution: a new observation, or an existing one by its number (``observation``).

    ``text`` is read by the institution; ``severity`` None: that of the kind; ``due_on`` None: by severity.
    """

    kind: str = ""
    occurred_on: dt.date | None = None
    text: str = ""
    about: str = ""
    severity: int | None = None
    due_on: dt.date | None = None
    observation: str = ""


@transaction.atomic
def link_to_institution(pk: int, *, institution: Institution, actor: Any, now: dt.datetime | None = None) -> Complaint:
    """关联单位: say whom it is about; judging follows for the institution before and for the one now."""
    complaint = _locked(LINK, pk, actor)
    if hasattr(actor, "jurisdiction") and not Institution.objects.visible_to(actor).filter(pk=institution.pk).exists():
        raise InvalidInput([Problem("institution", "这个单位不在您的管辖范围内，请联系区教育局关联。")])
    if complaint.institution_id == institution.pk:
        raise Conflict(f"{complaint.number} 已关联到“{institution.name}”，不必重复关联。")
    before = complaint.institution_id
    complaint.institution, complaint.town = institution, institution.town or complaint.town
    complaint.save(update_fields=["institution", "town"])
    _note(LINK, complaint, actor, {"from": before})
    for each in {before, institution.pk} - {None}:
        _judge(each, complaint.received_on, now, "投诉举报关联单位")
    return complaint


@transaction.atomic
def mark_duplicate(pk: int, *, of: str, actor: Any, now: dt.datetime | None = None) -> Complaint:
    """标为重复 of the complaint with number ``of``, which then counts alone; "" unties it again."""
    complaint = _locked(MARK_DUPLICATE, pk, actor)
    main = None
    if of:
        # The portal's own jobs have no jurisdiction to keep to.
        known = complaints_of(actor) if hasattr(actor, "jurisdiction") else Complaint.objects.all()
        main = known.filter(number=of).first()
        if main is None:
            raise InvalidInput([Problem("of", f"没有登记号为“{of[:30]}”的投诉，或不在您的管辖范围内，请核对。")])
        if main.pk == complaint.pk:
            raise InvalidInput([Problem("of", "不能标为与自己重复，请填另一件的登记号。")])
        if main.duplicate_of_id is not None:
            raise InvalidInput([Problem("of", f"{main.number} 本身已标为重复，请填它所重复的那一件。")])
        if complaint.duplicates.exists():
            raise InvalidInput([Problem("of", "已有其他投诉标为与本件重复，请先把那些改为与主件重复。")])
    complaint.duplicate_of = main
    complaint.save(update_fields=["duplicate_of"])
    _note(MARK_DUPLICATE, complaint, actor, {"of": main.number if main else ""})
    _judge(complaint.institution_id, complaint.received_on, now, "投诉举报标为重复")
    return complaint


@transaction.atomic
def start_check(pk: int, *, actor: Any, now: dt.datetime | None = None) -> Complaint:
    """线索 → 核查中. The institution's outcomes stay as they are: a clue alone proves nothing."""
    complaint = _locked(START_CHECK, pk, actor)
    complaint.state = _S.CHECKING
    complaint.save(update_fields=["state"])
    _note(START_CHECK, complaint, actor, {})
    return complaint


@transaction.atomic
def decide(
    pk: int,
    *,
    is_confirmed: bool,
    actor: Any,
    found: Found | None = None,
    reason: str = "",
    now: dt.datetime | None = None,
) -> Complaint:
    """核查中 → 查实 with what was found (makes or confirms an observation), or 未查实 with a reason."""
    complaint = _locked(DECIDE, pk, actor)
    detail: dict[str, Any] = {"is_confirmed": is_confirmed}
    if is_confirmed:
        detail["observation"] = _observe(complaint, found or Found(), actor, now).number
    else:
        detail["reason"] = without_people(reason_of(reason, "未查实的理由"), complaint)
    complaint.state = _S.CONFIRMED if is_confirmed else _S.REFUTED
    complaint.is_confirmed = is_confirmed
    complaint.save(update_fields=["state", "is_confirmed"])
    _note(DECIDE, complaint, actor, detail)
    _judge(complaint.institution_id, complaint.received_on, now, f"投诉举报{complaint.get_state_display()}")
    return complaint


@transaction.atomic
def withdraw_decision(pk: int, *, actor: Any, reason: str, now: dt.datetime | None = None) -> Complaint:
    """撤回认定, with a reason: back to 核查中; what it had found true counts no longer. The bureau only."""
    complaint = _locked(WITHDRAW, pk, actor)
    reason = reason_of(reason, "撤回认定的原因")
    for each in complaint.observations.select_for_update().order_by("pk"):
        if each.state in observations.DECIDED:
            observations.withdraw(each, actor=actor, reason=reason, now=now)
    complaint.state, complaint.is_confirmed = _S.CHECKING, None
    complaint.save(update_fields=["state", "is_confirmed"])
    _note(WITHDRAW, complaint, actor, {"reason": without_people(reason, complaint)})
    _judge(complaint.institution_id, complaint.received_on, now, "撤回投诉举报的认定")
    return complaint


@transaction.atomic
def reply_and_close(
    pk: int, *, reply: str, actor: Any, replied_on: dt.date | None = None, now: dt.datetime | None = None
) -> Complaint:
    """答复并办结: what the complainant was told and when (today unless said). A duplicate is closed with its reply."""
    complaint = _locked(CLOSE, pk, actor)
    today = _today(now)
    reply, replied_on = reason_of(reply, "答复内容", "reply", _LONGEST_REPLY), replied_on or today
    if not complaint.received_on <= replied_on <= today:
        text = f"答复日期应在受理日期 {complaint.received_on} 与今天之间，请改正。"
        raise InvalidInput([Problem("replied_on", text)])
    complaint.state, complaint.reply, complaint.replied_on = _S.CLOSED, reply, replied_on
    complaint.save(update_fields=["state", "reply", "replied_on"])
    _note(CLOSE, complaint, actor, {"replied_on": replied_on.isoformat(), "late": replied_on > complaint.reply_due_on})
    return complaint


def _observe(complaint: Complaint, found: Found, actor: Any, now: dt.datetime | None) -> Observation:
    if complaint.institution is None:
        raise Refused(f"{complaint.number} 还没有关联单位，不能认定为查实；请先关联单位。", code="unlinked")
    _names_nobody("text", found.text, complaint)
    _names_nobody("about", found.about, complaint)
    if found.observation:
        rows = Observation.objects.select_for_update().filter(institution=complaint.institution)
        known = rows.filter(number=found.observation).first()
        if known is None:
            raise InvalidInput([Problem("observation", f"这个单位没有编号为“{found.observation[:30]}”的核查情况。")])
        _names_nobody("observation", f"{known.text}\n{known.about}", complaint)
        known.complaint = complaint
        known.save(update_fields=["complaint"])
    else:
        known = observations.record_observation(
            complaint.institution,
            kind=found.kind,
            about=found.about,
            occurred_on=found.occurred_on or complaint.received_on,
            source=Source.COMPLAINT,
            text=found.text,
            severity=found.severity,
            complaint=complaint,
            actor=actor,
            now=now,
        )
    if known.state not in observations.DECIDED:
        observations.confirm_observation(known.pk, actor=actor, due_on=found.due_on, severity=found.severity, now=now)
    elif known.state == State.REFUTED:
        raise Conflict(f"{known.number} 已认定为未查实，不能据以认定投诉查实；请先撤回那一条的认定。")
    return known


def _names_nobody(path: str, text: str, complaint: Complaint) -> None:
    """InvalidInput where a text that the institution will read names who complained, here or in what repeats it."""
    if any(names_complainant(text, each) for each in (complaint, *complaint.duplicates.all())):
        how = "请另行登记一条不写投诉人的" if path == "observation" else "请删去"
        raise InvalidInput([Problem(path, f"{GIVES_AWAY}，{how}。")])


def _locked(act: Act, pk: int, actor: Any) -> Complaint:
    """The complaint, locked; Refused where the role or the state forbids the act, with how to go on."""
    complaint = Complaint.objects.select_for_update(of=("self",)).select_related("institution__town").get(pk=pk)
    power = power_of(actor)
    if not any(power in powers for powers in act.may.values()):
        who = "区教育局" if act is WITHDRAW else "区教育局、教育指导中心、镇街"
        raise Refused(f"{act.verb}由{who}办理。", code="role", status=403)
    if not act.is_open_to(actor, complaint):
        how = (
            "它与另一件重复，请随主件答复并办结，或先取消重复。"
            if complaint.duplicate_of_id
            else _NEXT[complaint.state]
        )
        raise Conflict(f"{complaint.number} 现在是“{complaint.get_state_display()}”，不能{act.verb}。{how}")
    return complaint


def _note(act: Act, complaint: Complaint, actor: Any, detail: dict[str, Any]) -> None:
    record(
        f"{act.name}_complaint" if act is not CLOSE else "close_complaint",
        actor=actor,
        institution_id=complaint.institution_id,
        target=f"complaint:{complaint.number}",
        detail={**detail, "state": complaint.state},
    )


def _judge(institution_id: int | None, since: dt.date, now: dt.datetime | None, cause: str) -> None:
    if institution_id is not None:
        request_evaluation(institution_id=institution_id, since=since, until=_today(now), cause=cause)


def _today(now: dt.datetime | None) -> dt.date:
    return clock.local(now).date() if now is not None else clock.today()
