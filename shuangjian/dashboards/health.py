"""/healthz: this process answers. /readyz: the portal does its work; 503 names what is stuck."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from shuangjian.core import clock
from shuangjian.journal.models import AuditSeal, EvaluationRequest
from shuangjian.rules.drain import parked
from shuangjian.rules.heartbeat import last_beat
from shuangjian.rules.models import Evaluation
from shuangjian.rules.sweep import last_sweep, missed_sweep

OLDEST_DUE = dt.timedelta(seconds=60)
# The towns of a sweep wait for each other, one at a time; what counts is that one after the other is judged.
OLDEST_PROGRESS = dt.timedelta(seconds=60)
OLDEST_BEAT = dt.timedelta(minutes=5)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process serves requests; touches nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, oldest due request, parked requests, last beat and nightly sweep; 503 when the database is away or work
    is stuck."""
    try:
        report = _report(clock.now())
    except DatabaseError:
        return JsonResponse({"status": "stuck", "database": "unreachable"}, status=503)
    return JsonResponse(report, status=200 if report["status"] == "ready" else 503)


def _report(now: dt.datetime) -> dict[str, Any]:
    due = EvaluationRequest.objects.filter(done_at__isnull=True, parked_at__isnull=True, next_at__lte=now)
    oldest = due.order_by("next_at").values_list("next_at", flat=True).first()
    is_stuck = oldest is not None and now - oldest > OLDEST_DUE and not _moves_on(due, now)
    beat = last_beat()
    seal = AuditSeal.objects.order_by("-last_id").values_list("sealed_at", flat=True).first()
    waiting = (now - oldest).total_seconds() if oldest else 0.0
    problems = []
    if is_stuck:
        problems.append("the oldest due evaluation request waits too long: is a worker running?")
    if beat is None or now - beat > OLDEST_BEAT:
        problems.append("no beat seen: is celery beat running?")
    parked_count = parked().count()
    if parked_count:
        problems.append("parked requests wait for a person: mend their cause, then manage.py evaluate --parked")
    sweep_at = last_sweep()
    if missed_sweep(now) is not None:
        problems.append("the nightly sweep has not finished for 26 hours: do beat and worker run at night?")
    return {
        "status": "stuck" if problems else "ready",
        "database": "ok",
        "oldest_due_seconds": round(waiting, 1),
        "parked_requests": parked_count,
        "last_beat_at": beat.isoformat() if beat else None,
        "last_sweep_at": sweep_at.isoformat() if sweep_at else None,
        "last_seal_at": seal.isoformat() if seal else None,
        "problems": problems,
    }


def _moves_on(due: QuerySet[EvaluationRequest], now: dt.datetime) -> bool:
    """Only towns wait that long, and one after the other is being judged: no school waits for its submit."""
    if due.filter(scope=EvaluationRequest.Scope.INSTITUTION, next_at__lt=now - OLDEST_DUE).exists():
        return False
    last = Evaluation.objects.order_by("-pk").values_list("finished_at", flat=True).first()
    return last is not None and now - last <= OLDEST_PROGRESS
