"""The nightly sweep: every rule over every town, as requests of the outbox, so that it commits town by town."""

from __future__ import annotations

import datetime as dt

from shuangjian.bureau.models import Term
from shuangjian.journal.models import EvaluationRequest
from shuangjian.journal.services import Scope, request_evaluation


def open_sweep(today: dt.date, *, cause: str = "每晚全面核对") -> EvaluationRequest:
    """Ask for every rule over the district, from the first day of the last term begun until today."""
    begun = Term.objects.filter(starts_on__lte=today).order_by("-starts_on").values_list("starts_on", flat=True).first()
    since = begun or today - dt.timedelta(days=120)
    return request_evaluation(scope=Scope.DISTRICT, since=since, until=today, cause=cause)
