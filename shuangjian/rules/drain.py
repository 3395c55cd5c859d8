"""Works off the outbox: one due scope a transaction. A crash is a rollback, and the request stays pending."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q, QuerySet

from shuangjian.bureau.models import Institution, Town
from shuangjian.core.locks import try_lock_singleton
from shuangjian.journal.models import ClockTimestamp, EvaluationRequest
from shuangjian.journal.runs import Counts, divide, note_progress, reopen_parked
from shuangjian.journal.services import Scope
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, all_rules, find_rule
from shuangjian.rules.periods import Span

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
BACKOFF_SECONDS = (2, 10)  # before the second and third attempt
KEEP_DONE_DAYS = 7

# A school that waits for its submit goes first, then a school of a run; SKIP LOCKED lets several workers drain side
# by side.
_NEXT_UNIT = """
SELECT id FROM journal_evaluationrequest
WHERE done_at IS NULL AND parked_at IS NULL AND next_at <= clock_timestamp() AND scope = 'institution'
ORDER BY runs <> '{}', next_at, id
FOR UPDATE SKIP LOCKED LIMIT 1
"""
_NEXT_AREA = """
SELECT id FROM journal_evaluationrequest
WHERE done_at IS NULL AND parked_at IS NULL AND next_at <= clock_timestamp() AND scope <> 'institution'
ORDER BY scope <> 'district', next_at, id
FOR UPDATE SKIP LOCKED LIMIT 1
"""
# Whoever judges a town holds this lock, so that one worker process always stays free for submits.
_AREA_LOCK = 3

# Institutions of a town that one transaction judges: eight over a term (half a second at a full district, measured),
# more over a shorter range, though its term rules look at the whole term all the same. Their locks are held as long,
# and a submit of any of them waits for it.
UNIT_DAYS_AT_ONCE = 8 * 160
MOST_UNITS_AT_ONCE = 20


@dataclass(frozen=True)
class Claim:
    """Due requests of one scope that have come equally far in it, locked by this transaction, and what they ask for
    together."""

    requests: Sequence[EvaluationRequest]

    @property
    def first(self) -> EvaluationRequest:
        return self.requests[0]

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
    def runs(self) -> list[int]:
        return sorted({run for request in self.requests for run in request.runs})

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
    """Take one due scope, or the next institutions of a town, in one transaction; False when nothing is due. Never two
    scopes in one: they would deadlock, since advisory locks outlive savepoints."""
    with transaction.atomic():
        claim = _claim()
        if claim is None:
            return False
        if claim.first.scope == Scope.DISTRICT:
            _fan_out(claim)
            return True
        _judge(_Portion.of(claim), clock())
        return True


def institutions_in(request: EvaluationRequest) -> list[int]:
    """Ids of the institutions of a request's scope that are still to be judged, sorted."""
    scope = Q(town=request.town) if request.town else Q(town__isnull=True)
    if request.scope == Scope.INSTITUTION:
        scope = Q(pk=request.institution_id)
    scope &= Q(pk__gt=request.after)
    if request.upto is not None:
        scope &= Q(pk__lte=request.upto)
    return list(Institution.objects.filter(scope).order_by("pk").values_list("pk", flat=True))


def units_at_once(span: Span) -> int:
    """How many institutions one transaction judges over these dates."""
    days = (span.until - span.since).days + 1
    return max(1, min(MOST_UNITS_AT_ONCE, UNIT_DAYS_AT_ONCE // days))


@dataclass(frozen=True)
class _Portion:
    """The institutions of a claim that this transaction judges; ``is_last``: none of its scope is left after them."""

    claim: Claim
    units: Sequence[int]
    is_last: bool

    @classmethod
    def of(cls, claim: Claim) -> _Portion:
        units, size = institutions_in(claim.first), units_at_once(claim.span)
        return cls(claim, units[:size], len(units) <= size)

    @property
    def upto(self) -> int | None:
        """The last institution judged; where the claim ends, its own bound."""
        return self.claim.first.upto if self.is_last else self.units[-1]

    @property
    def label(self) -> str:
        return _scope_label(self.claim.first)


def _claim() -> Claim | None:
    first = _next(_NEXT_UNIT) or (_next(_NEXT_AREA) if try_lock_singleton(_AREA_LOCK) else None)
    if first is None:
        return None
    same_scope = EvaluationRequest.objects.select_for_update(skip_locked=True).filter(
        _scope_of(first),
        after=first.after,
        upto=first.upto,
        done_at__isnull=True,
        parked_at__isnull=True,
        next_at__lte=ClockTimestamp(),
    )
    return Claim(list(same_scope.order_by("pk")))


def _next(statement: str) -> EvaluationRequest | None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return EvaluationRequest.objects.get(pk=row[0]) if row else None


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
                    runs=request.runs,
                )
            )
    EvaluationRequest.objects.bulk_create(rows)
    _done(claim.requests)
    counted = Institution.objects.order_by().values_list("town").annotate(units=Count("pk"))
    units = {**dict.fromkeys(Town.objects.values_list("pk", flat=True), 0), None: 0, **dict(counted)}
    divide({run for request in claim.requests for run in request.runs}, units)


def _judge(portion: _Portion, now: dt.datetime) -> None:
    claim = portion.claim
    by_rule: dict[str, Counts] = {}
    try:
        if portion.units:
            by_rule = _evaluate(portion, claim.rules, now)
    except Exception as error:  # a rule may raise anything; nothing acknowledged may be lost for it
        logger.exception("Evaluation of %s failed; its request stays pending.", portion.label)
        if isinstance(error, DatabaseError) and _is_transient(error):
            _postpone(claim.requests, error)
            return
        by_rule = _judge_rule_by_rule(portion, now)
    _done_with(portion)
    is_retry = all(request.attempts for request in claim.requests)
    judged = 0 if is_retry else len(portion.units)
    note_progress(claim.requests, by_rule, judged=judged, is_last=portion.is_last)


def _evaluate(portion: _Portion, rules: Sequence[Rule], now: dt.datetime) -> dict[str, Counts]:
    claim = portion.claim
    with transaction.atomic():  # a savepoint: when it fails, the request's own row can still be written
        receipt = engine.evaluate(rules, portion.units, claim.span, now=now, cause=claim.cause, scope=portion.label)
    return receipt.by_rule


def _judge_rule_by_rule(portion: _Portion, now: dt.datetime) -> dict[str, Counts]:
    """One rule raised: judge the others, and leave a request behind for each that failed, so that they flow."""
    by_rule: dict[str, Counts] = {}
    for rule in portion.claim.rules:
        try:
            by_rule |= _evaluate(portion, [rule], now)
        except Exception as error:  # see _judge
            logger.error("Rule %s raised for %s: %s", rule.code, portion.label, error)
            _retry_later(portion, rule, error)
    return by_rule


def _retry_later(portion: _Portion, rule: Rule, error: Exception) -> None:
    """Keep a request for this rule alone, counting its attempts; after the last it is parked for a person."""
    claim, first = portion.claim, portion.claim.first
    attempts = 1 + max((r.attempts for r in claim.requests if r.rules == [rule.code]), default=0)
    if attempts >= MOST_ATTEMPTS and _widen_parked(portion, rule, error):
        return
    EvaluationRequest.objects.create(
        scope=first.scope,
        institution_id=first.institution_id,
        town_id=first.town_id,
        rules=[rule.code],
        since=claim.span.since,
        until=claim.span.until,
        cause=claim.cause[:200],
        runs=claim.runs,
        after=first.after,
        upto=portion.upto,
        attempts=attempts,
        error=_told(error),
        next_at=ClockTimestamp() + _backoff(attempts),
        parked_at=ClockTimestamp() if attempts >= MOST_ATTEMPTS else None,
    )


def _widen_parked(portion: _Portion, rule: Rule, error: Exception) -> bool:
    """A scope parked for this rule already: one row is enough, over the widest range, for every run that waits."""
    claim = portion.claim
    parked = EvaluationRequest.objects.filter(
        _scope_of(claim.first), rules=[rule.code], parked_at__isnull=False, done_at__isnull=True
    ).first()
    if parked is None:
        return False
    parked.since, parked.until = min(parked.since, claim.span.since), max(parked.until, claim.span.until)
    parked.after = min(parked.after, claim.first.after)
    parked.upto = None if parked.upto is None or portion.upto is None else max(parked.upto, portion.upto)
    parked.runs = sorted({*parked.runs, *claim.runs})
    parked.error = _told(error)
    parked.save(update_fields=["since", "until", "after", "upto", "runs", "error"])
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
    if any(request.attempts + 1 >= MOST_ATTEMPTS for request in requests):
        note_progress(requests, {}, judged=0, is_last=True)


def release_parked() -> int:
    """Give parked requests three more attempts, after their cause was mended; returns how many."""
    reopen_parked()
    return parked().update(parked_at=None, attempts=0, next_at=ClockTimestamp())


def parked() -> QuerySet[EvaluationRequest]:
    """Requests that failed three times and wait for a person."""
    return EvaluationRequest.objects.filter(parked_at__isnull=False, done_at__isnull=True)


def forget_done(now: dt.datetime) -> int:
    """Remove what was done more than seven days ago."""
    old = now - dt.timedelta(days=KEEP_DONE_DAYS)
    return EvaluationRequest.objects.filter(done_at__lt=old).delete()[0]


def _done_with(portion: _Portion) -> None:
    """The requests are done, or have come so far and go on with the next institutions."""
    if portion.is_last:
        _done(portion.claim.requests)
        return
    ids = [request.pk for request in portion.claim.requests]
    EvaluationRequest.objects.filter(pk__in=ids).update(after=portion.units[-1], attempts=0, error="")


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
