"""A stored file is shown to whoever may see its institution; anybody else gets 404. Its original is the bureau's."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.core.errors import Refused
from shuangjian.core.views import ScopedView
from shuangjian.files.models import StoredFile
from shuangjian.files.services import location, sealed_original

logger = logging.getLogger(__name__)


class FileView(ScopedView):
    """One file: a picture in the page, a PDF as a download. Its address names its content for ever (ETag)."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stored = cast(StoredFile, self.get_scoped_or_404(StoredFile.objects.all(), key=self.kwargs["key"]))
        return file_response(request, stored)


def file_response(request: HttpRequest, stored: StoredFile) -> HttpResponse:
    """The file to a reader who, as the caller has made sure, may see it."""
    etag = f'"{stored.path.rsplit("/", 1)[-1].split(".")[0]}"'
    unchanged = get_conditional_response(request, etag=etag)
    if isinstance(unchanged, HttpResponseNotModified):
        return _private(unchanged, etag)
    try:
        data = location(stored.path).read_bytes()  # 20 MB at most
    except FileNotFoundError as missing:
        logger.error("file %s is not in the media storage: %s", stored.key, stored.path)
        raise Http404("文件不在存储中，请联系系统管理员。") from missing
    response = HttpResponse(data, content_type=stored.media_type)
    response["Content-Disposition"] = content_disposition_header(not stored.is_picture, stored.name) or ""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _private(response, etag)


class OriginalView(ScopedView):
    """The sealed bytes as they were received, as a download that no browser opens. Each one is in the journal."""

    http_method_names = ["get"]
    roles = frozenset({RoleKind.BUREAU})

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stored = cast(StoredFile, self.get_scoped_or_404(StoredFile.objects.all(), key=self.kwargs["key"]))
        try:
            data = sealed_original(stored, signed_in(request))
        except Refused as refused:
            if refused.status == 404:
                raise Http404(refused.message) from refused
            return HttpResponse(refused.message, status=refused.status, content_type="text/plain; charset=utf-8")
        name = f"原件_{stored.sha256[:12]}_{stored.name}"
        response = HttpResponse(data, content_type="application/octet-stream")
        response["Content-Disposition"] = content_disposition_header(True, name) or ""
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Content-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(stored.sha256)).decode()}:"
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


def _private(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    # Asked again each time, because the reader may have left: the answer is 304 while the session may see it.
    response["Cache-Control"] = "private, no-cache"
    return response
