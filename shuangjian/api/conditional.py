"""ETag and If-None-Match on reads, If-Match on writes.

An ETag of a read is computed from the answer that the caller's scope produced: to whoever may not see an object the
answer is 404 before any tag is compared, so that no guess of a tag tells anything.
"""

from __future__ import annotations

import hashlib
import re

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.problems import Rejection

# A compressing proxy turns our strong tags into weak ones; the revision inside is exact either way.
_REVISION = re.compile(r'(?:W/)?"r([0-9]{1,9})(?:\.[0-9a-f]+)?"')
ANY_REVISION = -1


def revision_etag(revision: int) -> str:
    """ETag of a weekly return after a write."""
    return quote_etag(f"r{revision}")


def expected_revision(request: Request) -> int | None:
    """The revision that the caller started from, by ``If-Match``; None without one, 0 for ``If-None-Match: *``.

    ``If-Match: *`` (it must exist) is ANY_REVISION. Rejection 400 when the header holds no tag of this interface.
    """
    if request.headers.get("If-None-Match", "").strip() == "*":
        return 0
    header = request.headers.get("If-Match")
    if header is None:
        return None
    if header.strip() == "*":
        return ANY_REVISION
    match = _REVISION.fullmatch(header.strip())
    if match is None:
        raise Rejection(
            'If-Match 应为一个由本接口给出的 ETag，如 "r3"；不要列出多个。', code="bad_if_match", status=400
        )
    return int(match[1])


def with_etag(request: Request, response: Response, prefix: str = "") -> HttpResponse:
    """Render a 200 answer to a GET and tag it; 304 without a body when the caller already has it."""
    response.render()
    digest = hashlib.sha256(response.content).hexdigest()[:32]
    etag = quote_etag(f"{prefix}.{digest}" if prefix else digest)
    answer: HttpResponse = response
    wanted = parse_etags(request.headers.get("If-None-Match", ""))
    if wanted == ["*"] or etag in [tag.removeprefix("W/") for tag in wanted]:
        answer = HttpResponseNotModified()
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    patch_vary_headers(answer, ["Authorization"])
    return answer
