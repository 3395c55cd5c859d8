"""After a list has changed: whoever stands on it is judged again, and the bureau, which owes the lists."""

from __future__ import annotations

import datetime as dt

from shuangjian.bureau.models import Institution
from shuangjian.bureau.reference import BUREAU_BODY_CODE
from shuangjian.core import clock
from shuangjian.journal.services import Asked, request_evaluations
from shuangjian.lists.models import ListDecision


def ask_after(decision: ListDecision, now: dt.datetime) -> None:
    """Ask, in the transaction of the approval, for the institution from the day of effect on and for the bureau."""
    today = clock.local(now).date()
    cause = f"名单决定：{decision.get_kind_display()}{decision.get_act_display()}"
    asked = [Asked(decision.institution_id, min(decision.effective_on, today), today, cause)]
    request_evaluations([*asked, *_of_the_bureau(today, cause)])


def ask_the_bureau(today: dt.date, cause: str) -> None:
    """Ask for the bureau's own body: whom it has not listed is its omission, not theirs."""
    request_evaluations(_of_the_bureau(today, cause))


def _of_the_bureau(today: dt.date, cause: str) -> list[Asked]:
    body = Institution.objects.filter(code=BUREAU_BODY_CODE).values_list("pk", flat=True).first()
    return [Asked(body, today, today, cause)] if body is not None else []
