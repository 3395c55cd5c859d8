"""What follows a changed working calendar or rest day: the rules that read them judge training institutions again."""

from __future__ import annotations

from shuangjian.bureau.derived_days import DaysChanged
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.journal.models import Run
from shuangjian.journal.runs import open_run
from shuangjian.journal.services import Scope, request_evaluation
from shuangjian.rules.periods import BEGINNING

_OF_REST_DAYS = ["TO-05", "TO-07"]
_OF_WORKDAYS = ["TO-08", "TO-33"]
_KINDS = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)


def judge_again(changed: DaysChanged, cause: str) -> None:
    """Ask, in the calendar's transaction, for the district and all of time: an order may have been paid long before
    the rest day that it pays for, and a clock may have begun before the day that it no longer counts."""
    if not Institution.objects.filter(kind__in=_KINDS).exists():
        return
    rules = [*(_OF_REST_DAYS if changed.rest else []), *(_OF_WORKDAYS if changed.workdays else [])]
    until = clock.today() if changed.rest is None else max(clock.today(), changed.rest[1])
    label = f"校历：{cause}"[:200]
    run = open_run(
        kind=Run.Kind.CALENDAR, cause=label, actor=None, since=BEGINNING, until=until, rules=rules, is_district=True
    )
    request_evaluation(scope=Scope.DISTRICT, since=BEGINNING, until=until, cause=label, rules=rules, run=run)
