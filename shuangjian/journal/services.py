"""The two things that every other service writes beside its own rows: the audit entry and the evaluation request."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from shuangjian.core.origin import current
from shuangjian.journal.models import AuditEntry, EvaluationRequest, Run
from shuangjian.journal.runs import open_part, open_run

logger = logging.getLogger(__name__)

Scope = EvaluationRequest.Scope

_BATCH = 1000

_doorbells: list[Callable[[], None]] = []


def record(
    act: str,
    *,
    actor: Any,
    institution_id: int | None = None,
    target: str = "",
    detail: dict[str, Any] | None = None,
    result: str = AuditEntry.Result.DONE,
) -> AuditEntry:
    """Write down an act, in the transaction of the act itself.

    ``actor`` is a user, an API token, or None for the portal's own jobs. ``detail`` carries no personal data.
    """
    entry = _entry(act, Done(institution_id, target, detail or {}), actor, result)
    entry.save(force_insert=True)
    return entry


@dataclass(frozen=True)
class Done:
    """What one of many acts was done to, and how; ``detail`` carries no personal data."""

    institution_id: int | None
    target: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def record_many(act: str, done: Iterable[Done], *, actor: Any) -> None:
    """Write down one act done to many, one entry each, as ``record`` does; a few statements for all."""
    entries = [_entry(act, each, actor, AuditEntry.Result.DONE) for each in done]
    AuditEntry.objects.bulk_create(entries, batch_size=_BATCH)


def _entry(act: str, done: Done, actor: Any, result: str) -> AuditEntry:
    origin = current()
    is_person = actor is not None and actor._meta.label_lower == "accounts.user"
    return AuditEntry(
        act=act,
        actor=actor if is_person else None,
        actor_label="系统" if actor is None else actor.audit_label,
        institution_id=done.institution_id,
        target=done.target,
        detail=done.detail,
        source=origin.source,
        ip=origin.ip,
        request_id=origin.request_id,
        result=result,
    )


def request_evaluation(
    *,
    since: dt.date,
    until: dt.date,
    cause: str,
    institution_id: int | None = None,
    town_id: int | None = None,
    scope: str = "",
    rules: Iterable[str] | None = None,
    run: Run | None = None,
) -> EvaluationRequest:
    """Ask, in the transaction of the fact, that a scope be judged from ``since`` to ``until``.

    Give ``institution_id`` or ``town_id``, or ``scope`` unassigned or district. ``run`` is the cause that this
    belongs to, whose receipt it fills; whatever asks for the district has one. After the commit Celery is rung; when
    that fails nothing is lost, since the drain looks for due rows by itself every few seconds.
    """
    if not scope:
        scope = (
            Scope.INSTITUTION if institution_id is not None else Scope.TOWN if town_id is not None else Scope.DISTRICT
        )
    codes = sorted(rules) if rules is not None else None
    if scope == Scope.DISTRICT:
        kind = Run.Kind.OTHER
        run = run or open_run(
            kind=kind, cause=cause, actor=None, since=since, until=until, rules=codes, is_district=True
        )
    elif run is not None:
        open_part(run, town_id=town_id, institution_id=institution_id)
    row = EvaluationRequest.objects.create(
        scope=scope,
        institution_id=institution_id,
        town_id=town_id,
        rules=codes,
        since=since,
        until=until,
        cause=cause,
        runs=[run.pk] if run is not None else [],
    )
    transaction.on_commit(ring, robust=True)
    return row


@dataclass(frozen=True)
class Asked:
    """That one institution be judged from ``since`` to ``until`` by every rule."""

    institution_id: int
    since: dt.date
    until: dt.date
    cause: str


def request_evaluations(asked: Iterable[Asked]) -> None:
    """As ``request_evaluation``, for many institutions: one row each, a few statements, and one ring."""
    rows = [
        EvaluationRequest(
            scope=Scope.INSTITUTION,
            institution_id=each.institution_id,
            since=each.since,
            until=each.until,
            cause=each.cause,
        )
        for each in asked
    ]
    if rows:
        EvaluationRequest.objects.bulk_create(rows, batch_size=_BATCH)
        transaction.on_commit(ring, robust=True)


def on_request(doorbell: Callable[[], None]) -> None:
    """Register what wakes the worker. The journal knows nothing of Celery."""
    _doorbells.append(doorbell)


def ring() -> None:
    """Wake the worker; a broker that is away costs seconds of delay and no data."""
    for doorbell in _doorbells:
        try:
            doorbell()
        except Exception as error:
            logger.warning("The doorbell did not ring (%s); the drain will find the request by itself.", error)
