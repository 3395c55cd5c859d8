"""Works off the outbox: one due scope a transaction. A crash is a rollback, and the request stays pending."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet

from shuangjian.bureau.models import Institution, Town
from shuangjian.journal.models import ClockTimestamp, EvaluationRequest
from shuangjian.journal.services import Scope
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, all_rules, find_rule
from shuangjian.rules.engine import Receipt
from shuangjian.rules.periods import Span

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
BACKOFF_SECONDS = (2, 10)  # before the second and third attempt
KEEP_DONE_DAYS = 7

# A school that waits for its submit goes before a sweep; SKIP LOCKED lets several workers drain side by side.
_NEXT = """
SELECT id FROM journal_evaluationrequest
WHERE done_at IS NULL AND parked_at IS NULL AND next_at <= clock_timestamp()
ORDER BY scope <> 'institution', next_at, id
FOR UPDATE SKIP LOCKED LIMIT 1
"""


@dataclass(frozen=True)
class Claim:
    """Due requests of one scope, locked by this transaction, and what they ask for together."""

    requests: Sequence[EvaluationRequest]

    @property
    def rules(self) -> list[Rule]:
        """Union of the rules asked for; a rule that is no longer declared is nothing to judge."""
        if any(request.rules is None for request in self.requests):
            return all_rules()
        codes = {code for request in self.requests for code in request.rules or ()}
        return [rule for rule in map(find_rule, sorted(codes)) if rule is not None]

    @property
    def span(self) -> Span:
        return Span(min(r.since for r in self.requests), max(r.until for r in self.requests))

    @property
    def cause(self) -> str:
        return "；".join(dict.fromkeys(request.cause for request in self.requests))


def drain(clock: Callable[[], dt.datetime], *, most: int = 10_000) -> int:
    """Work off every due scope, at most ``most``; returns how many scopes were judged or parked."""
    done = 0
    while done < most and drain_one(clock):
        done += 1
    return done


def drain_one(clock: Callable[[], dt.datetime]) -> bool:
    """Take one due scope in one transaction; False when nothing is due. Never two scopes in one: they would deadlock,
    since advisory locks outlive savepoints."""
    with transaction.atomic():
        claim = _claim()
        if claim is None:
            return False
        first = claim.requests[0]
        if first.scope == Scope.DISTRICT:
            _fan_out(claim)
            return True
        _judge(claim, institutions_in(first), _scope_label(first), clock())
        return True


def institutions_in(request: EvaluationRequest) -> list[int]:
    """Ids of the institutions of a request's scope, sorted."""
    scope = Q(town=request.town) if request.town else Q(town__isnull=True)
    if request.scope == Scope.INSTITUTION:
        scope = Q(pk=request.institution_id)
    return list(Institution.objects.filter(scope).order_by("pk").values_list("pk", flat=True))


def _claim() -> Claim | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        row = cursor.fetchone()
    if row is None:
        return None
    first = EvaluationRequest.objects.get(pk=row[0])
    same_scope = EvaluationRequest.objects.select_for_update(skip_locked=True).filter(
        _scope_of(first), done_at__isnull=True, parked_at__isnull=True, next_at__lte=ClockTimestamp()
    )
    return Claim(list(same_scope.order_by("pk")))


def _fan_out(claim: Claim) -> None:
    """A request for the whole district becomes one a town, which commit apart from each other."""
    rows = []
    for request in claim.requests:
        scopes = [(Scope.TOWN, town_id) for town_id in Town.objects.values_list("pk", flat=True)]
        for scope, town_id in [*scopes, (Scope.UNASSIGNED, None)]:
            rows.append(
                EvaluationRequest(
                    scope=scope,
                    town_id=town_id,
                    rules=request.rules,
                    since=request.since,
                    until=request.until,
                    cause=request.cause,
                )
            )
    EvaluationRequest.objects.bulk_create(rows)
    _done(claim.requests)


def _judge(claim: Claim, institution_ids: list[int], label: str, now: dt.datetime) -> None:
    try:
        _evaluate(claim, claim.rules, institution_ids, label, now)
    except Exception as error:  # a rule may raise anything; nothing acknowledged may be lost for it
        logger.exception("Evaluation of %s failed; its request stays pending.", label)
        if isinstance(error, DatabaseError) and _is_transient(error):
            _postpone(claim.requests, error)
            return
        _judge_rule_by_rule(claim, institution_ids, label, now)
        return
    _done(claim.requests)


def _evaluate(claim: Claim, rules: Sequence[Rule], institution_ids: list[int], label: str, now: dt.datetime) -> Receipt:
    with transaction.atomic():  # a savepoint: when it fails, the request's own row can still be written
        return engine.evaluate(rules, institution_ids, claim.span, now=now, cause=claim.cause, scope=label)


def _judge_rule_by_rule(claim: Claim, institution_ids: list[int], label: str, now: dt.datetime) -> None:
    """One rule raised: judge the others, and leave a request behind for each that failed, so that they flow."""
    for rule in claim.rules:
        try:
            _evaluate(claim, [rule], institution_ids, label, now)
        except Exception as error:  # see _judge
            logger.error("Rule %s raised for %s: %s", rule.code, label, error)
            _retry_later(claim, rule, error)
    _done(claim.requests)


def _retry_later(claim: Claim, rule: Rule, error: Exception) -> None:
    """Keep a request for this rule alone, counting its attempts; after the last it is parked for a person."""
    first = claim.requests[0]
    attempts = 1 + max((r.attempts for r in claim.requests if r.rules == [rule.code]), default=0)
    if attempts >= MOST_ATTEMPTS and _widen_parked(claim, rule, error):
        return
    EvaluationRequest.objects.create(
        scope=first.scope,
        institution_id=first.institution_id,
        town_id=first.town_id,
        rules=[rule.code],
        since=claim.span.since,
        until=claim.span.until,
        cause=claim.cause[:200],
        attempts=attempts,
        error=_told(error),
        next_at=ClockTimestamp() + _backoff(attempts),
        parked_at=ClockTimestamp() if attempts >= MOST_ATTEMPTS else None,
    )


def _widen_parked(claim: Claim, rule: Rule, error: Exception) -> bool:
    """A scope parked for this rule already: one row is enough, over the widest range."""
    first = claim.requests[0]
    parked = EvaluationRequest.objects.filter(
        _scope_of(first), rules=[rule.code], parked_at__isnull=False, done_at__isnull=True
    ).first()
    if parked is None:
        return False
    parked.since, parked.until = min(parked.since, claim.span.since), max(parked.until, claim.span.until)
    parked.error = _told(error)
    parked.save(update_fields=["since", "until", "error"])
    return True


def _postpone(requests: Sequence[EvaluationRequest], error: Exception) -> None:
    """The database could not serve now (deadlock, cancelled statement): the whole request again, a little later."""
    for request in requests:
        attempts = request.attempts + 1
        EvaluationRequest.objects.filter(pk=request.pk).update(
            attempts=attempts,
            error=_told(error),
            next_at=ClockTimestamp() + _backoff(attempts),
            parked_at=ClockTimestamp() if attempts >= MOST_ATTEMPTS else None,
        )


def release_parked() -> int:
    """Give parked requests three more attempts, after their cause was mended; returns how many."""
    return parked().update(parked_at=None, attempts=0, next_at=ClockTimestamp())


def parked() -> QuerySet[EvaluationRequest]:
    """Requests that failed three times and wait for a person."""
    return EvaluationRequest.objects.filter(parked_at__isnull=False, done_at__isnull=True)


def forget_done(now: dt.datetime) -> int:
    """Remove what was done more than seven days ago."""
    old = now - dt.timedelta(days=KEEP_DONE_DAYS)
    return EvaluationRequest.objects.filter(done_at__lt=old).delete()[0]


def _done(requests: Sequence[EvaluationRequest]) -> None:
    ids = [request.pk for request in requests]
    EvaluationRequest.objects.filter(pk__in=ids).update(done_at=ClockTimestamp(), error="")


def _backoff(attempts: int) -> dt.timedelta:
    return dt.timedelta(seconds=BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1])


def _is_transient(error: DatabaseError) -> bool:
    code = getattr(error.__cause__, "pgcode", None) or ""
    return code[:2] in ("40", "55", "57")  # rollback, lock not available, operator intervention


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _scope_of(request: EvaluationRequest) -> Q:
    """Requests of the same scope."""
    if request.scope == Scope.INSTITUTION:
        return Q(scope=request.scope, institution=request.institution)
    return Q(scope=request.scope, town=request.town) if request.scope == Scope.TOWN else Q(scope=request.scope)


def _scope_label(request: EvaluationRequest) -> str:
    if request.scope == Scope.INSTITUTION:
        return f"institution:{request.institution_id}"
    return f"town:{request.town_id}" if request.scope == Scope.TOWN else "unassigned"
