"""/healthz: this process answers. /readyz: the portal does its work; 503 names what is stuck."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from shuangjian.core import clock
from shuangjian.journal.models import AuditSeal, EvaluationRequest
from shuangjian.rules.drain import parked
from shuangjian.rules.heartbeat import last_beat

OLDEST_DUE = dt.timedelta(seconds=60)
OLDEST_BEAT = dt.timedelta(minutes=5)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process serves requests; touches nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, oldest due request, parked requests and last beat; 503 when the database is away or work is stuck."""
    try:
        report = _report(clock.now())
    except DatabaseError:
        return JsonResponse({"status": "stuck", "database": "unreachable"}, status=503)
    return JsonResponse(report, status=200 if report["status"] == "ready" else 503)


def _report(now: dt.datetime) -> dict[str, Any]:
    due = EvaluationRequest.objects.filter(done_at__isnull=True, parked_at__isnull=True, next_at__lte=now)
    oldest = due.order_by("next_at").values_list("next_at", flat=True).first()
    beat = last_beat()
    seal = AuditSeal.objects.order_by("-last_id").values_list("sealed_at", flat=True).first()
    waiting = (now - oldest).total_seconds() if oldest else 0.0
    problems = []
    if oldest is not None and now - oldest > OLDEST_DUE:
        problems.append("the oldest due evaluation request waits too long: is a worker running?")
    if beat is None or now - beat > OLDEST_BEAT:
        problems.append("no beat seen: is celery beat running?")
    parked_count = parked().count()
    if parked_count:
        problems.append("parked requests wait for a person: mend their cause, then manage.py evaluate --parked")
    return {
        "status": "stuck" if problems else "ready",
        "database": "ok",
        "oldest_due_seconds": round(waiting, 1),
        "parked_requests": parked_count,
        "last_beat_at": beat.isoformat() if beat else None,
        "last_seal_at": seal.isoformat() if seal else None,
        "problems": problems,
    }
