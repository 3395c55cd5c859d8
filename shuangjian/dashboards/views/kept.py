"""Pages that are answered again without being made again, for as long as nothing at all was written.

PostgreSQL names what a statement can see by a snapshot (``pg_current_snapshot``): which transactions were over when it
began. Every transaction that writes ends in a new one. While the snapshot is the same as before, during and after a
page was made, every row is the same, so the page would come out the same; one query of a fraction of a millisecond
tells. Nothing has to say what it changes, and there is no time during which an old page may stand: any write of
anybody, also by hand in the database, ends them all.

What a page shows besides rows is its address, its reader, and the minute: due instants and the ends of grants are
whole minutes. All three are in the key, so that nobody is ever shown what was made for somebody else. A message that is
shown once is not kept, and the reader's CSRF token is put in anew each time.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable
from threading import Lock
from typing import Any, cast

from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse

from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.views import ScopedView

#: Of one process. Pages are 10–150 KB.
MOST_BYTES = 32 * 1024 * 1024
#: Stands in a kept page where its reader's token goes. Nobody outside this process knows it.
_TOKEN = secrets.token_hex(32)

# A transaction of our own that has written sees what its snapshot does not tell; the server's start, that it is the
# same server still: one restored from a backup counts its transactions from there.
_SNAPSHOT = """
SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL
       THEN pg_current_snapshot()::text || pg_postmaster_start_time()::text END"""


class Kept:
    """Pages of one snapshot; the first one of another drops them all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._snapshot = ""
        self._pages: dict[Hashable, bytes] = {}
        self._size = 0

    def page(self, snapshot: str, key: Hashable) -> bytes | None:
        with self._lock:
            return self._pages.get(key) if snapshot == self._snapshot else None

    def keep(self, snapshot: str, key: Hashable, page: bytes) -> None:
        with self._lock:
            if snapshot != self._snapshot or self._size + len(page) > MOST_BYTES:
                self._snapshot, self._pages, self._size = snapshot, {}, 0
            self._size += len(page) - len(self._pages.get(key, b""))
            self._pages[key] = page


_kept = Kept()


class KeptView(ScopedView):
    """A page of reading: what it shows comes of its address, its reader and the database, and it changes nothing."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key, before = _key(request), None if len(get_messages(request)) else snapshot()
        page = _kept.page(before, key) if before else None
        if page is None:
            response = cast(TemplateResponse, super().get(request, *args, **kwargs)).render()
            page = response.content
            if before and response.status_code == 200 and snapshot() == before:
                _kept.keep(before, key, page)
        return HttpResponse(page.replace(_TOKEN.encode(), get_token(request).encode()))

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> Any:
        return super().render_to_response({**context, "csrf_token": _TOKEN}, **response_kwargs)


def snapshot() -> str | None:
    """What the connection's statements see now; None where that alone does not tell, in a transaction that wrote."""
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT)
        (seen,) = cursor.fetchone() or (None,)
    return seen


def _key(request: HttpRequest) -> Hashable:
    minute = clock.now().replace(second=0, microsecond=0)
    return signed_in(request).pk, request.get_full_path(), request.headers.get("HX-Request", ""), minute
