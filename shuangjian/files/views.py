"""A stored file is shown to whoever may see its institution; anybody else gets 404."""

from __future__ import annotations

import logging
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from shuangjian.core.views import ScopedView
from shuangjian.files.models import StoredFile
from shuangjian.files.services import location

logger = logging.getLogger(__name__)


class FileView(ScopedView):
    """One file: a picture in the page, a PDF as a download. Its address names its content for ever (ETag)."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stored = cast(StoredFile, self.get_scoped_or_404(StoredFile.objects.all(), key=self.kwargs["key"]))
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


def _private(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    # Asked again each time, because the reader may have left: the answer is 304 while the session may see it.
    response["Cache-Control"] = "private, no-cache"
    return response
