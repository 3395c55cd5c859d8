"""What every endpoint shares: limits on input, scope, conditional reads, and writes that may be sent twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import mixins
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shuangjian.api import idempotency
from shuangjian.api.conditional import with_etag
from shuangjian.api.filters import StrictFilterBackend
from shuangjian.api.parsers import StrictJSONParser
from shuangjian.api.problems import Rejection
from shuangjian.core import clock
from shuangjian.core.api import ScopedViewSet

NUL = "\x00"


class ApiView(APIView):
    """An endpoint of the API: refuses what is too large or unstorable, answers reads with an ETag."""

    parser_classes = (StrictJSONParser,)
    metadata_class = None  # the OpenAPI description says more than OPTIONS could

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        _refuse_large_body(request, self.most_bytes())
        if any(isinstance(value, str) and NUL in value for value in kwargs.values()):
            raise Http404
        for name, values in request.query_params.lists():
            if NUL in name or any(NUL in value for value in values):
                raise ValidationError({name.replace(NUL, ""): "含有空字符，请删除。"}, code="bad_character")

    def most_bytes(self) -> int:
        """The longest body that is read."""
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As DRF's own, but the handler runs through ``answer``, and an answer that cannot be rendered is a 500."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(self.request, *args, **kwargs)
            method = str(self.request.method).lower()
            known = method in self.http_method_names
            handler = getattr(self, method, None) if known else None
            response = self.answer(handler or self.http_method_not_allowed)
        except Exception as error:
            response = self.handle_exception(error)
        return self._finished(self._finalized(response))

    def answer(self, handler: Callable[..., Response]) -> HttpResponse:
        """The handler's answer; with an Idempotency-Key it runs at most once."""
        key = idempotency.key_of(self.request)
        if not key:
            return handler(self.request, *self.args, **self.kwargs)
        return idempotency.once(self.request, key, clock.now(), lambda: self._final(handler))

    def _final(self, handler: Callable[..., Response]) -> Response:
        """The handler's answer or its problem, ready to be rendered and stored."""
        try:
            response = handler(self.request, *self.args, **self.kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        finalized: Response = self._finalized(response)
        return finalized

    def _finalized(self, response: Any) -> Any:
        """DRF's last step, which takes plain responses (a replay) as well."""
        self.response = self.finalize_response(self.request, response, *self.args, **self.kwargs)
        return self.response

    def _finished(self, response: HttpResponse) -> HttpResponse:
        if not isinstance(response, Response):
            return response
        try:
            if self.request.method in ("GET", "HEAD") and response.status_code == 200:
                return with_etag(self.request, response, getattr(response, "etag_prefix", ""))
            return response.render()
        except Exception as error:
            failed: HttpResponse = self._finalized(self.handle_exception(error)).render()
            return failed


class ResourceViewSet(ApiView, ScopedViewSet):
    """A resource of the API: scoped rows, strict filters, cursor paging by ``page_key``."""

    filter_backends: tuple[Any, ...] = (StrictFilterBackend,)
    page_key: tuple[str, ...] = ("id",)


class ListViewSet(mixins.ListModelMixin, ResourceViewSet):
    """A resource that is only listed."""


class ReadViewSet(mixins.RetrieveModelMixin, ListViewSet):
    """A resource that is listed and read one by one."""


def _refuse_large_body(request: Request, limit: int) -> None:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdigit() or int(length[:15]) > limit:
        raise Rejection(
            f"请求体超过 {limit // 1024 // 1024} MB，没有读取；一份周报一般不到 1 MB，请检查内容或分周提交。",
            code="body_too_large",
            status=413,
        )
