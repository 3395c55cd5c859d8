"""Idempotency-Key: a write that is sent again, because an answer was lost, does nothing and answers the same.

The claim is an insert at the beginning of the request's own transaction; a second request with the key waits there
until the first commits (then it replays the answer) or rolls back (then it runs itself).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.authentication import token_of
from shuangjian.api.models import IdempotencyKey
from shuangjian.api.problems import Rejection

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
METHODS = frozenset({"POST", "PUT"})
KEPT_FOR = dt.timedelta(hours=24)
WAIT_SECONDS = 5

_KEY = re.compile(r"^[\x21-\x7e]{1,100}$")
#: Answers that follow from the request alone. Not kept: what another state would answer otherwise (404, 409, 412), or
#: what a later attempt should try again (429, 5xx).
_FINAL = frozenset({400, 415, 422})
_HEADERS = ("Content-Type", "ETag", "Location")
_LOCK_NOT_AVAILABLE = "55P03"


class _NotKept(Exception):
    """Rolls the claim back together with everything the request did, and carries its answer out."""

    def __init__(self, response: Response) -> None:
        self.response = response


def key_of(request: Request) -> str:
    """The request's key, "" without one. Rejection when it cannot be used."""
    key = request.headers.get(HEADER, "")
    if request.method not in METHODS or not key:
        return ""
    if not _KEY.match(key):
        raise Rejection(
            f"{HEADER} 应为 1–100 个可见 ASCII 字符，建议使用 UUID。", code="bad_idempotency_key", status=400
        )
    return key


def once(request: Request, key: str, now: dt.datetime, act: Callable[[], Response]) -> HttpResponse:
    """Do ``act`` at most once for this token, method, path and key; answer later requests from what was stored.

    Rejection: 422 when the key was used with another body, 409 when the first request is still running.
    """
    digest = digest_of(request)
    try:
        with transaction.atomic():
            stored = _claim(request, key, digest, now)
            if stored is not None:
                return _replay(stored, digest)
            response = act()
            if not (response.status_code < 300 or response.status_code in _FINAL):
                raise _NotKept(response)
            return _keep(request, key, response)
    except _NotKept as answer:
        return answer.response


def digest_of(request: Request) -> str:
    """What a repeated request must be equal in: the body, and the query that belongs to it (``?note=``)."""
    query = dict(request.query_params.lists())
    return body_digest({"query": query, "body": request.data} if query else request.data)


def body_digest(data: Any) -> str:
    """SHA-256 of the canonical JSON of a parsed body."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def forget_old(now: dt.datetime) -> int:
    """Remove keys older than 24 hours; returns how many. Called by the nightly tidying."""
    removed, _ = IdempotencyKey.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    return removed


def _identity(request: Request, key: str) -> dict[str, Any]:
    return {"token_id": token_of(request).pk, "method": request.method, "path": request.path[:200], "key": key}


def _claim(request: Request, key: str, digest: str, now: dt.datetime) -> IdempotencyKey | None:
    """None when the key is now this request's own; else the row with the stored answer."""
    identity = _identity(request, key)
    rows = IdempotencyKey.objects.filter(**identity)
    rows.filter(created_at__lt=now - KEPT_FOR).delete()
    fresh = {**identity, "body_sha256": digest, "created_at": now}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_SECONDS}s"])
            cursor.execute(_INSERT, fresh)
            is_mine = cursor.fetchone() is not None
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != _LOCK_NOT_AVAILABLE:
            raise
        raise Rejection(
            "同一 Idempotency-Key 的上一个请求仍在处理，请稍后以相同内容重试。",
            code="still_running",
            status=409,
            headers={"Retry-After": "1"},
        ) from None
    return None if is_mine else rows.get()


_INSERT = """
INSERT INTO api_idempotencykey (token_id, method, path, key, body_sha256, headers, body, created_at)
VALUES (%(token_id)s, %(method)s, %(path)s, %(key)s, %(body_sha256)s, '{}', '', %(created_at)s)
ON CONFLICT (token_id, method, path, key) DO NOTHING
RETURNING id
"""


def _keep(request: Request, key: str, response: Response) -> HttpResponse:
    """Store the answer beside its key, and answer with the very bytes that a replay will send."""
    response.render()
    headers = {name: response[name] for name in _HEADERS if name in response}
    body = response.content.decode()
    IdempotencyKey.objects.filter(**_identity(request, key)).update(
        status=response.status_code, headers=headers, body=body
    )
    return response


def _replay(stored: IdempotencyKey, digest: str) -> HttpResponse:
    if stored.body_sha256 != digest:
        raise Rejection(
            "这个 Idempotency-Key 已用于另一份内容，没有处理本次请求；内容不同的请求请换一个新的键。",
            code="idempotency_key_reused",
            status=422,
        )
    response = HttpResponse(stored.body, status=stored.status)
    for name, value in stored.headers.items():
        response[name] = value
    response[REPLAYED] = "true"
    return response
