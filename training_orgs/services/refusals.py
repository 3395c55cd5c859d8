"""退费不同意: a refusal with a reason and in time needs no payment, but people look at it: it opens a clue (TO-08)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from shuangjian.evidence.choices import Source
from shuangjian.evidence.models import Observation
from shuangjian.evidence.observation_acts import record_observation
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.expressions import WorkdaysAfter
from shuangjian.rules.parameters import frozen
from training_orgs.models import Refund
from training_orgs.observation_kinds import CONTRACT
from training_orgs.rules.refunds import ANSWER_WORKDAYS
from training_orgs.services.system import System


def open_clues(refunds: Iterable[int]) -> list[Observation]:
    """A 线索 for each of these refunds (ids) that was refused with a reason within the days for an answer; once each.
    The portal opens it: an institution notes nothing about itself, and sees no clue.

    One that was refused late or without a reason counts as granted: TO-08 judges it, nothing is opened.
    """
    with frozen(current_overrides()):
        refused = list(
            Refund.objects.filter(pk__in=list(refunds), answer=Refund.Answer.REFUSED)
            .exclude(reason="")
            .annotate(answer_due=WorkdaysAfter("requested_on", ANSWER_WORKDAYS.at("requested_on")))
            .filter(answered_on__lte=F("answer_due"))
            .select_related("institution", "order")
            .order_by("pk")
        )
    units = {refund.institution_id for refund in refused}
    known = set(
        Observation.objects.filter(institution__in=units, kind=CONTRACT, about__startswith="refund:").values_list(
            "institution", "about"
        )
    )
    return [_open(refund) for refund in refused if (refund.institution_id, _about(refund)) not in known]


def _about(refund: Refund) -> str:
    return f"refund:{refund.number}"


def _open(refund: Refund) -> Observation:
    assert refund.answered_on is not None
    asked = f"{refund.requested_on} 提出，{refund.amount:.2f} 元"
    text = (
        f"合同 {refund.order.contract_no} 的退费申请 {refund.number}（{asked}），"
        f"机构于 {refund.answered_on} 答复“不同意”，理由：{refund.reason}。请核查理由是否成立。"
    )
    return record_observation(
        refund.institution,
        kind=CONTRACT,
        about=_about(refund),
        occurred_on=refund.answered_on,
        source=Source.AUDIT,
        text=text,
        actor=System(),
    )
