"""``celery worker --include benchmarks.planted_loss``: a drain that marks a request done before it is judged.

What chaos.py must notice: whoever is killed in between leaves a return that nobody judges.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from shuangjian.journal.services import Scope
from shuangjian.rules import drain as outbox


def _drain_one(clock: Callable[[], dt.datetime]) -> bool:
    with transaction.atomic():
        claim = outbox._claim()
        if claim is None:
            return False
        if claim.first.scope == Scope.DISTRICT:
            outbox._fan_out(claim)
            return True
        portion = outbox._Portion.of(claim)
        outbox._done_with(portion)
    with transaction.atomic():
        outbox._judge(portion, clock())
    return True


outbox.drain_one = _drain_one
