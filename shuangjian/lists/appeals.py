"""申诉: an institution speaks against a decision about itself, and the bureau answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.journal.services import record
from shuangjian.lists.models import ListAppeal, ListDecision
from shuangjian.lists.services import person_of_the_bureau, propose_undoing, text_of


@transaction.atomic
def file_appeal(
    decision_id: int, *, text: str, actor: Any, now: dt.datetime, filed_on: dt.date | None = None
) -> ListAppeal:
    """Against an approved decision: by the institution's own people, or by the bureau for one that came on paper, which
    may give an earlier ``filed_on``. One appeal at a time; the decision holds meanwhile."""
    decision = ListDecision.objects.select_for_update().get(pk=decision_id)
    today = clock.local(now).date()
    if getattr(actor, "role_kind", "") == "org" and actor.may_write:
        if actor.institution_id != decision.institution_id:
            raise Refused("只能对本机构的名单决定提出申诉。", code="not_own", status=404)
        filed_on = today
    else:
        person_of_the_bureau(actor, "代机构登记申诉")
    if decision.state != ListDecision.State.APPROVED:
        raise Conflict(f"这项决定现在是“{decision.get_state_display()}”，还没有生效，不能申诉。")
    if decision.appeals.filter(result="").exists():
        raise Conflict("这项决定已有一件申诉待答复。")
    filed_on = filed_on or today
    if not clock.local(decision.reviewed_at or now).date() <= filed_on <= today:
        raise InvalidInput([Problem("filed_on", "申诉日期应在决定作出之后、今天或之前，请改正。", "range")])
    appeal = ListAppeal.objects.create(decision=decision, filed_on=filed_on, text=text_of(text, "text", "申诉内容"))
    _note("file_list_appeal", appeal, actor)
    return appeal


@transaction.atomic
def decide_appeal(appeal_id: int, *, result: str, answer: str, actor: Any, now: dt.datetime) -> ListAppeal:
    """维持 or 撤销, by another person than the proposer of the decision.

    Overturned: the opposite decision is proposed from today and waits for a second person as every decision does.
    The days until then stay as they were: on them the institution stood on the list.
    """
    person_of_the_bureau(actor, "答复申诉")
    appeal = ListAppeal.objects.select_for_update().get(pk=appeal_id)
    if appeal.result:
        raise Conflict(f"这件申诉已于 {appeal.decided_on} 答复：{appeal.get_result_display()}。")
    if result not in ListAppeal.Result.values:
        raise InvalidInput([Problem("result", "请选择“维持”或“撤销”。", "required")])
    if appeal.decision.proposed_by_id == actor.pk:
        raise Refused("原决定的提出人不能答复申诉，请另一位区教育局人员答复。", code="two_people", status=403)
    today = clock.local(now).date()
    appeal.result, appeal.answer = result, text_of(answer, "answer", "答复")
    appeal.decided_on, appeal.decided_by = today, actor
    if result == ListAppeal.Result.OVERTURNED:
        reason = f"申诉撤销原决定：{appeal.answer}"[:2000]
        appeal.outcome = propose_undoing(appeal.decision, on=today, reason=reason, actor=actor, now=now)
    appeal.save(update_fields=["result", "answer", "decided_on", "decided_by", "outcome"])
    _note("decide_list_appeal", appeal, actor, result=result)
    return appeal


def _note(act: str, appeal: ListAppeal, actor: Any, **detail: str) -> None:
    record(
        act,
        actor=actor,
        institution_id=appeal.decision.institution_id,
        target=f"list_appeal:{appeal.pk}",
        detail={"decision_no": appeal.decision.decision_no, "filed_on": appeal.filed_on.isoformat(), **detail},
    )
