"""What is decided about black, white and warning lists: proposed by one person of the bureau, reviewed by another.

An institution gets on or off a list by an approved decision and by nothing else; docs/adr/0015-lists.md says why.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.journal.services import record
from shuangjian.lists.judging import ask_after
from shuangjian.lists.models import ListCriteria, ListDecision, ListEntry, ListKind

LISTED_KINDS = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)
_LONGEST = 2000
#: Of each list, the one on which an institution cannot stand at the same time.
_OPPOSITE = {ListKind.BLACK: ListKind.WHITE, ListKind.WHITE: ListKind.BLACK}


@transaction.atomic
def propose_entry(
    institution: Institution,
    kind: str,
    *,
    criteria: ListCriteria,
    decision_no: str,
    effective_on: dt.date,
    reason: str,
    actor: Any,
    now: dt.datetime,
) -> ListDecision:
    """Propose that the institution stand on a list from ``effective_on``; nothing changes before a second person
    approves. InvalidInput names what does not hold, Conflict a proposal or an entry that is there already."""
    person_of_the_bureau(actor, "提出名单决定")
    _lock(institution)
    _may_be_listed(institution)
    _free(institution, kind, effective_on)
    proposal = _proposal(institution, kind, ListDecision.Act.ENTRY, decision_no, effective_on, reason)
    return _proposed(proposal, criteria, actor, now)


@transaction.atomic
def propose_exit(
    institution: Institution,
    kind: str,
    *,
    criteria: ListCriteria,
    decision_no: str,
    effective_on: dt.date,
    reason: str,
    actor: Any,
    now: dt.datetime,
) -> ListDecision:
    """Propose that the institution stand on the list no more: ``effective_on`` is its first day off it."""
    person_of_the_bureau(actor, "提出名单决定")
    _lock(institution)
    _standing(institution, kind, effective_on)
    proposal = _proposal(institution, kind, ListDecision.Act.EXIT, decision_no, effective_on, reason)
    return _proposed(proposal, criteria, actor, now)


@transaction.atomic
def review(decision_id: int, *, approve: bool, note: str = "", actor: Any, now: dt.datetime) -> ListDecision:
    """Approve or reject a proposal: another person than the proposer. Approval writes the list; a rejection, which
    needs a ``note``, changes nothing. What came of an appeal can only be approved."""
    person_of_the_bureau(actor, "复核名单决定")
    decision = _locked_proposal(decision_id)
    if decision.proposed_by_id == actor.pk:
        raise Refused("提出人与复核人须为两个人，请另一位区教育局人员复核。", code="two_people", status=403)
    note = note.strip()
    if not approve:
        _not_of_an_appeal(decision, "不予决定")
        note = text_of(note, "note", "不予决定的理由", longest=400)
    elif len(note) > 400:
        raise InvalidInput([Problem("note", "复核意见最多 400 字，请缩短。", "too_long")])
    decision.state = ListDecision.State.APPROVED if approve else ListDecision.State.REJECTED
    decision.reviewed_by, decision.reviewed_at, decision.review_note = actor, now, note
    decision.save(update_fields=["state", "reviewed_by", "reviewed_at", "review_note"])
    if approve:
        _write_entry(decision)
        ask_after(decision, now)
    _note("approve_list_decision" if approve else "reject_list_decision", decision, actor)
    return decision


@transaction.atomic
def withdraw(decision_id: int, *, actor: Any) -> ListDecision:
    """The proposer takes the proposal back before it is reviewed."""
    person_of_the_bureau(actor, "撤回名单决定")
    decision = _locked_proposal(decision_id)
    if decision.proposed_by_id != actor.pk:
        raise Refused("只有提出人可以撤回；复核人请选“不予决定”。", code="proposer", status=403)
    _not_of_an_appeal(decision, "撤回")
    decision.state = ListDecision.State.WITHDRAWN
    decision.save(update_fields=["state"])
    _note("withdraw_list_decision", decision, actor)
    return decision


@transaction.atomic
def publish(decision_id: int, *, on: dt.date, actor: Any, now: dt.datetime) -> ListDecision:
    """Write down on which day an approved decision was made public; once, and not ahead of the day."""
    person_of_the_bureau(actor, "登记公布日期")
    decision = ListDecision.objects.select_for_update().get(pk=decision_id)
    if decision.state != ListDecision.State.APPROVED:
        raise Conflict(f"这项决定现在是“{decision.get_state_display()}”，复核通过后才能公布。")
    if decision.published_on is not None:
        raise Conflict(f"这项决定已登记为 {decision.published_on} 公布，不能再改。")
    if on > clock.local(now).date():
        raise InvalidInput([Problem("on", "公布日期晚于今天，请在公布后登记。", "future")])
    decision.published_on = on
    decision.save(update_fields=["published_on"])
    _note("publish_list_decision", decision, actor, published_on=on.isoformat())
    return decision


def propose_undoing(decision: ListDecision, *, on: dt.date, reason: str, actor: Any, now: dt.datetime) -> ListDecision:
    """The opposite of an approved decision, proposed from ``on``; for an appeal that was granted (lists.appeals).

    The proposal waits for a second person like any other. Conflict where the list has changed meanwhile.
    """
    _lock(decision.institution)
    is_entry = decision.act == ListDecision.Act.ENTRY
    act = ListDecision.Act.EXIT if is_entry else ListDecision.Act.ENTRY
    if is_entry:
        entry = ListEntry.objects.filter(entry=decision, left_on__isnull=True).first()
        if entry is None:
            raise Conflict("该机构已依另一项决定移出名单，原决定不再有效，请选“维持”并在答复中说明。")
        on = max(on, entry.entered_on)
    else:
        _free(decision.institution, decision.kind, on)
    proposal = _proposal(decision.institution, decision.kind, act, f"{decision.decision_no}·申诉"[:40], on, reason)
    return _proposed(proposal, decision.criteria, actor, now)


def text_of(text: str, path: str, label: str, *, longest: int = _LONGEST) -> str:
    """``text`` without blanks around it; InvalidInput at ``path`` where nothing or too much is left."""
    text = text.replace("\x00", "").strip()
    if not 1 <= len(text) <= longest:
        raise InvalidInput([Problem(path, f"请填写{label}（1–{longest} 字）。", "required")])
    return text


def person_of_the_bureau(actor: Any, act: str) -> None:
    """Refuses everybody but a signed-in person of the bureau: two named people answer for a list."""
    if getattr(actor, "power", None) is not None:
        raise Refused(f"{act}须由区教育局人员登录后作出，接口令牌不能代替。", code="person_needed", status=403)
    if getattr(actor, "role_kind", "") != "bureau" or not actor.may_write:
        raise Refused(f"只有区教育局可以{act}。", code="role", status=403)


def _lock(institution: Institution) -> None:
    """Two decisions about one institution wait for each other, so that its entries never overlap."""
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)


def _locked_proposal(decision_id: int) -> ListDecision:
    institution_id = ListDecision.objects.values_list("institution_id", flat=True).get(pk=decision_id)
    Institution.objects.select_for_update(no_key=True).get(pk=institution_id)
    decision = ListDecision.objects.select_for_update().get(pk=decision_id)
    if decision.state != ListDecision.State.PROPOSED:
        raise Conflict(f"这项提议现在是“{decision.get_state_display()}”，不能再处理。")
    return decision


def _proposal(
    institution: Institution, kind: str, act: str, decision_no: str, effective_on: dt.date, reason: str
) -> ListDecision:
    return ListDecision(
        institution=institution,
        kind=kind,
        act=act,
        decision_no=text_of(decision_no, "decision_no", "文号", longest=40),
        effective_on=effective_on,
        reason=text_of(reason, "reason", "理由"),
    )


def _proposed(proposal: ListDecision, criteria: ListCriteria, actor: Any, now: dt.datetime) -> ListDecision:
    # Locked, so that the text cannot change between being read and being cited.
    cited = ListCriteria.objects.select_for_update().get(pk=criteria.pk)
    if cited.kind != proposal.kind:
        message = f"“{cited}”是另一个名单的标准，请选{ListKind(proposal.kind).label}的标准。"
        raise InvalidInput([Problem("criteria", message, "kind")])
    if cited.valid_from > proposal.effective_on:
        message = f"“{cited}”自 {cited.valid_from} 施行，生效日期早于施行日期，请改正其一。"
        raise InvalidInput([Problem("criteria", message, "valid_from")])
    same = ListDecision.objects.filter(institution=proposal.institution, kind=proposal.kind)
    if same.filter(state=ListDecision.State.PROPOSED).exists():
        raise Conflict("这家机构在该名单上已有一项待复核的提议，请先复核或撤回。")
    proposal.criteria, proposal.proposed_by, proposal.proposed_at = cited, actor, now
    try:
        proposal.full_clean(exclude=["review_note"])
    except ValidationError as error:
        paths = {"__all__": "decision_no"}
        problems = [
            Problem(paths.get(field, field), message)
            for field, messages in error.message_dict.items()
            for message in messages
        ]
        raise InvalidInput(problems) from error
    proposal.save(force_insert=True)
    _note("propose_list_decision", proposal, actor)
    return proposal


def _may_be_listed(institution: Institution) -> None:
    if institution.kind not in LISTED_KINDS:
        message = f"“{institution.name}”不是校外培训机构，不能列入名单。"
        raise InvalidInput([Problem("institution", message, "kind")])


def _free(institution: Institution, kind: str, on: dt.date) -> None:
    """From ``on`` the institution has no entry of this list."""
    later = ListEntry.objects.filter(institution=institution, kind=kind)
    other = later.filter(models.Q(left_on__isnull=True) | models.Q(left_on__gt=on)).first()
    if other is not None:
        until = f"至 {other.left_on}" if other.left_on else "起"
        message = f"这家机构 {other.entered_on} {until}已在{other.get_kind_display()}上，请核对日期，或先移出。"
        raise InvalidInput([Problem("effective_on", message, "overlap")])


def _standing(institution: Institution, kind: str, on: dt.date) -> ListEntry:
    entry = ListEntry.objects.filter(institution=institution, kind=kind, left_on__isnull=True).first()
    if entry is None:
        message = f"这家机构现在不在{ListKind(kind).label}上，无须移出。"
        raise InvalidInput([Problem("kind", message, "not_listed")])
    if on < entry.entered_on:
        message = f"移出日期早于列入日期 {entry.entered_on}，请改正。"
        raise InvalidInput([Problem("effective_on", message, "range")])
    return entry


def _write_entry(decision: ListDecision) -> None:
    """What the approval does to the list; the state of the list is asked again, since proposals may be old."""
    institution, kind, on = decision.institution, decision.kind, decision.effective_on
    if decision.act == ListDecision.Act.EXIT:
        entry = _standing(institution, kind, on)
        entry.left_on, entry.exit = on, decision
        entry.save(update_fields=["left_on", "exit"])
        return
    _free(institution, kind, on)
    opposite = _OPPOSITE.get(ListKind(kind))
    if opposite is not None:
        other = ListEntry.objects.filter(institution=institution, kind=opposite)
        if other.filter(models.Q(left_on__isnull=True) | models.Q(left_on__gt=on)).exists():
            message = f"这家机构到 {on} 仍在{opposite.label}上，不能同时列入{ListKind(kind).label}；请先复核移出。"
            raise Refused(message, code="opposite", status=409)
    ListEntry.objects.create(institution=institution, kind=kind, entered_on=on, entry=decision)


def _not_of_an_appeal(decision: ListDecision, act: str) -> None:
    if hasattr(decision, "undoes"):
        raise Refused(f"这项提议来自申诉撤销的决定，不能{act}，请复核通过。", code="appeal", status=409)


def _note(act: str, decision: ListDecision, actor: Any, **detail: str) -> None:
    record(
        act,
        actor=actor,
        institution_id=decision.institution_id,
        target=f"list_decision:{decision.pk}",
        detail={
            "kind": decision.kind,
            "act": decision.act,
            "decision_no": decision.decision_no,
            "effective_on": decision.effective_on.isoformat(),
            **detail,
        },
    )
